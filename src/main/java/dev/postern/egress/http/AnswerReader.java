package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.egress.http.HttpResult.HttpAnswer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/// Reads answers off a connection (RFC 9112): what servers and proxies write in another form than
/// they should is read as it is meant, but where a body ends must be said in one way.
///
/// An answer decides whether a message is sent again, so none is lost for its form: a status line
/// without its reason, folded fields, blanks around names and values, line ends without CR, chunks
/// with extensions and trailers, a body that ends with the connection, a byte order mark, gzip that
/// nobody asked for. Interim answers (1xx, RFC 9110 §15.2) are none and are passed over.
///
/// *Contract.* [#read] returns the next final answer. Throws `IOException` when there is none: the
/// end of the stream, no HTTP at all ([NotHttp]), a head that has no end. A body that breaks off,
/// or whose end is said in two ways, is not thrown: the status and what came are worth more.
///
/// *Limits.* [#HEAD_LIMIT_OCTETS] for a head, [#INTERIM_LIMIT_OCTETS] for all interim ones,
/// [#BODY_LIMIT_OCTETS] of a body are kept, [#LIMIT_OCTETS] are read in all.
final class AnswerReader {

    static final int HEAD_LIMIT_OCTETS = 16 * 1024;

    /// Enough for more than two thousand `100 Continue`.
    static final int INTERIM_LIMIT_OCTETS = 64 * 1024;

    static final int BODY_LIMIT_OCTETS = 64 * 1024;

    /// Several times what is kept of an answer.
    static final int LIMIT_OCTETS = 256 * 1024;

    /// Digits of a length or of a chunk's size: more than any limit has, and no overflow.
    private static final int LENGTH_DIGITS = 15;

    private static final String PROTOCOL = "HTTP/";
    private static final Pattern STATUS =
            Pattern.compile("(\\d(?:\\.\\d)?) +(\\d{3})(?: (?s:.*))?");
    private static final String OLDEST = "1.0";
    private static final int GZIP_MAGIC = 0x1F8B;
    private static final Pattern CHARSET =
            Pattern.compile("charset *= *\"?([A-Za-z0-9._-]{1,40})", Pattern.CASE_INSENSITIVE);
    private static final Set<String> GZIP = Set.of("gzip", "x-gzip");
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final Set<Integer> WITHOUT_BODY = Set.of(204, 304);
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    /// How long a body is whose end is that of the connection.
    private static final long TO_THE_END = -1;

    /// How long a body is that comes in chunks.
    private static final long CHUNKED = -2;

    /// How long a body is whose length is said in two ways, or in none that can be read.
    private static final long UNKNOWN = -3;

    private final InputStream in;
    private int octets;
    private int octetsAllowed;
    private boolean reusable;

    /// @param in gives what comes over the connection; it should be buffered
    AnswerReader(InputStream in) {
        this.in = in;
    }

    /// What came is no HTTP.
    static final class NotHttp extends IOException {
        private static final long serialVersionUID = 1L;

        NotHttp() {
            super("what came is no HTTP");
        }
    }

    /// The head of an answer.
    ///
    /// @param fields all values of each field, by its name in lower case
    record AnswerHead(
            String statusLine, boolean oldest, int status, Map<String, List<String>> fields) {

        List<String> values(String name) {
            return fields.getOrDefault(name, List.of());
        }

        /// Returns the members of a field that is a list (RFC 9110 §5.6.1), in lower case.
        List<String> members(String name) {
            return values(name).stream()
                    .flatMap(value -> Arrays.stream(value.split(",", -1)))
                    .map(member -> member.strip().toLowerCase(Locale.ROOT))
                    .toList();
        }
    }

    /// Returns whether another answer may follow the last one on this connection.
    boolean isReusable() {
        return reusable;
    }

    /// Returns the next final answer.
    HttpAnswer read() throws IOException {
        reusable = false;
        return body(readHead());
    }

