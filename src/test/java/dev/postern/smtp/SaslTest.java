package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SaslTest {
    private static String decoded(SaslResponse response) {
        return assertInstanceOf(SaslResponse.Decoded.class, response).text();
    }

    @Test
    void responses() {
        assertEquals("user", decoded(SaslResponse.parse(Octets.of("dXNlcg=="))));
        assertEquals("user", decoded(SaslResponse.parse(Octets.of("dXNlcg== "))));
        assertEquals("", decoded(SaslResponse.parse(Octets.of(""))));
        assertEquals("j\u00f6", decoded(SaslResponse.parse(Octets.of("asO2"))));
        assertEquals(new SaslResponse.Cancelled(), SaslResponse.parse(Octets.of("*")));
        assertEquals("", decoded(SaslResponse.parseInitial("=")));
        assertEquals("user", decoded(SaslResponse.parseInitial("dXNlcg==")));
    }

    @Test
    void base64IsStrict() {
        String[] wrong = {
            "dXNlcg",
            "dXNlcg=",
            "dXN=cg==",
            "dXNl cg==",
            "dX*lcg==",
            "=",
            "====",
            "\u00e9\u00e9\u00e9\u00e9"
        };
        for (String text : wrong) {
            assertEquals(new SaslResponse.NotBase64(), SaslResponse.parse(Octets.of(text)), text);
        }
        assertEquals(new SaslResponse.NotBase64(), SaslResponse.parseInitial("*"));
    }

    @Test
    void plainCredentials() {
        assertEquals(credentials("", "user", "pass"), parse("\0user\0pass"));
        assertEquals(credentials("admin", "user", "p\u00e4ss"), parse("admin\0user\0p\u00e4ss"));
        // Apps with empty settings send these; the listener judges them.
        assertEquals(credentials("", "", ""), parse("\0\0"));
        for (String wrong : new String[] {"", "user", "user\0pass", "\0a\0b\0", "\0\0\0"}) {
            assertTrue(parse(wrong).isEmpty(), wrong);
        }
        assertTrue(PlainCredentials.parse(Octets.of("\0\u00ff\0x")).isEmpty(), "not UTF-8");
    }

    private static Optional<PlainCredentials> credentials(String as, String user, String password) {
        return Optional.of(new PlainCredentials(as, user, password));
    }

    private static Optional<PlainCredentials> parse(String text) {
        return PlainCredentials.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void secretsDoNotShow() {
        assertFalse(new PlainCredentials("", "user", "pass").toString().contains("pass"));
        assertFalse(SaslResponse.parse(Octets.of("cGFzcw==")).toString().contains("pass"));
    }

    @Test
    void xtext() {
        String text = "e=mc2+x y\u00f6@example.org";
        assertEquals("e+3Dmc2+2Bx+20y+C3+B6@example.org", Xtext.encode(text));
        assertEquals(text, Xtext.decode(Xtext.encode(text)).orElseThrow());
        for (String wrong : new String[] {"+", "+4", "+4g", "+3d", "a=b", "a b", "\u00f6"}) {
            assertTrue(Xtext.decode(wrong).isEmpty(), wrong);
        }
    }
}
