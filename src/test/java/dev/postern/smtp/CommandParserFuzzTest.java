package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

class CommandParserFuzzTest {
    /// No line makes the parser throw, and nothing in its values can begin a line elsewhere.
    @FuzzTest
    void everyLineIsRead(byte[] line) {
        switch (CommandParser.parse(line)) {
            case Command.Mail mail -> {
                assertAddress(mail.reversePath());
                assertTrue(mail.sizeOctets().orElse(0) >= 0);
            }
            case Command.Rcpt rcpt -> {
                assertFalse(rcpt.forwardPath().isEmpty());
                assertAddress(rcpt.forwardPath());
            }
            case Command.Bdat bdat -> assertTrue(bdat.sizeOctets() >= 0);
            case Command.Helo helo -> assertPrintable(helo.clientName());
            case Command.Ehlo ehlo -> assertPrintable(ehlo.clientName());
            case Command.Unknown unknown -> assertReply(unknown.reply());
            case Command.Malformed malformed -> assertReply(malformed.reply());
            case Command.Auth auth -> assertPrintable(auth.mechanism());
            case Command.Data _, Command.Rset _, Command.Noop _, Command.Vrfy _ -> {}
            case Command.Help _, Command.Quit _, Command.StartTls _ -> {}
        }
    }

    private static void assertAddress(String address) {
        assertTrue(address.chars().noneMatch(Character::isISOControl), address);
        assertTrue(
                address.getBytes(StandardCharsets.UTF_8).length <= SmtpLimits.PATH_OCTETS - 2,
                address);
    }

    private static void assertPrintable(String text) {
        assertTrue(text.chars().allMatch(c -> c >= ' ' && c <= '~'), text);
    }

    private static void assertReply(Reply reply) {
        String encoded = new String(reply.encode(), StandardCharsets.ISO_8859_1);
        assertTrue(encoded.length() <= SmtpLimits.REPLY_LINE_OCTETS);
        assertTrue(encoded.indexOf("\r\n") == encoded.length() - 2, encoded);
        assertPrintable(encoded.substring(0, encoded.length() - 2));
    }
}
