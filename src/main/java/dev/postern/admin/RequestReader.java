package dev.postern.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.helidon.http.DirectHandler;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads a connection's requests in the server's stead, strictly, and hands them on in the one form
/// in which nobody can mistake where one ends and the next begins.
///
/// ```
///   socket ─▶ octets as they came ─▶ RequestReader ─▶ a head in one piece
///                                                     pieces of its body, length or chunks
///                                                     the next head …
/// ```
///
/// The server behind it takes `Transfer-Encoding: Chunked` for no body, ignores it beside a
/// Content-Length, takes what follows the data of a chunk for a line end, whatever it is, holds a
/// whole chunk in memory, and reads on after `Connection: close`. So heads go on with one framing
/// field (RFC 9112 §6) as this class understood it, in lower case, and chunks in small pieces
/// without extensions and trailer fields. Host goes last: in search of known names the server reads
/// beyond a short last line.
///
/// *Contract.* [#get] blocks for octets, returns null at the end of the connection, and never
/// returns octets of two requests at once. What is wrong is an exception that the server answers
/// 400, 413, 414, 431 or 505 to; after it nothing more is read.
///
/// *Limits.* [#REQUEST_LINE_BYTES], [#FIELDS_BYTES] for a head's fields and as many for a
/// trailer's, [#CHUNK_LINE_BYTES] for the line before a chunk. No chunk or length beyond
/// [#LENGTH_DIGITS] digits. How long a body may be is for others to say.
final class RequestReader implements Supplier<byte @Nullable []> {

    static final int REQUEST_LINE_BYTES = 4 * 1024;
    static final int FIELDS_BYTES = 16 * 1024;
    static final int CHUNK_LINE_BYTES = 256;
    static final int LENGTH_DIGITS = 15;

    static final Status FIELDS_TOO_LARGE = Status.create(431, "Request Header Fields Too Large");

    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(ISO_8859_1);
    private static final int HEX = 16;

    private final Supplier<byte @Nullable []> source;
    private final ConnectionSlots.Slot slot;
    private byte[] block = {};
    private int position;
    private Next next = Next.HEAD;
    private long left;
    private boolean last;
    private int heads;

    /// @param source gives some octets, or null at the end
    /// @param slot is told how the requests come along
    RequestReader(Supplier<byte @Nullable []> source, ConnectionSlots.Slot slot) {
        this.source = source;
        this.slot = slot;
    }

    /// What comes next.
    private enum Next {
        HEAD,
        BODY,
        CHUNKS,
        NOTHING
    }

    /// The connection ended where it may not.
    private static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1;

