package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/// The forms in which servers and proxies put one answer.
public enum Framing {
    LENGTH,
    /// A blank before the colon, and blanks about the value.
    BLANKS,
    /// `Content-Length: 5, 5`, as two proxies in a row make it.
    SAME_LENGTH_TWICE,
    LOWER_CASE,
    NO_REASON,
    NO_REASON_NO_BLANK,
    FOLDED,
    /// Lines that end with LF alone.
    BARE_LF,
    CHUNKED,
    CHUNKED_IN_CAPITALS,
    CHUNK_EXTENSIONS,
    TRAILER,
    ONE_OCTET_A_CHUNK,
    /// The body ends with the connection.
    TO_THE_END,
    OLDEST,
    /// Of HTTP/2, as servers say that were told so.
    NEXT_VERSION,
    EMPTY_LINE_FIRST,
    /// `Transfer-Encoding: identity`, which was none even when it was one.
    IDENTITY,
    EARLY_HINTS_FIRST,
    PROCESSING_FIRST,
    CONTINUE_FIRST,
    /// A thousand times `100 Continue`.
    CONTINUES_FIRST,
    BYTE_ORDER_MARK,
    GZIP,
    /// Said to be packed by somebody who unpacked it.
    GZIP_UNPACKED,
    UTF_16_NAMED,
    UNKNOWN_CHARSET,

    /// Less comes than was said.
    CUT,
    CUT_CHUNK,
    NO_LAST_CHUNK,

    TWO_LENGTHS,
    NEGATIVE_LENGTH,
    WORD_FOR_LENGTH,
    LENGTH_AND_CHUNKED,
    CHUNKED_TWICE,
    UNKNOWN_CODING,
    OLDEST_CHUNKED;

    /// Returns whether the whole answer can be read.
    public boolean isReadable() {
        return compareTo(CUT) < 0;
    }

    /// Returns whether its body is of no use: whoever believed one of its ends would perhaps read
    /// what somebody else wrote.
    public boolean isContradiction() {
        return compareTo(TWO_LENGTHS) >= 0;
    }

    /// Returns an answer in this form, an octet a character.
    public String of(int status, Map<String, String> headers, String text) {
        String body = new String(octets(text), ISO_8859_1);
        StringBuilder fields = new StringBuilder();
        headers.forEach((name, value) -> {
            if (encoding().isEmpty() || !name.equalsIgnoreCase("Content-Type")) {
                fields.append(field(name, value));
            }
        });
        String head = statusLine(status) + fields + encoding();
        if (this == BARE_LF) {
            String line = "Content-Length: " + body.length() + "\n\n";
            return head.replace("\r\n", "\n") + line + body;
        }
        return before() + head + framed(body);
    }

    private byte[] octets(String text) {
        return switch (this) {
            case BYTE_ORDER_MARK -> ("\uFEFF" + text).getBytes(UTF_8);
            case GZIP -> zipped(text);
            case UTF_16_NAMED -> text.getBytes(UTF_16);
            default -> text.getBytes(UTF_8);
        };
    }

    private static byte[] zipped(String text) {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
            out.write(text.getBytes(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return zipped.toByteArray();
    }

    private String before() {
        return switch (this) {
            case EARLY_HINTS_FIRST -> "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=x\r\n\r\n";
            case PROCESSING_FIRST -> "HTTP/1.1 102 Processing\r\n\r\n";
            case EMPTY_LINE_FIRST -> "\r\n";
            case CONTINUE_FIRST -> "HTTP/1.1 100 Continue\r\n\r\n";
            case CONTINUES_FIRST -> "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
            default -> "";
        };
    }

    private String statusLine(int status) {
        return switch (this) {
            case NO_REASON -> "HTTP/1.1 " + status + " \r\n";
            case NO_REASON_NO_BLANK -> "HTTP/1.1 " + status + "\r\n";
            case NEXT_VERSION -> "http/2 " + status + " X\r\n";
            case OLDEST, OLDEST_CHUNKED -> "HTTP/1.0 " + status + " X\r\n";
            default -> "HTTP/1.1 " + status + " X\r\n";
        };
    }

    private String field(String name, String value) {
        return switch (this) {
            case BLANKS -> name + " :\t " + value + " \t\r\n";
            case LOWER_CASE -> name.toLowerCase(java.util.Locale.ROOT) + ":" + value + "\r\n";
            case FOLDED -> name + ":\r\n " + value + "\r\n";
            default -> name + ": " + value + "\r\n";
        };
    }

    private String encoding() {
        return switch (this) {
            case GZIP, GZIP_UNPACKED -> "Content-Encoding: GZip\r\n";
            case UTF_16_NAMED -> "Content-Type: application/json; Charset=\"utf-16\"\r\n";
            case UNKNOWN_CHARSET -> "Content-Type: application/json; charset=utf-99\r\n";
            default -> "";
        };
    }

    private String framed(String body) {
        int length = body.length();
        String chunk = Integer.toHexString(length) + "\r\n" + body + "\r\n";
        String coding = field("Transfer-Encoding", "chunked");
        return switch (this) {
            case CHUNKED, OLDEST_CHUNKED -> coding + "\r\n" + chunks(chunk, body);
            case CHUNKED_IN_CAPITALS ->
                    field("Transfer-Encoding", "Chunked") + "\r\n" + chunks(chunk, body);
            case CHUNK_EXTENSIONS ->
                    coding + "\r\n" + chunks(chunk, body).replaceFirst("\r\n", " ;a=\"b\";c\r\n");
            case TRAILER -> coding + "\r\n" + (length == 0 ? "" : chunk) + "0\r\nA: b\r\n\r\n";
            case ONE_OCTET_A_CHUNK -> {
                StringBuilder all = new StringBuilder(coding).append("\r\n");
                body.chars().forEach(c -> all.append("1\r\n").append((char) c).append("\r\n"));
                yield all.append("0\r\n\r\n").toString();
            }
            case TO_THE_END, OLDEST -> "\r\n" + body;
            case IDENTITY ->
                    field("Transfer-Encoding", "identity")
                            + field("Content-Length", "" + length)
                            + "\r\n"
                            + body;
            case SAME_LENGTH_TWICE ->
                    field("Content-Length", length + ", " + length) + "\r\n" + body;
            case CUT -> field("Content-Length", "" + (length + 1)) + "\r\n" + cut(body);
            case CUT_CHUNK ->
                    coding + "\r\n" + Integer.toHexString(length + 1) + "\r\n" + cut(body);
            case NO_LAST_CHUNK -> coding + "\r\n" + (length == 0 ? "" : chunk);
            case TWO_LENGTHS ->
                    field("Content-Length", "" + length)
                            + field("Content-Length", "" + (length + 1))
                            + "\r\n"
                            + body;
            case NEGATIVE_LENGTH -> field("Content-Length", "-1") + "\r\n" + body;
            case WORD_FOR_LENGTH -> field("Content-Length", "all") + "\r\n" + body;
            case LENGTH_AND_CHUNKED ->
                    field("Content-Length", "" + length) + coding + "\r\n" + chunks(chunk, body);
            case CHUNKED_TWICE -> coding + coding + "\r\n" + chunks(chunk, body);
            case UNKNOWN_CODING ->
                    field("Transfer-Encoding", "gzip, chunked") + "\r\n" + chunks(chunk, body);
            default -> field("Content-Length", "" + length) + "\r\n" + body;
        };
    }

    private static String cut(String body) {
        return body.substring(0, body.length() / 2);
    }

    private static String chunks(String chunk, String body) {
        return (body.isEmpty() ? "" : chunk) + "0\r\n\r\n";
    }
}
