package dev.postern.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class SaslTest {
    @Test
    void responses() {
        assertEquals("user", new String(Sasl.decode("dXNlcg==").orElseThrow(), UTF_8));
        assertEquals("", new String(Sasl.decode("").orElseThrow(), UTF_8));
        assertEquals("j\u00f6", new String(Sasl.decode("asO2").orElseThrow(), UTF_8));
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
            "*",
            "\u00e9\u00e9\u00e9\u00e9"
        };
        for (String text : wrong) {
            assertTrue(Sasl.decode(text).isEmpty(), text);
        }
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
        assertTrue(Sasl.UserPassword.parsePlain(Octets.of("\0\u00ff\0x")).isEmpty(), "not UTF-8");
    }

    private static Optional<Sasl.UserPassword> credentials(
            String as, String user, String password) {
        return Optional.of(new Sasl.UserPassword(as, user, password));
    }

    private static Optional<Sasl.UserPassword> parse(String text) {
        return Sasl.UserPassword.parsePlain(text.getBytes(UTF_8));
    }

    @Test
    void secretsDoNotShow() {
        assertFalse(new Sasl.UserPassword("", "user", "pass").toString().contains("pass"));
    }
}
