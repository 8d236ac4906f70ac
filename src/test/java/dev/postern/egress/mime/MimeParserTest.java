package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.egress.http.OutboundMessages;
import dev.postern.egress.mime.ReadingBudget.MessageLimitException;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Messages taken apart.
class MimeParserTest {

    private static ParsedMessage read(String message) throws IOException {
        byte[] octets = message.replace("\n", "\r\n").getBytes(ISO_8859_1);
        return MimeParser.read(
                new ContentCursor(OutboundMessages.content(octets), CommitGate.OPEN));
    }

    private static String text(List<MimeLeaf> leaves) throws IOException {
        StringWriter all = new StringWriter();
        for (MimeLeaf leaf : leaves) {
            try (Reader text = leaf.text()) {
                text.transferTo(all);
            }
        }
        return all.toString();
    }

    private static final String TREE =
            """
            From: "Doe, Jane" <jane@example.org>
            Reply-To: a@example.org, Bob <b@example.org>
            Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= =?UTF-8?B?IQ==?=
            Content-Type: multipart/mixed; boundary=mixed

            preamble
            --mixed
            Content-Type: multipart/related; boundary="rel"; start="<root@x>"

            --rel
            Content-Type: image/png; name=logo.png
            Content-ID: <logo@x>
            Content-Transfer-Encoding: base64

            aGVsbG8=
            --rel
            Content-ID: <root@x>
            Content-Type: multipart/alternative; boundary=alt

            --alt
            Content-Type: text/plain; charset=iso-8859-1
            Content-Transfer-Encoding: quoted-printable

            Gr=FC=DFe
            --alt
            Content-Type: text/html; charset=utf-8
            Content-Transfer-Encoding: base64

            PGI+R3LDvMOfZTwvYj4=
            --alt
            Content-Type: text/x-amp-html

            <html amp4email>
            --alt
            Content-Type: text/calendar; method=REQUEST; charset=utf-8

            BEGIN:VCALENDAR
            --alt--
            --rel--
            --mixed
            Content-Type: message/rfc822

            Subject: inner

            inner text
            --mixed
            Content-Type: application/pdf
            Content-Disposition: attachment; filename=a.pdf

            %PDF
            --mixed--
            epilogue
            """;