    /// Reads the head of the next final answer, and no octet behind it if `in` has no buffer: with
    /// a 2xx to CONNECT the tunnel begins there, whatever length the head names (RFC 9110 §9.3.6).
    AnswerHead readHead() throws IOException {
        octets = 0;
        AnswerHead head = head();
        while (head.status() / 100 == 1) {
            if (head.status() == SWITCHING_PROTOCOLS) {
                throw new IOException("the server speaks another protocol now");
            }
            if (octets > INTERIM_LIMIT_OCTETS) {
                throw new IOException(
                        "more than " + INTERIM_LIMIT_OCTETS + " octets of 1xx answers");
            }
            head = head();
        }
        return head;
    }

    private AnswerHead head() throws IOException {
        octetsAllowed = octets + HEAD_LIMIT_OCTETS;
        int octet = octet();
        while (octet == '\r' || octet == '\n') {
            octet = octet();
        }
        for (int i = 0; i < PROTOCOL.length(); i++) {
            if (Character.toUpperCase(octet) != PROTOCOL.charAt(i)) {
                throw new NotHttp();
            }
            octet = i + 1 < PROTOCOL.length() ? octet() : octet;
        }
        String line = line();
        Matcher status = STATUS.matcher(line);
        if (!status.matches()) {
            throw new IOException("the answer has no status");
        }
        Map<String, List<String>> fields = new LinkedHashMap<>();
        for (String field : unfolded()) {
            int colon = field.indexOf(':');
            if (colon > 0) {
                String name = field.substring(0, colon).strip().toLowerCase(Locale.ROOT);
                fields.computeIfAbsent(name, _ -> new ArrayList<>())
                        .add(field.substring(colon + 1).strip());
            }
        }
        return new AnswerHead(
                PROTOCOL + line,
                status.group(1).equals(OLDEST),
                Integer.parseInt(status.group(2)),
                fields);
    }

