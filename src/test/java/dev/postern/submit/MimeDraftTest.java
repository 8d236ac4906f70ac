package dev.postern.submit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.mail.MessagingException;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeUtility;
import jakarta.mail.internet.ParameterList;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What another MIME implementation reads from a draft is what was put in.
class MimeDraftTest {

    private static final ZonedDateTime DATE =
            ZonedDateTime.of(2026, 11, 2, 4, 5, 6, 0, ZoneOffset.UTC);

    private static byte[] write(String subject, String text, List<MimeDraft.Attachment> attachments)
            throws IOException {
        MimeDraft draft =
                new MimeDraft(
                        "a@example.org",
                        List.of("b@example.net", "c@example.net"),
                        subject,
                        text,
                        attachments,
                        DATE,
                        "<1@example.org>");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        draft.write(out);
        return out.toByteArray();
    }

    private static MimeMessage read(byte[] octets) throws MessagingException {
        return new MimeMessage(
                Session.getInstance(new Properties()), new ByteArrayInputStream(octets));
    }

    private static MimeDraft.Attachment attachment(String name, byte[] content) {
        return new MimeDraft.Attachment(
                name, "application/octet-stream", () -> new ByteArrayInputStream(content));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "Grüße aus Köln",
                "日本語の件名がとても長いのでいくつかの符号化語に分かれる必要があります",
                "an emoji 😀 at the edge of a word 😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
                "looks like =?UTF-8?B?eA==?= but is not",
                "a very long but quite ordinary subject that goes on and on and on beyond one line"
            })
    void aSubjectComesBack(String subject) throws Exception {
        MimeMessage message = read(write(subject, "x", List.of()));

        String folded = MimeUtility.unfold(message.getHeader("Subject")[0]);
        assertEquals(subject, MimeUtility.decodeText(folded));
    }

    @Test
    void aSubjectCannotAddAField() throws Exception {
        MimeMessage message = read(write("x\r\nBcc: evil@example.com", "x", List.of()));

        assertEquals(null, message.getHeader("Bcc"));
    }

    @Test
    void theTextComesBackWithCrlf() throws Exception {
        MimeMessage message = read(write("s", "Grüße\n.\nzwei\r\ndrei", List.of()));

        assertEquals("Grüße\r\n.\r\nzwei\r\ndrei\r\n", message.getContent());
        assertEquals("Mon, 2 Nov 2026 04:05:06 +0000", message.getHeader("Date")[0]);
        assertEquals(2, message.getAllRecipients().length);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "report.pdf",
                "quote\".pdf",
                "Übersicht für März.pdf",
                "とても長い名前のファイルなのでパラメータはいくつかの部分に分けられなければならない.pdf"
            })
    void anAttachmentComesBackWithItsName(String name) throws Exception {
        byte[] content = new byte[10_000];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (i * 31);
        }

        MimeMessage message = read(write("s", "x", List.of(attachment(name, content))));

        Multipart parts = (Multipart) message.getContent();
        assertEquals(2, parts.getCount());
        Part part = parts.getBodyPart(1);
        assertArrayEquals(content, part.getInputStream().readAllBytes());
        String disposition = part.getHeader("Content-Disposition")[0];
        String parameters = disposition.substring(disposition.indexOf(';'));
        assertEquals(name, new ParameterList(parameters).get("filename"));
    }

    @Test
    void everyLineIsShortAndAscii() throws Exception {
        byte[] octets =
                write(
                        "Ü".repeat(300),
                        "ü".repeat(3000),
                        List.of(attachment("ü".repeat(200), new byte[999])));

        String text = new String(octets, US_ASCII);
        assertArrayEquals(octets, text.getBytes(UTF_8));
        for (String line : text.split("\r\n", -1)) {
            assertTrue(line.length() <= 78, line);
            assertTrue(line.indexOf('\n') < 0 && line.indexOf('\r') < 0);
        }
    }
}