    @Test
    void aTreeOfPartsComesApart() throws Exception {
        ParsedMessage message = read(TREE);
        assertEquals(new Mailbox("jane@example.org", "Doe, Jane"), message.from());
        assertEquals(2, message.replyTo().size());
        assertEquals("Grüße!", message.subject());
        assertEquals("Grüße", text(message.text()));
        assertEquals("<b>Grüße</b>", text(List.of(message.html().getFirst().leaf())));
        assertTrue(message.html().getFirst().isHtml());
        assertEquals("<html amp4email>", text(List.of(message.amp())));
        assertEquals("BEGIN:VCALENDAR", text(List.of(message.calendar().leaf())));
        assertEquals("REQUEST", message.calendar().parameters().get("method"));
        assertEquals(List.of("Content-ID of multipart/alternative"), message.notCarried());
        assertEquals(
                List.of("logo.png", "attachment-2.eml", "a.pdf"),
                message.attachments().stream().map(ParsedMessage.Attachment::name).toList());
        ParsedMessage.Attachment logo = message.attachments().getFirst();
        assertTrue(logo.isInline());
        assertTrue(logo.isEmbedded());
        assertEquals("logo@x", logo.contentId());
        assertEquals(5, logo.leaf().open().readAllBytes().length);
        assertEquals("message/rfc822", message.attachments().get(1).type());
        assertEquals(
                "Subject: inner\r\n\r\ninner text",
                new String(message.attachments().get(1).leaf().open().readAllBytes(), ISO_8859_1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiterString = " => ",
            value = {
                "filename=plain.txt => plain.txt",
                "filename=\"a; b.txt\" => a; b.txt",
                "filename=\"say \\\"hi\\\".txt\" => say \"hi\".txt",
                "filename*=UTF-8''na%C3%AFve%20plan.txt => naïve plan.txt",
                "filename=\"old.txt\"; filename*=iso-8859-1'de'%FCber.txt => über.txt",
                "filename*0=\"very \"; filename*1=long.txt => very long.txt",
                "filename*0*=UTF-8''%C3; filename*1*=%BC.txt => ü.txt",
                "filename*1=b.txt; filename*0=a => ab.txt",
                "filename=\"=?UTF-8?B?w7xiZXIudHh0?=\" => über.txt",
                "filename==?ISO-8859-1?Q?=FCber=2Etxt?= => über.txt",
                "filename*0=\"=?UTF-8?Q?=C3=BCb\"; filename*1=\"er.txt?=\" => über.txt",
                "filename=two words.txt => two words.txt",
                "filename=\"no end.txt => no end.txt",
                "filename=Ã¼ber.txt => über.txt",
            })
    void namesAreReadAsTheyAreWritten(String disposition, String name) throws Exception {
        ParsedMessage message =
                read(
                        "From: a@b\nContent-Type: application/pdf\n"
                                + "Content-Disposition: attachment; "
                                + disposition
                                + "\n\nx\n");
        assertEquals(name, message.attachments().getFirst().name());
    }

    @ParameterizedTest
    @CsvSource({
        "utf-8, caf\u00c3\u00a9, café",
        "iso-8859-1, caf\u00e9, café",
        "us-ascii, caf\u00c3\u00a9, café",
        "x-nobody-knows, caf\u00e9, café",
        "utf-8, caf\u00e9, caf\uFFFD",
        "utf-7, caf+AOk-, café",
        "'', caf\u00c3\u00a9, café",
        "windows-1252, \u0093q\u0094, “q”",
        "utf-8 (a comment), caf\u00c3\u00a9, café",
        "(a comment) koi8-r, \u00f0, П",
        "us-ascii(a comment), caf\u00c3\u00a9, café",
    })
    void textIsReadInItsCharset(String charset, String octets, String text) throws Exception {
        String type =
                charset.isEmpty() ? "" : "Content-Type: text/plain; charset=" + charset + "\n";
        ParsedMessage message =
                read("From: a@b\n" + (charset.isEmpty() ? "" : type) + "\n" + octets);
        assertEquals(text, text(message.text()));
        boolean guessed =
                charset.startsWith("x-") || (octets.equals("caf\u00e9") && charset.equals("utf-8"));
        assertEquals(guessed, !message.notCarried().isEmpty(), message.notCarried().toString());
    }

    @Test
    void signedAndEncryptedAreNoted() throws Exception {
        ParsedMessage signed =
                read(
                        """
                        From: a@b
                        Content-Type: multipart/signed; boundary=s

                        --s
                        Content-Type: text/plain

                        said
                        --s
                        Content-Type: application/pgp-signature

                        sig
                        --s--
                        """);
        assertEquals(List.of("multipart/signed"), signed.notCarried());
        assertEquals("said", text(signed.text()));
        assertEquals("attachment-1.asc", signed.attachments().getFirst().name());
        ParsedMessage sealed =
                read("From: a@b\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\nx\n");
        assertTrue(sealed.notCarried().contains("application/pkcs7-mime as the message's form"));
        assertEquals("smime.p7m", sealed.attachments().getFirst().name());
    }

    @Test
    void nothingIsTooBrokenToBeRead() throws Exception {
        for (String message :
                List.of(
                        "",
                        "\n",
                        "no header at all",
                        "From: a@b\nContent-Type: multipart/mixed\n\nno boundary\n",
                        "From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n--x--\n",
                        "From: a@b\nContent-Type: text\n\nx",
                        "From: a@b\nContent-Type: ;;;\nContent-Transfer-Encoding: what\n\nx",
                        "From: a@b\nContent-Transfer-Encoding: base64\n\n!!!\n")) {
            ParsedMessage read = read(message);
            assertFalse(
                    read.text().isEmpty() && read.html().isEmpty() && read.attachments().isEmpty(),
                    message);
        }
    }

    @Test
    void partsAreFoundAsDeepAsTheyMayBe() throws Exception {
        assertEquals("text\r\n", text(read(nested(ReadingBudget.DEPTH_LIMIT)).text()));
        MessageLimitException trouble =
                assertThrows(
                        MessageLimitException.class,
                        () -> read(nested(ReadingBudget.DEPTH_LIMIT + 1)));
        assertEquals("more than 100 multiparts in each other", trouble.getMessage());
    }

    private static String nested(int depth) {
        StringBuilder message = new StringBuilder("From: a@b\n");
        for (int i = 0; i < depth; i++) {
            message.append(
                    "Content-Type: multipart/mixed; boundary=b" + i + "x\n\n--b" + i + "x\n");
        }
        return message + "\ntext\n";
    }

    @Test
    void theCursorReadsForwardInOneStream() throws Exception {
        int[] opened = {0};
        byte[] octets = "0123456789".repeat(10_000).getBytes(UTF_8);
        dev.postern.mail.MessageContent content = OutboundMessages.content(octets);
        ContentCursor cursor =
                new ContentCursor(
                        new dev.postern.mail.MessageContent() {
                            @Override
                            public long sizeBytes() {
                                return content.sizeBytes();
                            }

                            @Override
                            public dev.postern.mail.MessageContent.ContentTraits traits() {
                                return content.traits();
                            }

                            @Override
                            public java.io.InputStream open() throws IOException {
                                opened[0]++;
                                return content.open();
                            }
                        },
                        CommitGate.OPEN);
        for (int at = 0; at < octets.length; at += 10_000) {
            byte[] some = cursor.stretch(at, at + 20).readAllBytes();
            assertEquals("01234567890123456789", new String(some, UTF_8));
        }
        assertEquals(1, opened[0]);
        assertEquals('3', cursor.stretch(3, 4).read());
        assertEquals(2, opened[0]);
    }
}