    /// Reads the lines to the empty one, each with those that go on with it (RFC 9112 §5.2).
    private List<String> unfolded() throws IOException {
        List<StringBuilder> lines = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            boolean goesOn = line.charAt(0) == ' ' || line.charAt(0) == '\t';
            if (goesOn && !lines.isEmpty()) {
                lines.getLast().append(' ').append(line.strip());
            } else {
                lines.add(new StringBuilder(line));
            }
        }
        return lines.stream().map(StringBuilder::toString).toList();
    }

    /// Returns how long the body is (RFC 9112 §6.3). A recipient that guesses which of two lengths
    /// is meant takes what somebody else wrote for the answer.
    private static long length(AnswerHead head) {
        List<String> codings =
                head.members("transfer-encoding").stream()
                        .filter(coding -> !coding.equals("identity"))
                        .toList();
        Set<String> lengths = new HashSet<>(head.members("content-length"));
        if (!codings.isEmpty()) {
            boolean clear =
                    lengths.isEmpty() && !head.oldest() && codings.equals(List.of("chunked"));
            return clear ? CHUNKED : UNKNOWN;
        }
        if (WITHOUT_BODY.contains(head.status())) {
            return 0;
        }
        if (lengths.isEmpty()) {
            return TO_THE_END;
        }
        String length = lengths.iterator().next();
        return lengths.size() == 1 && isNumber(length, 10) ? Long.parseLong(length) : UNKNOWN;
    }

    private HttpAnswer body(AnswerHead head) {
        long length = length(head);
        octetsAllowed = LIMIT_OCTETS;
        ReadBody body = new ReadBody();
        try {
            body.whole = read(length, body.octets);
        } catch (IOException _) {
            body.whole = false;
        }
        reusable =
                body.whole
                        && length != TO_THE_END
                        && !head.oldest()
                        && !head.members("connection").contains("close");
        Map<String, String> fields = new HashMap<>();
        head.fields().forEach((name, values) -> fields.put(name, values.getFirst()));
        List<String> encodings = head.members("content-encoding");
        boolean zipped =
                encodings.size() == 1 && GZIP.contains(encodings.getFirst()) && body.isGzip();
        ReadBody plain = zipped ? unzipped(body) : body;
        String text = text(plain.octets, fields.getOrDefault("content-type", ""));
        return new HttpAnswer(head.status(), fields, text, plain.whole);
    }

    /// What came of a body.
    private static final class ReadBody {
        private final ByteArrayOutputStream octets = new ByteArrayOutputStream();
        private boolean whole;

        /// Proxies that unpack a body forget to say so.
        private boolean isGzip() {
            byte[] all = octets.toByteArray();
            return all.length > 1 && ((all[0] & 0xFF) << 8 | (all[1] & 0xFF)) == GZIP_MAGIC;
        }
    }

    private boolean read(long length, ByteArrayOutputStream body) throws IOException {
        if (length == UNKNOWN) {
            return false;
        }
        if (length == CHUNKED) {
            return chunks(body);
        }
        return length == TO_THE_END ? toTheEnd(body) : exactly(length, body);
    }

    private static ReadBody unzipped(ReadBody zipped) {
        ReadBody plain = new ReadBody();
        try (InputStream in =
                new GZIPInputStream(new ByteArrayInputStream(zipped.octets.toByteArray()))) {
            byte[] some = new byte[1024];
            int length = in.read(some);
            while (length >= 0 && plain.octets.size() < BODY_LIMIT_OCTETS) {
                plain.octets.write(some, 0, length);
                length = in.read(some);
            }
            plain.whole = zipped.whole && length < 0;
        } catch (IOException _) {
            plain.whole = false;
        }
        return plain;
    }

    /// Returns the body as text: UTF-8 (RFC 8259 §8.1), unless the answer names another charset.
    private static String text(ByteArrayOutputStream octets, String type) {
        Charset charset = UTF_8;
        Matcher named = CHARSET.matcher(type);
        if (named.find()) {
            try {
                charset = Charset.forName(named.group(1));
            } catch (IllegalArgumentException _) {
                // What this Java does not know is most likely misspelt.
                charset = UTF_8;
            }
        }
        String text = octets.toString(charset);
        return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    }

    private boolean toTheEnd(ByteArrayOutputStream body) throws IOException {
        int octet = in.read();
        while (octet >= 0 && body.size() < BODY_LIMIT_OCTETS) {
            body.write(octet);
            octet = in.read();
        }
        return octet < 0;
    }

    /// Takes so many octets, and returns whether they all were kept.
    private boolean exactly(long length, ByteArrayOutputStream body) throws IOException {
        for (long left = length; left > 0; left--) {
            if (body.size() >= BODY_LIMIT_OCTETS) {
                return false;
            }
            body.write(octet());
        }
        return true;
    }

    /// RFC 9112 §7.1: extensions and trailer fields are read and mean nothing.
    private boolean chunks(ByteArrayOutputStream body) throws IOException {
        while (true) {
            String line = line();
            int extension = line.indexOf(';');
            String size = extension < 0 ? line : line.substring(0, extension);
            if (!isNumber(size.strip(), 16)) {
                throw new IOException("a chunk has a length that is none");
            }
            long length = Long.parseLong(size.strip(), 16);
            if (length == 0) {
                unfolded();
                return true;
            }
            if (!exactly(length, body)) {
                return false;
            }
            if (!line().isEmpty()) {
                throw new IOException("a chunk is longer than it says");
            }
        }
    }

    private static boolean isNumber(String digits, int radix) {
        return !digits.isEmpty()
                && digits.length() <= LENGTH_DIGITS
                && digits.chars().allMatch(c -> c < 0x80 && Character.digit(c, radix) >= 0);
    }

    /// Returns a line without its end (RFC 9112 §2.2).
    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        int octet = octet();
        while (octet != '\n') {
            line.append((char) octet);
            octet = octet();
        }
        int last = line.length() - 1;
        if (last >= 0 && line.charAt(last) == '\r') {
            line.setLength(last);
        }
        return line.toString();
    }

    private int octet() throws IOException {
        if (octets >= octetsAllowed) {
            throw new IOException("the answer goes on for more than " + octetsAllowed + " octets");
        }
        int octet = in.read();
        if (octet < 0) {
            throw new EOFException("the connection was closed");
        }
        octets++;
        return octet;
    }
}
