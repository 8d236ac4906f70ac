package dev.postern.submit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/// A small message to be sent by `postern send`: text, and attachments as they are. Its lines end
/// in CRLF and are ASCII, whatever the text is.
///
/// @param from the From address
/// @param to the To addresses
/// @param subject any text of one line
/// @param text any text
/// @param attachments may be empty
/// @param date the Date field's
/// @param messageId with angle brackets
public record MimeDraft(
        String from,
        List<String> to,
        String subject,
        String text,
        List<Attachment> attachments,
        ZonedDateTime date,
        String messageId) {

    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z", Locale.ROOT);

    /// Octets of UTF-8 that one encoded word takes, so that its line has 76 characters at most, the
    /// field's name counted in (RFC 2047 §2).
    private static final int WORD_OCTETS = 39;

    private static final int LINE_OCTETS = 76;
    private static final int MAX_PLAIN_SUBJECT = 60;
    private static final byte[] CRLF = {'\r', '\n'};

    public MimeDraft {
        to = List.copyOf(to);
        attachments = List.copyOf(attachments);
    }

    /// A file to attach.
    ///
    /// @param name its name, any text
    /// @param type its media type
    /// @param content opens its octets
    public record Attachment(String name, String type, Content content) {}

    /// Opens octets.
    @FunctionalInterface
    public interface Content {
        InputStream open() throws IOException;
    }

    /// Writes the whole message.
    public void write(OutputStream out) throws IOException {
        line(out, "From: " + from);
        line(out, "To: " + String.join(",\r\n ", to));
        line(out, "Subject: " + encoded(subject));
        line(out, "Date: " + DATE.format(date));
        line(out, "Message-ID: " + messageId);
        line(out, "MIME-Version: 1.0");
        if (attachments.isEmpty()) {
            writeText(out);
        } else {
            writeParts(out);
        }
    }

    private void writeParts(OutputStream out) throws IOException {
        // No line of base 64 or of a header can begin like this.
        String boundary = "=_postern_" + Integer.toHexString(messageId.hashCode());
        line(out, "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"");
        line(out, "");
        line(out, "--" + boundary);
        writeText(out);
        for (Attachment attachment : attachments) {
            line(out, "--" + boundary);
            line(out, "Content-Type: " + attachment.type());
            line(out, "Content-Transfer-Encoding: base64");
            line(
                    out,
                    "Content-Disposition: attachment;" + parameter("filename", attachment.name()));
            line(out, "");
            try (InputStream in = attachment.content().open()) {
                base64(in, out);
            }
        }
        line(out, "--" + boundary + "--");
    }

    private void writeText(OutputStream out) throws IOException {
        line(out, "Content-Type: text/plain; charset=utf-8");
        line(out, "Content-Transfer-Encoding: base64");
        line(out, "");
        String lines = text.replaceAll("\r\n|\r|\n", "\r\n");
        String whole = lines.endsWith("\r\n") ? lines : lines + "\r\n";
        base64(new ByteArrayInputStream(whole.getBytes(UTF_8)), out);
    }

    private static void base64(InputStream in, OutputStream out) throws IOException {
        int octets = LINE_OCTETS / 4 * 3;
        byte[] piece = in.readNBytes(octets);
        while (piece.length > 0) {
            out.write(Base64.getEncoder().encode(piece));
            out.write(CRLF);
            piece = in.readNBytes(octets);
        }
    }

    /// Text as encoded words where it needs them (RFC 2047), folded between words: a Subject, or a
    /// name before an address.
    public static String encoded(String text) {
        String clean = text.replaceAll("\\p{Cntrl}", " ");
        if (isPrintableAscii(clean)
                && clean.length() <= MAX_PLAIN_SUBJECT
                && !clean.contains("=?")) {
            return clean;
        }
        StringBuilder words = new StringBuilder();
        StringBuilder word = new StringBuilder();
        for (int c : clean.codePoints().toArray()) {
            String character = Character.toString(c);
            if ((word + character).getBytes(UTF_8).length > WORD_OCTETS) {
                append(word, words);
            }
            word.append(character);
        }
        append(word, words);
        return words.toString();
    }

    private static void append(StringBuilder word, StringBuilder words) {
        if (!words.isEmpty()) {
            words.append("\r\n ");
        }
        words.append("=?UTF-8?B?")
                .append(Base64.getEncoder().encodeToString(word.toString().getBytes(UTF_8)))
                .append("?=");
        word.setLength(0);
    }

    /// A parameter, quoted or, when not ASCII, in the extended form, in pieces where it is long
    /// (RFC 2231 §3, §4).
    static String parameter(String name, String value) {
        String clean = value.replaceAll("\\p{Cntrl}", "_");
        if (isPrintableAscii(clean) && clean.length() <= MAX_PLAIN_SUBJECT) {
            return "\r\n " + name + "=\"" + clean.replaceAll("([\"\\\\])", "\\\\$1") + "\"";
        }
        StringBuilder all = new StringBuilder();
        StringBuilder piece = new StringBuilder("UTF-8''");
        int number = 0;
        for (byte octet : clean.getBytes(UTF_8)) {
            String escaped = escaped(octet);
            if (piece.length() + escaped.length() > MAX_PLAIN_SUBJECT) {
                all.append("\r\n ").append(name).append('*').append(number++).append("*=");
                all.append(piece).append(';');
                piece.setLength(0);
            }
            piece.append(escaped);
        }
        String last = number == 0 ? "*=" : "*" + number + "*=";
        return all.append("\r\n ").append(name).append(last).append(piece).toString();
    }

    private static String escaped(byte octet) {
        char c = (char) (octet & 0xff);
        boolean plain =
                c < 0x80 && (Character.isLetterOrDigit(c) || c == '.' || c == '-' || c == '_');
        return plain ? String.valueOf(c) : String.format("%%%02X", (int) c);
    }

    private static boolean isPrintableAscii(String text) {
        return text.chars().allMatch(c -> c >= ' ' && c <= '~');
    }

    private static void line(OutputStream out, String line) throws IOException {
        out.write(line.getBytes(isPrintableAscii(line.replace("\r\n", "")) ? US_ASCII : UTF_8));
        out.write(CRLF);
    }
}
