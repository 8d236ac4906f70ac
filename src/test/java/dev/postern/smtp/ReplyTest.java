package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReplyTest {
    /// Greeting, HELO, EHLO and 3yz: no enhanced status (RFC 2034 §4).
    private static final Set<String> WITHOUT_STATUS =
            Set.of(
                    "greeting",
                    "helo",
                    "ehlo",
                    "CLIENT_NAME_MISSING",
                    "START_CONTENT",
                    "authChallenge");

    private static String encoded(Reply reply) {
        return new String(reply.encode(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void oneLine() {
        assertEquals("250 2.0.0 Ok: queued as 4cX\r\n", encoded(Replies.queued("4cX")));
        assertEquals("354 End data with <CR><LF>.<CR><LF>\r\n", encoded(Replies.START_CONTENT));
        // The space stays where no text follows (RFC 4954 §4).
        assertEquals("334 \r\n", encoded(Sasl.EMPTY_CHALLENGE));
        assertEquals("334 VXNlcm5hbWU6\r\n", encoded(Sasl.LOGIN_USERNAME));
        assertEquals("334 UGFzc3dvcmQ6\r\n", encoded(Sasl.LOGIN_PASSWORD));
    }

    @Test
    void severalLines() {
        Reply ehlo =
                Replies.ehlo(
                        "mx.example.org",
                        List.of(
                                Extension.PIPELINING.offer(),
                                Extension.SIZE.offer("1000"),
                                Extension.AUTH.offer(Sasl.PLAIN, Sasl.LOGIN)));
        assertEquals(
                "250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN\r\n",
                encoded(ehlo));
        // The enhanced status is on every line (RFC 2034 §4).
        Reply two =
                new Reply(
                        ReplyCode.REFUSED,
                        EnhancedStatus.NOT_AUTHORIZED,
                        List.of("no", "never"),
                        false);
        assertEquals("550-5.7.1 no\r\n550 5.7.1 never\r\n", encoded(two));
    }

    @Test
    void anUpstreamsWordsCanNotLeaveTheirLine() {
        String words = "2.0.0 OK\r\n250 2.0.0 forged\u0000\u001b[2J \u00e9\u4f8b";
        assertEquals(
                "250 2.0.0 Ok: sent as 4cX via gmail: 2.0.0 OK\r\n",
                encoded(Replies.sent("4cX", "gmail", words)));
        Reply reply =
                new Reply(ReplyCode.OK, EnhancedStatus.OK, List.of("a\r\nb\0c\u00e9\u007f"), false);
        assertEquals("250 2.0.0 a??b?c??\r\n", encoded(reply));
    }

    @Test
    void linesAreCutAtTheirLimit() {
        String line = encoded(Replies.sent("4cX", "gmail", "long ".repeat(500)));
        assertEquals(SmtpLimits.REPLY_LINE_OCTETS, line.length());
        assertTrue(line.endsWith("\r\n"));
    }

    @Test
    void anUpstreamsRefusalKeepsItsCodes() {
        EnhancedStatus status = new EnhancedStatus(5, 1, 1);
        ReplyCode code = ReplyCode.REFUSED;
        assertEquals(
                "550 5.1.1 No such user\r\n",
                encoded(Replies.upstreamRefusal(code, status, "No such user\nreally")));
        assertEquals("550 5.0.0 No\r\n", encoded(Replies.upstreamRefusal(code, null, "No")));
        EnhancedStatus other = new EnhancedStatus(4, 1, 1);
        assertEquals("550 5.0.0 No\r\n", encoded(Replies.upstreamRefusal(code, other, "No")));
        assertEquals("550 5.0.0 \r\n", encoded(Replies.upstreamRefusal(code, null, "")));
    }

    @Test
    void everyReplyHasAnEnhancedStatusButThoseThatMustNot() throws ReflectiveOperationException {
        for (Field field : Replies.class.getDeclaredFields()) {
            assertStatus(field.getName(), (Reply) field.get(null));
        }
        for (Method method : Replies.class.getDeclaredMethods()) {
            if (method.getReturnType() != Reply.class
                    || Modifier.isPrivate(method.getModifiers())) {
                continue;
            }
            Object[] arguments =
                    Arrays.stream(method.getParameterTypes()).map(ReplyTest::any).toArray();
            assertStatus(method.getName(), (Reply) method.invoke(null, arguments));
        }
    }

    private static void assertStatus(String name, Reply reply) {
        assertEquals(WITHOUT_STATUS.contains(name), reply.status() == null, name);
        if (reply.code().equals(ReplyCode.NOT_AVAILABLE)) {
            // 421 means that the connection ends (RFC 5321 §4.2.3).
            assertTrue(reply.closesSession(), name);
        }
    }

    private static Object any(Class<?> type) {
        if (type == long.class) {
            return 1L;
        }
        if (type == List.class) {
            return List.of("SIZE");
        }
        if (type == ReplyCode.class) {
            return ReplyCode.REFUSED;
        }
        return type == EnhancedStatus.class ? EnhancedStatus.CONTENT_REFUSED : "text";
    }

    @Test
    void closingIsPartOfAReply() {
        assertTrue(Replies.GOODBYE.closesSession());
        assertTrue(Replies.BARE_LINE_FEED.closesSession());
        assertTrue(Replies.AUTH_FAILED_TOO_OFTEN.closesSession());
        assertFalse(Replies.AUTH_FAILED.closesSession());
        assertFalse(Replies.MESSAGE_TOO_BIG.closesSession());
    }

    @Test
    void aReplyIsConsistent() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Reply(ReplyCode.OK, EnhancedStatus.SYSTEM_FULL, List.of("x"), false));
        assertThrows(
                IllegalArgumentException.class,
                () -> new Reply(ReplyCode.OK, null, List.of(), false));
        assertThrows(IllegalArgumentException.class, () -> new ReplyCode(199));
        assertThrows(IllegalArgumentException.class, () -> new ReplyCode(600));
    }

    @Test
    void faultsHaveTheirReplies() {
        assertEquals(552, Replies.MESSAGE_TOO_BIG.code().value());
        assertEquals(EnhancedStatus.MESSAGE_TOO_BIG, Replies.MESSAGE_TOO_BIG.status());
        assertEquals(550, Replies.BARE_NEWLINES.code().value());
        assertEquals(EnhancedStatus.CONTENT_REFUSED, Replies.BARE_NEWLINES.status());
    }

    @Test
    void enhancedStatusesParse() {
        assertEquals(new EnhancedStatus(5, 7, 26), EnhancedStatus.parse("5.7.26").orElseThrow());
        assertEquals("4.999.0", EnhancedStatus.parse("4.999.0").orElseThrow().toString());
        for (String text :
                new String[] {"", "3.1.1", "5.1", "5.1.1.1", "5.1.1000", "5.1.x", " 5.1.1"}) {
            assertNull(EnhancedStatus.parse(text).orElse(null), text);
        }
    }

    @Test
    void extensionsAreFoundByKeyword() {
        assertEquals(Extension.EIGHT_BIT_MIME, Extension.offered("8BITMIME").orElseThrow());
        assertEquals(Extension.SIZE, Extension.offered("size 35882577").orElseThrow());
        assertTrue(Extension.offered("XCLIENT NAME").isEmpty());
        assertTrue(Extension.offered("").isEmpty());
    }
}
