package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.postern.egress.CommitGate;
import dev.postern.egress.http.OutboundMessages;
import dev.postern.egress.mime.ParsedMessage.FileNames;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// This package's parsers of what comes from outside, for `LinearTest`.
public final class MimeParsers {

    public static final Map<String, Parser> ALL = new LinkedHashMap<>();

    static {
        header();
        message();
    }

    private MimeParsers() {}

    /// Something that reads a text, an octet a character.
    @FunctionalInterface
    public interface Parser {
        void parse(String text) throws IOException;
    }

    /// Values of header fields.
    private static void header() {
        ALL.put("Parameters", text -> MimeParameters.parse(raw(text)));
        ALL.put(
                "Parameters, within",
                text -> MimeParameters.parse(raw("text/plain; name=\"" + text)));
        ALL.put(
                "Parameters, without quotes",
                text -> MimeParameters.parse(raw("text/plain; name=a " + text)));
        ALL.put(
                "Parameters, a boundary",
                text ->
                        MimeParameters.octets(
                                raw("multipart/mixed; boundary=" + text), "boundary"));
        ALL.put("Mailbox", text -> Mailbox.list(raw(text)));
        ALL.put("Mailbox, quoted", text -> Mailbox.list(raw("\"" + text)));
        ALL.put("Mailbox, in angles", text -> Mailbox.list(raw("A <" + text + "> B <a@b>")));
        ALL.put("Mailbox, a group", text -> Mailbox.list(raw("\"" + text + "\": " + text)));
        ALL.put(
                "Mailbox, printed",
                text -> assertFalse(new Mailbox("a@b", text).toString().isEmpty()));
        ALL.put("HeaderText, decoded", text -> HeaderText.decode(raw(text)));
        ALL.put("HeaderText, beyond ASCII", text -> HeaderText.ascii(raw("\u00c3\u00bc" + text)));
        ALL.put(
                "HeaderText, structured",
                text -> HeaderText.structured(raw("\u00c3\u00bc" + text)));
        ALL.put(
                "HeaderText, in quotes",
                text -> HeaderText.structured(raw("\"\u00c3\u00bc" + text)));
        ALL.put(
                "HeaderText, in angles",
                text -> HeaderText.structured(raw("<a:\u00c3\u00bc" + text)));
        ALL.put("HeaderText, guessed", text -> HeaderText.isGuessed(raw("\u00fc" + text)));
        ALL.put("HeaderText, a word", text -> HeaderText.decode(raw("=?utf-8?B?" + text + "?=")));
        ALL.put("HeaderText, a charset", text -> HeaderText.decode(raw("=?" + text + "?q?a?=")));
        ALL.put(
                "HeaderText, in UTF-8",
                text -> HeaderText.inUtf8(raw("\u00fc=?a?q?b?= " + text), Charset.forName("Big5")));
        ALL.put("Charsets", text -> Charsets.decode(new byte[] {65}, text));
        ALL.put("FileNames", text -> FileNames.agrees(attachment(text)));
    }

    private static Fields.Raw raw(String text) {
        return new Fields.Raw(text);
    }

    private static ParsedMessage.Attachment attachment(String name) {
        try (ContentCursor none =
                new ContentCursor(OutboundMessages.content(new byte[0]), CommitGate.OPEN)) {
            MimeLeaf leaf = new MimeLeaf(none.whole(), "", "");
            return new ParsedMessage.Attachment(
                    name, true, "text/plain", Map.of(), null, "", false, leaf);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Messages as a whole.
    private static void message() {
        String multipart = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        ALL.put("a message", MimeParsers::rebuild);
        ALL.put("a multipart", text -> rebuild(multipart + text));
        ALL.put("a part", text -> rebuild(multipart + "--b\r\n" + text));
        ALL.put(
                "a multipart without a boundary",
                text -> rebuild("Content-Type: multipart/mixed\r\n\r\n" + text));
        ALL.put(
                "an id",
                text ->
                        rebuild(
                                multipart
                                        + "--b\r\nContent-Type: text/html\r\n\r\ncid:"
                                        + text
                                        + "\r\n--b\r\nContent-ID: <a>\r\n"
                                        + "Content-Type: image/png\r\n\r\nx\r\n--b--\r\n"));
        ALL.put("a type", text -> rebuild("Content-Type: " + text + "\r\n\r\nx"));
        for (String encoding : List.of("7bit", "base64", "quoted-printable", "x-uuencode")) {
            String head = "Content-Transfer-Encoding: " + encoding + "\r\n\r\n";
            ALL.put(encoding, text -> rebuild(head + text));
        }
        for (String charset : List.of("utf-7", "iso-2022-jp", "shift_jis", "utf-16")) {
            String head = "Content-Type: text/plain; charset=" + charset + "\r\n\r\n";
            ALL.put(charset, text -> rebuild(head + text));
        }
    }

    private static void rebuild(String message) throws IOException {
        try (ContentCursor content = cursor(message)) {
            ParsedMessage rebuilt = MimeParser.read(content);
            for (MimeLeaf leaf : rebuilt.text()) {
                read(leaf);
            }
            for (ParsedMessage.Attachment attachment : rebuilt.attachments()) {
                read(attachment.leaf());
            }
        }
    }

    private static void read(MimeLeaf leaf) throws IOException {
        leaf.isBlank();
        leaf.isGuessed();
        try (Reader text = leaf.text();
                InputStream octets = leaf.open()) {
            text.transferTo(Writer.nullWriter());
            octets.readAllBytes();
        }
    }

    private static ContentCursor cursor(String message) {
        return new ContentCursor(
                OutboundMessages.content(message.getBytes(ISO_8859_1)), CommitGate.OPEN);
    }
}
