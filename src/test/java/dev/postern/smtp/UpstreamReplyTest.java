package dev.postern.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UpstreamReplyTest {
    private static UpstreamReply.Answered answered(String text) {
        return assertInstanceOf(UpstreamReply.Answered.class, UpstreamReply.parse(text));
    }

    @Test
    void oneLine() {
        UpstreamReply.Answered reply = answered("450 4.2.1 Mailbox busy\n");
        assertEquals(new ReplyCode(450), reply.code());
        assertEquals(new EnhancedStatus(4, 2, 1), reply.status());
        assertEquals("Mailbox busy", reply.firstLine());
        assertEquals("450 4.2.1 Mailbox busy", reply.oneLine());
    }

    @Test
    void severalLines() {
        UpstreamReply.Answered reply =
                answered("535-5.7.8 Not accepted.\r\n535 5.7.8  https://x - gsmtp\r\n");
        assertEquals(List.of("Not accepted.", " https://x - gsmtp"), reply.lines());
        assertEquals(EnhancedStatus.BAD_CREDENTIALS, reply.status());
        assertEquals("535 5.7.8 Not accepted. https://x - gsmtp", reply.oneLine());
        // The status on another line than the first.
        assertEquals(EnhancedStatus.NOT_AUTHORIZED, answered("554-one\n554 5.7.1 two").status());
    }

    /// A refusal on any line is no success, and what the log shows is what decided.
    @ParameterizedTest
    @CsvSource({
        "250-2.0.0 ok/554 5.7.1 no, 554 5.7.1 ok no",
        "220-hello/521 go away, 521 hello go away",
        "451-4.3.0 later/550 5.1.1 never, 550 5.1.1 later never",
        "550-5.1.1 never/451 4.3.0 later, 550 5.1.1 never later",
        "354-go on/451 4.3.0 later/554 5.0.0 no, 554 5.0.0 go on later no",
    })
    void theWorstOfSeveralCodesCounts(String lines, String told) {
        // The lines before the last have a hyphen each.
        String text = lines.replace("/451 4.3.0 later/", "/451-4.3.0 later/").replace("/", "\r\n");
        assertEquals(told, answered(text).oneLine());
        assertEquals(told, answered(text).text().replace("\n", " "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "220-a\n250 b",
                "250-a\n251 b",
                "354-a\n250 b",
                "334-a\n235 b",
                "554-no\n250 ok"
            })
    void whatDoesNotEndInARefusalIsNoReplyWithSeveralCodes(String text) {
        assertInstanceOf(UpstreamReply.Garbled.class, UpstreamReply.parse(text));
    }

    @Test
    void wordsAreUtf8WhereTheyAreThat() {
        assertEquals("250 für", UpstreamReply.decode("250 für".getBytes(UTF_8)));
        assertEquals("250 für", UpstreamReply.decode("250 für".getBytes(ISO_8859_1)));
        byte[] euro = {'2', '5', '0', ' ', (byte) 0x80, (byte) 0xff};
        assertEquals("250 €ÿ", UpstreamReply.decode(euro));
    }

    @Test
    void withoutEnhancedStatus() {
        assertNull(answered("550 no such user").status());
        assertNull(answered("220 mx.example.org ESMTP").status());
        // Not quite a status.
        assertNull(answered("550 5.1.1.x no").status());
        assertEquals("5.1 no", answered("550 5.1 no").firstLine());
        assertNull(answered("550 9.1.1 no").status());
        // No text, not even a space.
        assertEquals("", answered("250").firstLine());
        assertEquals("", answered("250 2.0.0").firstLine());
        assertEquals(EnhancedStatus.OK, answered("250 2.0.0").status());
    }

    @Test
    void theCodeIsBelievedRatherThanTheStatus() {
        assertEquals(new EnhancedStatus(5, 7, 1), answered("550 4.7.1 refused").status());
        assertEquals(new EnhancedStatus(4, 1, 1), answered("451 5.1.1 later").status());
    }

    @Test
    void closed() {
        assertEquals(new UpstreamReply.Closed(""), UpstreamReply.parse("[EOF]"));
        assertEquals(new UpstreamReply.Closed(""), UpstreamReply.parse(null));
        assertEquals(new UpstreamReply.Closed(""), UpstreamReply.parse(" \r\n"));
        // Cut off between its lines.
        assertInstanceOf(UpstreamReply.Closed.class, UpstreamReply.parse("550-first\n"));
    }

    @Test
    void whatIsTooLongIsCutAndMarked() {
        String most = "x".repeat(SmtpLimits.REPLY_LINE_OCTETS - 2 - "250 ".length());
        assertEquals(most, answered("250 " + most + "\r\n").firstLine());
        UpstreamReply.Answered cut = answered("250 " + most + "xx\r\n");
        assertEquals(most.substring(1) + "…", cut.firstLine());
        assertEquals("250 " + cut.firstLine(), cut.oneLine());
        assertEquals("250 " + cut.firstLine(), cut.text());
        assertEquals("…", answered("550 " + "\uD83D\uDE00".repeat(300)).firstLine().substring(504));
        assertEquals("a \u2028 b", answered("250 a \u2028 b").firstLine());
    }

    @Test
    void aReplyOfManyLinesKeepsItsCode() {
        String lines = ("250-" + "x".repeat(100) + "\r\n").repeat(1000);
        UpstreamReply.Answered reply = answered(lines + "554 5.7.1 no\r\n");
        assertEquals(ReplyCode.FAILED, reply.code());
        assertEquals("…", reply.lines().getLast());
        assertEquals(38, reply.lines().stream().filter(line -> line.length() == 100).count());
        assertEquals(
                SmtpLimits.UPSTREAM_REPLY_OCTETS,
                assertInstanceOf(UpstreamReply.Closed.class, UpstreamReply.parse(lines))
                        .soFar()
                        .length());
    }

    @Test
    void garbled() {
        for (String text :
                new String[] {
                    "HTTP/1.1 400 Bad Request", "99 x", "999 x", "100 x", "25", "2500 ok"
                }) {
            assertEquals(new UpstreamReply.Garbled(text), UpstreamReply.parse(text));
        }
        String text = "\u0016\u0003\u0001 x\n250 ok";
        assertEquals("x 250 ok", UpstreamReply.parse(text).oneLine());
    }
}
