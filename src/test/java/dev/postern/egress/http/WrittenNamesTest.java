package dev.postern.egress.http;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.MimeParser;
import dev.postern.egress.mime.ParsedMessage;
import dev.postern.outcome.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Names and other header text in any script arrive as they were written, wherever they stand.
class WrittenNamesTest {

    static Stream<WrittenNames.Way> ways() {
        return WrittenNames.all();
    }

    private static ParsedMessage read(String message) throws IOException {
        byte[] octets = message.getBytes(ISO_8859_1);
        return MimeParser.read(
                new ContentCursor(OutboundMessages.content(octets), CommitGate.OPEN));
    }

    private static List<String> words(WrittenNames.Way way) {
        List<String> words = new ArrayList<>(List.of(way.words(true), way.words(false)));
        if (!way.charset().startsWith("iso-2022-")) {
            words.add(way.wordsCutAnywhere());
        }
        return words;
    }

    @ParameterizedTest
    @MethodSource("ways")
    void encodedWordsAreDecodedInEveryField(WrittenNames.Way way) throws Exception {
        for (String words : words(way)) {
            ParsedMessage message =
                    read(
                            """
                            From: %1$s <from@example.org>\r
                            To: =?us-ascii?q?A?= %1$s <to@example.org>, "%1$s" <more@example.org>\r
                            Cc: cc@example.org (%1$s)\r
                            Reply-To: "A," %1$s <reply@example.org>\r
                            Subject: =?utf-8?q?=C3=BC?= %1$s!\r
                            \r
                            """
                                    .formatted(words));
            assertEquals(new Mailbox("from@example.org", way.text()), message.from());
            assertEquals("A" + way.text(), message.to().getFirst().name());
            assertEquals(way.text(), message.to().getLast().name());
            assertEquals(way.text(), message.cc().getFirst().name());
            assertEquals("A, " + way.text(), message.replyTo().getFirst().name());
            assertEquals("ü" + way.text() + "!", message.subject());
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void namesOfFilesAreDecodedInEveryForm(WrittenNames.Way way) throws Exception {
        for (String parameter : way.parameters("filename")) {
            assertEquals(way.text(), nameOfFile("text/x", "attachment; " + parameter), parameter);
        }
        for (String parameter : way.parameters("name")) {
            assertEquals(way.text(), nameOfFile("text/x; " + parameter, "attachment"), parameter);
        }
    }

    private static String nameOfFile(String type, String disposition) throws Exception {
        return read("Content-Type: "
                        + type
                        + "\r\nContent-Disposition: "
                        + disposition
                        + "\r\n\r\nx")
                .attachments()
                .getFirst()
                .name();
    }

    /// Octets that say nothing of themselves are what the message says of its text.
    @ParameterizedTest
    @ValueSource(strings = {"text/plain; charset=%s", "multipart/mixed; boundary=b"})
    void octetsBeyondAsciiAreInTheMessagesCharset(String type) throws Exception {
        for (WrittenNames.Way way : ways().toList()) {
            if (way.charset().startsWith("utf-16")) {
                continue;
            }
            String octets = new String(way.octets(way.text()), ISO_8859_1);
            String message =
                    """
                    From: "%2$s" <a@b.example>
                    Subject: %2$s
                    Content-Type: %3$s

                    --b
                    Content-Type: text/plain; charset=%1$s

                    x
                    --b
                    Content-Disposition: attachment; filename="%2$s"

                    x
                    --b--
                    """
                            .formatted(way.charset(), octets, type.formatted(way.charset()));
            ParsedMessage read = read(message.replace("\n", "\r\n"));
            assertEquals(way.text(), read.subject(), way.charset());
            assertEquals(way.text(), read.from().name(), way.charset());
            for (ParsedMessage.Attachment attachment : read.attachments()) {
                assertEquals(way.text(), attachment.name(), way.charset());
            }
        }
    }

    @Test
    void oneBadOctetIsOneReplacement() throws Exception {
        assertEquals(
                "Привет\uFFFD",
                read("Subject: " + WrittenNames.utf8("Привет") + "\u00ff\r\n\r\n").subject());
        assertEquals("a\uFFFDb", read("Subject: =?utf-8?q?a=FFb?=\r\n\r\n").subject());
        assertEquals(
                "a\uFFFDb",
                read("Subject: a\u00ffb\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
                        .subject());
    }

    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "resend", "brevo", "postmark"})
    void everyApiIsToldThemAsTheyAreWritten(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            for (WrittenNames.Way way : ways().toList()) {
                for (String words : words(way)) {
                    Outcome outcome =
                            egress.send(
                                            OutboundMessages.of(
                                                    everywhere(words),
                                                    "to@example.net",
                                                    "cc@example.net"),
                                            CommitGate.OPEN)
                                    .outcomes()
                                    .firstEntry()
                                    .getValue();
                    assertInstanceOf(Outcome.Accepted.class, outcome);
                    List<String> told = new ArrayList<>();
                    collect(JsonAnswer.read(api.requests().getLast().text()), told);
                    for (String place : List.of("F-", "T-", "C-", "R-", "S-", "A-")) {
                        assertTrue(
                                told.stream().anyMatch(t -> t.contains(place + way.text())),
                                place + way.text() + " of " + way.charset() + ": " + told);
                    }
                }
            }
        }
    }

    private static String everywhere(String words) {
        return """
        From: =?us-ascii?q?F-?= %1$s <from@example.org>\r
        To: =?us-ascii?q?T-?= %1$s <to@example.net>\r
        Cc: =?us-ascii?q?C-?= %1$s <cc@example.net>\r
        Reply-To: =?us-ascii?q?R-?= %1$s <reply@example.org>\r
        Subject: =?us-ascii?q?S-?= %1$s\r
        Content-Type: multipart/mixed; boundary=b\r
        \r
        --b\r
        \r
        text\r
        --b\r
        Content-Type: application/octet-stream\r
        Content-Disposition: attachment; filename="=?us-ascii?q?A-?= %1$s =?us-ascii?q?.bin?="\r
        \r
        file\r
        --b--\r
        """
                .formatted(words);
    }

    private static void collect(JsonNode json, List<String> told) {
        if (json.isTextual()) {
            told.add(json.textValue());
        }
        json.forEach(member -> collect(member, told));
    }

    @Test
    void octetsBecomeTextInFewPlaces() {
        assertThrows(IllegalArgumentException.class, () -> new Fields.Raw("\u0141"));
        noClasses()
                .that()
                .haveNameNotMatching(".*\\.(HeaderText|MimeParameters|Mailbox|Fields)(\\$.*)?")
                .should()
                .callMethod(Fields.Raw.class, "octets")
                .check(
                        new ClassFileImporter()
                                .withImportOption(new ImportOption.DoNotIncludeTests())
                                .importPackages("dev.postern.egress"));
    }
}
