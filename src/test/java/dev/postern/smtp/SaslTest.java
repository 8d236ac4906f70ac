package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SaslTest {
    private static String decoded(Sasl.Response response) {
        return assertInstanceOf(Sasl.Response.Decoded.class, response).text();
    }

    @Test
    void responses() {
        assertEquals("user", decoded(Sasl.Response.parse(Octets.of("dXNlcg=="))));
        assertEquals("user", decoded(Sasl.Response.parse(Octets.of("dXNlcg== "))));
        assertEquals("", decoded(Sasl.Response.parse(Octets.of(""))));
        assertEquals("j\u00f6", decoded(Sasl.Response.parse(Octets.of("asO2"))));
        assertEquals(new Sasl.Response.Cancelled(), Sasl.Response.parse(Octets.of("*")));
        assertEquals("", decoded(Sasl.Response.parseInitial("=")));
        assertEquals("user", decoded(Sasl.Response.parseInitial("dXNlcg==")));
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
            assertEquals(new Sasl.Response.NotBase64(), Sasl.Response.parse(Octets.of(text)), text);
        }
        assertEquals(new Sasl.Response.NotBase64(), Sasl.Response.parseInitial("*"));
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
        assertTrue(Sasl.PlainCredentials.parse(Octets.of("\0\u00ff\0x")).isEmpty(), "not UTF-8");
    }

    private static Optional<Sasl.PlainCredentials> credentials(
            String as, String user, String password) {
        return Optional.of(new Sasl.PlainCredentials(as, user, password));
    }

    private static Optional<Sasl.PlainCredentials> parse(String text) {
        return Sasl.PlainCredentials.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void secretsDoNotShow() {
        assertFalse(new Sasl.PlainCredentials("", "user", "pass").toString().contains("pass"));
        assertFalse(Sasl.Response.parse(Octets.of("cGFzcw==")).toString().contains("pass"));
    }

    @Test
    void xtext() {
        String text = "e=mc2+x y\u00f6@example.org";
        assertEquals("e+3Dmc2+2Bx+20y+C3+B6@example.org", CommandParser.Xtext.encode(text));
        assertEquals(
                text, CommandParser.Xtext.decode(CommandParser.Xtext.encode(text)).orElseThrow());
        for (String wrong : new String[] {"+", "+4", "+4g", "+3d", "a=b", "a b", "\u00f6"}) {
            assertTrue(CommandParser.Xtext.decode(wrong).isEmpty(), wrong);
        }
    }
}