        Ended() {
            super(null, null, false, false);
        }
    }

    /// A head, without the fields that only tell how the body is framed.
    private static final class Head {
        private final StringBuilder text = new StringBuilder();
        private final List<String> hosts = new ArrayList<>();
        private final List<String> lengths = new ArrayList<>();
        private final List<String> codings = new ArrayList<>();
        private boolean close;
    }

    /// How many heads were handed on.
    int heads() {
        return heads;
    }

    /// Whether octets may have come that belong to no request that was understood.
    boolean isAstray() {
        return next != Next.HEAD || position < block.length;
    }

    @Override
    public byte @Nullable [] get() {
        try {
            return switch (next) {
                case HEAD -> last ? null : head();
                case BODY -> piece();
                case CHUNKS -> chunk();
                case NOTHING -> throw new CloseConnectionException("nothing more is read");
            };
        } catch (Ended _) {
            boolean whole = next == Next.HEAD;
            next = Next.NOTHING;
            if (whole) {
                return null;
            }
            throw new CloseConnectionException("the request broke off");
        } catch (RequestException wrong) {
            next = Next.NOTHING;
            throw wrong;
        }
    }

    private byte[] head() {
        if (heads > 0) {
            slot.awaits();
        }
        peek();
        if (heads > 0) {
            slot.begins();
        }
        Head head = new Head();
        String request = line(REQUEST_LINE_BYTES, Status.REQUEST_URI_TOO_LONG_414);
        if (request.isEmpty()) {
            // RFC 9112 §2.2: one is ignored, for clients that end a body with one.
            request = line(REQUEST_LINE_BYTES, Status.REQUEST_URI_TOO_LONG_414);
        }
        checkRequestLine(request);
        head.text.append(request).append("\r\n");
        fields((name, value) -> sort(head, name, value));
        frame(head);
        heads++;
        last = head.close;
        slot.works();
        return head.text.toString().getBytes(ISO_8859_1);
    }

    /// RFC 9112 §3.
    private static void checkRequestLine(String line) {
        int first = line.indexOf(' ');
        int second = line.indexOf(' ', first + 1);
        if (first < 0 || second < 0 || !isToken(line.substring(0, first))) {
            throw refused("the request line is not a method, a target and a version");
        }
        String target = line.substring(first + 1, second);
        if (target.isEmpty() || !target.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw refused("the target holds octets that none may");
        }
        String version = line.substring(second + 1);
        if (!version.equals("HTTP/1.1")) {
            boolean other = version.matches("HTTP/[0-9]\\.[0-9]");
            throw refused(
                    other ? Status.HTTP_VERSION_NOT_SUPPORTED_505 : Status.BAD_REQUEST_400,
                    "HTTP/1.1 is understood here");
        }
    }

    /// Takes a field.
    @FunctionalInterface
    private interface Field {
        void take(String name, String value);
    }

    /// Reads fields to the empty line. RFC 9112 §5.1: no blank before the colon; §5.2: no folding;
    /// RFC 9110 §5.5: no control characters.
    private void fields(Field field) {
        int leftBytes = FIELDS_BYTES;
        while (true) {
            String line = line(leftBytes, FIELDS_TOO_LARGE);
            if (line.isEmpty()) {
                return;
            }
            leftBytes -= line.length() + 2;
            int colon = line.indexOf(':');
            if (colon < 0 || !isToken(line.substring(0, colon))) {
                throw refused("a field has no proper name");
            }
            String value = trimmed(line.substring(colon + 1));
            if (hasControls(value)) {
                throw refused("a field holds control characters");
            }
            field.take(line.substring(0, colon), value);
        }
    }

    private static void sort(Head head, String name, String value) {
        switch (name.toLowerCase(Locale.ROOT)) {
            case "host" -> head.hosts.add(value);
            case "content-length" -> head.lengths.add(value);
            case "transfer-encoding" -> head.codings.add(value);
            case "connection" -> {
                // RFC 9112 §9.6: to be closed, whatever else is asked for.
                boolean close =
                        Arrays.stream(value.split(",", -1))
                                .anyMatch(option -> trimmed(option).equalsIgnoreCase("close"));
                head.close |= close;
                field(head, name, close ? "close" : value);
            }
            default -> field(head, name, value);
        }
    }

    private static void field(Head head, String name, String value) {
        head.text.append(name).append(": ").append(value).append("\r\n");
    }

    /// Decides where the request ends: RFC 9112 §6.3, in its strictest reading. Of a list of equal
    /// lengths too it is unknown who made it, and what else was changed on the way.
    private void frame(Head head) {
        if (head.hosts.size() != 1) {
            // RFC 9112 §3.2.
            throw refused("there must be one Host");
        }
        if (head.lengths.size() + head.codings.size() > 1) {
            throw refused("there must be one Content-Length, or one Transfer-Encoding");
        }
        if (!head.codings.isEmpty()) {
            if (!head.codings.getFirst().equalsIgnoreCase("chunked")) {
                throw refused("chunked is the one transfer coding here");
            }
            next = Next.CHUNKS;
            left = 0;
            field(head, "Transfer-Encoding", "chunked");
        } else if (!head.lengths.isEmpty()) {
            left = number(head.lengths.getFirst(), 10);
            next = left > 0 ? Next.BODY : Next.HEAD;
            field(head, "Content-Length", String.valueOf(left));
        }
        field(head, "Host", head.hosts.getFirst());
        head.text.append("\r\n");
    }

    private byte[] piece() {
        byte[] piece = some();
        if (left == 0) {
            next = Next.HEAD;
        }
        return piece;
    }

    /// RFC 9112 §7.1.
    private byte[] chunk() {
        if (left == 0) {
            String line = line(CHUNK_LINE_BYTES, Status.BAD_REQUEST_400);
            if (hasControls(line)) {
                throw refused("a chunk's extension holds control characters");
            }
            int extension = line.indexOf(';');
            left = number(extension < 0 ? line : line.substring(0, extension), HEX);
            if (left == 0) {
                fields((_, _) -> {});
                next = Next.HEAD;
                return LAST_CHUNK;
            }
        }
        byte[] data = some();
        if (left == 0) {
            line(0, Status.BAD_REQUEST_400);
        }
        ByteArrayOutputStream piece = new ByteArrayOutputStream();
        piece.writeBytes((HexFormat.of().toHexDigits(data.length) + "\r\n").getBytes(ISO_8859_1));
        piece.writeBytes(data);
        piece.writeBytes("\r\n".getBytes(ISO_8859_1));
        return piece.toByteArray();
    }

    /// At least one of the octets that are left of a body or chunk.
    private byte[] some() {
        peek();
        int length = (int) Math.min(left, block.length - position);
        byte[] piece = Arrays.copyOfRange(block, position, position + length);
        position += length;
        left -= length;
        return piece;
    }

    /// A line without its CRLF. RFC 9112 §2.2: a bare CR or LF is none.
    private String line(int maxBytes, Status tooLong) {
        StringBuilder line = new StringBuilder();
        while (true) {
            int octet = peek();
            position++;
            if (octet == '\r') {
                if (peek() != '\n') {
                    throw refused("a bare CR");
                }
                position++;
                return line.toString();
            }
            if (octet == '\n') {
                throw refused("a bare LF");
            }
            if (line.length() >= maxBytes) {
                throw refused(tooLong, "a line is too long");
            }
            line.append((char) octet);
        }
    }

    /// Returns the next octet without taking it.
    private int peek() {
        while (position == block.length) {
            slot.transfers();
            byte[] more = source.get();
            if (more == null) {
                throw new Ended();
            }
            slot.transferred(more.length);
            block = more;
            position = 0;
        }
        return block[position] & 0xff;
    }

    private static long number(String digits, int radix) {
        boolean fits = !digits.isEmpty() && digits.length() <= LENGTH_DIGITS;
        if (!fits || !digits.chars().allMatch(c -> c < 0x80 && Character.digit(c, radix) >= 0)) {
            throw refused("a length is not a number");
        }
        return Long.parseLong(digits, radix);
    }

    private static boolean hasControls(String text) {
        return text.chars().anyMatch(c -> (c < ' ' && c != '\t') || c == 0x7f);
    }

    /// RFC 9110 §5.6.2.
    private static boolean isToken(String text) {
        return !text.isEmpty()
                && text.chars()
                        .allMatch(c ->
                                (c < 0x80 && Character.isLetterOrDigit(c))
                                        || TOKEN_MARKS.indexOf(c) >= 0);
    }

    /// RFC 9110 §5.6.3: blanks and tabs only, not whatever else Java strips.
    private static String trimmed(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isBlank(text.charAt(from))) {
            from++;
        }
        while (to > from && isBlank(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    private static RequestException refused(String why) {
        return refused(Status.BAD_REQUEST_400, why);
    }

    private static RequestException refused(Status status, String why) {
        return RequestException.builder()
                .type(DirectHandler.EventType.BAD_REQUEST)
                .status(status)
                .setKeepAlive(false)
                .message(why)
                .build();
    }
}
