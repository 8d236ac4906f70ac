package dev.postern.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.InputStream;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A message that is made to hurt, and can be submitted: lines that end with CRLF, no dots stuffed.
/// It is made while it is read, so that its size costs the test nothing, and is the same at each
/// reading.
///
/// @param name the kind and the size
/// @param seed what it was made from, beside these
/// @param pieces makes it, a piece at a time, an octet in each character
public record Hostile(String name, long seed, Supplier<Stream<String>> pieces) {

    /// Who never gets mail by any of these, unless the envelope names it.
    public static final String EVIL = "evil@example.org";

    private static final String CRLF = "\r\n";
    private static final int PIECE_OCTETS = 4096;

    /// What is too much, and how much of it did harm.
    public enum Kind {
        /// Fields `a:b`.
        FIELDS(2_000_000),
        /// Octets of one field, in a line or folded.
        FIELD(30_000_000),
        /// Parts of one multipart.
        PARTS(130_000),
        /// Multiparts within each other.
        NESTING(5_000),
        /// Semicolons after a type.
        SEMICOLONS(60_000),
        /// Letters in a To, no address.
        WORD(60_000),
        /// Angle brackets in a To that nothing closes.
        ANGLES(60_000),
        /// Letters in a quoted word that nothing closes.
        QUOTED(1_000),
        /// Blanks in a To.
        BLANKS(60_000),
        /// Octets in the name of the first field, before From and Bcc.
        LONG_NAME(72),
        /// Variables for Mailgun whose names have quotes, CR and LF.
        FORM(20),
        /// Parts and fields of all that mail programs get wrong, broken boundaries and garbage.
        MIXTURE(200);

        private final int size;

        Kind(int size) {
            this.size = size;
        }

        /// Returns the size that did harm.
        public int size() {
            return size;
        }

        /// Makes one of this size, or of another.
        public Hostile of(long seed, int wanted) {
            Supplier<Stream<String>> pieces =
                    () -> new Making(new SplittableRandom(seed), wanted).of(this);
            return new Hostile(this + " of " + wanted, seed, pieces);
        }
    }

    /// Returns one of each kind for each of so many seeds, at the size that did harm and at a
    /// tenth.
    public static List<Hostile> all(int seeds) {
        return Stream.of(Kind.values())
                .flatMap(kind ->
                        IntStream.of(kind.size() / 10, kind.size())
                                .boxed()
                                .flatMap(size ->
                                        IntStream.rangeClosed(1, seeds)
                                                .mapToObj(seed -> kind.of(seed, size))))
                .toList();
    }

    /// Returns it from its beginning.
    public InputStream open() {
        Iterator<String> rest = pieces.get().iterator();
        return new InputStream() {

            private byte[] piece = {};
            private int at;

            @Override
            public int read() {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] to, int offset, int length) {
                while (at == piece.length && rest.hasNext()) {
                    piece = rest.next().getBytes(ISO_8859_1);
                    at = 0;
                }
                int some = Math.min(length, piece.length - at);
                System.arraycopy(piece, at, to, offset, some);
                at += some;
                return some == 0 && length > 0 ? -1 : some;
            }
        };
    }

    @Override
    public String toString() {
        return name + ", seed " + seed;
    }

    /// The making of one.
    private static final class Making {

        private static final String ADDRESSES =
                "From: author@example.org\r\nTo: someone@example.net\r\n";
        private static final String TEXT = CRLF + "Text." + CRLF;

        private final RandomGenerator random;
        private final int size;

        Making(RandomGenerator random, int size) {
            this.random = random;
            this.size = size;
        }

        Stream<String> of(Kind kind) {
            return switch (kind) {
                case FIELDS -> header(many(size, letter() + ":" + letter() + CRLF, ""));
                case FIELD -> header(field("X-" + letter() + ": ", letter()));
                case PARTS -> parts();
                case NESTING -> nesting();
                case SEMICOLONS -> header(field("Content-Type: text/plain", ";"));
                case WORD -> to("", letter(), "");
                case ANGLES -> to("", "<", "");
                case QUOTED -> to("\"", letter(), "");
                case BLANKS -> to("", random.nextBoolean() ? " " : "\t", "someone@example.net");
                case LONG_NAME -> longName();
                case FORM -> form();
                case MIXTURE -> new Mixture(random, size).pieces();
            };
        }

        private String letter() {
            return String.valueOf((char) random.nextInt('a', 'z' + 1));
        }

        /// The usual fields stand before the others or after them.
        private Stream<String> header(Stream<String> fields) {
            return random.nextBoolean()
                    ? join(Stream.of(ADDRESSES), fields, Stream.of(TEXT))
                    : Stream.concat(fields, Stream.of(ADDRESSES + TEXT));
        }

        /// One field of so many octets, in one line or folded.
        private Stream<String> field(String beginning, String octet) {
            String fold = random.nextBoolean() ? CRLF + " " : "";
            return join(Stream.of(beginning), many(size, octet, fold), Stream.of(CRLF));
        }

        private Stream<String> to(String beginning, String octet, String end) {
            String others = "From: author@example.org\r\nSubject: " + letter() + letter() + CRLF;
            boolean before = random.nextBoolean();
            return join(
                    Stream.of((before ? others : "") + "To: " + beginning),
                    many(size, octet, ""),
                    Stream.of(end + CRLF + (before ? "" : others) + TEXT));
        }

        private Stream<String> parts() {
            String boundary = letter() + letter();
            String part = "--" + boundary + (random.nextBoolean() ? CRLF + CRLF : CRLF);
            return join(
                    Stream.of(ADDRESSES + multipart(boundary)),
                    many(size, part, ""),
                    Stream.of("--" + boundary + "--" + CRLF));
        }

        private Stream<String> nesting() {
            String stem = letter();
            boolean closed = random.nextBoolean();
            Stream<String> down =
                    IntStream.range(0, size)
                            .mapToObj(i -> "--" + stem + i + CRLF + multipart(stem + (i + 1)));
            Stream<String> up =
                    IntStream.range(0, closed ? size : 0)
                            .mapToObj(i -> "--" + stem + (size - i) + "--" + CRLF);
            return join(Stream.of(ADDRESSES + multipart(stem + 0)), down, up);
        }

        private static String multipart(String boundary) {
            return "Content-Type: multipart/mixed; boundary=" + boundary + CRLF + CRLF;
        }

        private Stream<String> longName() {
            String name = Stream.generate(this::letter).limit(size).reduce("", String::concat);
            String bcc = "Bcc: " + EVIL + CRLF;
            return Stream.of(name + ": x" + CRLF, ADDRESSES + bcc + TEXT);
        }

        /// JSON, whose escapes become quotes and line ends in the names.
        private Stream<String> form() {
            List<String> names =
                    List.of(
                            "a\\\"; name=\\\"to",
                            "a\\r\\n\\r\\n" + EVIL + "\\r\\n--",
                            "\\\"\\r\\nContent-Disposition: form-data; name=\\\"to\\\"\\r\\n\\r\\n"
                                    + EVIL,
                            "a\\n\\nto=" + EVIL,
                            "a&to=" + EVIL);
            Stream<String> variables =
                    IntStream.range(0, size)
                            .mapToObj(i ->
                                    "%s\"%s%d\": \"%s\""
                                            .formatted(
                                                    i == 0 ? "" : "," + CRLF + " ",
                                                    Seeds.oneOf(random, names),
                                                    i,
                                                    EVIL));
            return join(
                    Stream.of(ADDRESSES + "X-Mailgun-Variables: {"),
                    variables,
                    Stream.of("}" + CRLF + TEXT));
        }
    }

    private static Stream<String> join(
            Stream<String> first, Stream<String> second, Stream<String> third) {
        return Stream.concat(first, Stream.concat(second, third));
    }

    /// So many of a text, with another one after each piece.
    private static Stream<String> many(int times, String text, String after) {
        int most = Math.max(1, Math.min(900, PIECE_OCTETS / text.length()));
        String piece = text.repeat(most) + after;
        return Stream.concat(
                IntStream.range(0, times / most).mapToObj(_ -> piece),
                Stream.of(text.repeat(times % most)));
    }

    /// Anything at all, of which some is mail.
    private static final class Mixture {

        private static final int DEEPEST = 30;
        private static final int LONGEST_LINE = 20_000;
        private static final List<String> NAMES =
                List.of(
                        "Subject",
                        "Cc",
                        "Reply-To",
                        "Sender",
                        "Date",
                        "Message-ID",
                        "References",
                        "List-Unsubscribe",
                        "X-Tag",
                        "Content-ID",
                        "Content-Disposition",
                        "Content-Type",
                        "Content-Transfer-Encoding",
                        "MIME-Version",
                        "Resent-To");
        private static final List<String> CRUMBS =
                List.of(
                        "=?utf-8?B?4oKs?=",
                        "=?utf-8?Q?=?=",
                        "=?x?B?!!!?=",
                        "=?utf-8?B?",
                        "?=",
                        "\"",
                        "\\",
                        "(((",
                        ")",
                        "<",
                        ">",
                        "a@b",
                        "@",
                        ",",
                        ";",
                        ":",
                        "=",
                        "*0*=",
                        "*999999999=",
                        "*1*=%",
                        "filename",
                        "name=",
                        "charset=utf-7",
                        "boundary=",
                        "text/plain",
                        "message/rfc822",
                        "multipart/",
                        "\t",
                        "  ",
                        "\u00ff\u00fe",
                        "\u0080",
                        "\u00c3",
                        "base64",
                        "quoted-printable",
                        "x-uuencode",
                        "\u007f",
                        "\u0001");
        private static final List<String> ENCODINGS =
                List.of("base64", "quoted-printable", "8bit", "x-uuencode", "7bit;", "");

        private final RandomGenerator random;
        private int left;

        Mixture(RandomGenerator random, int lines) {
            this.random = random;
            this.left = lines;
        }

        Stream<String> pieces() {
            StringBuilder out = new StringBuilder();
            fields(out);
            out.append("From: author@example.org\r\nTo: someone@example.net\r\n");
            fields(out);
            part(out, List.of(), 0);
            return Stream.of(out.toString());
        }

        private void fields(StringBuilder out) {
            for (int i = random.nextInt(6); i > 0; i--) {
                // Now and then no field at all, or a line that looks folded.
                switch (random.nextInt(12)) {
                    case 0 -> out.append(' ').append(garbage(40));
                    case 1 -> out.append(garbage(5));
                    default ->
                            out.append(Seeds.oneOf(random, NAMES))
                                    .append(random.nextInt(20) == 0 ? " :" : ": ")
                                    .append(garbage(30));
                }
                out.append(CRLF);
            }
        }

        private void part(StringBuilder out, List<String> outer, int depth) {
            left--;
            if (left < 0 || depth > DEEPEST || random.nextInt(3) == 0) {
                leaf(out);
                return;
            }
            String boundary = boundary(outer);
            out.append("Content-Type: multipart/")
                    .append(Seeds.oneOf(random, List.of("mixed", "alternative", "related", "")))
                    .append(";\r\n boundary=\"")
                    .append(boundary)
                    .append('"')
                    .append(CRLF);
            fields(out);
            out.append(CRLF);
            List<String> all = Stream.concat(outer.stream(), Stream.of(boundary)).toList();
            for (int i = random.nextInt(5); i > 0; i--) {
                // Most are the part's own; others end a multipart around it.
                String begun = random.nextInt(10) == 0 ? Seeds.oneOf(random, all) : boundary;
                out.append("--").append(begun).append(random.nextInt(15) == 0 ? " x" : "");
                out.append(CRLF);
                part(out, all, depth + 1);
            }
            if (random.nextInt(4) > 0) {
                out.append("--").append(boundary).append("--").append(CRLF);
            }
        }

        /// A new one, one that begins as another does, or the same as around it.
        private String boundary(List<String> outer) {
            String fresh = "b" + random.nextInt(1000);
            if (outer.isEmpty() || random.nextInt(3) > 0) {
                return fresh;
            }
            String other = Seeds.oneOf(random, outer);
            return random.nextBoolean() ? other : other + fresh;
        }

        private void leaf(StringBuilder out) {
            String encoding = Seeds.oneOf(random, ENCODINGS);
            out.append("Content-Transfer-Encoding: ").append(encoding).append(CRLF);
            fields(out);
            out.append(CRLF);
            for (int i = random.nextInt(5); i > 0; i--) {
                out.append(garbage(20)).append(CRLF);
            }
            if (random.nextInt(30) == 0) {
                out.append(Seeds.oneOf(random, CRUMBS).repeat(random.nextInt(LONGEST_LINE) / 8));
                out.append(CRLF);
            }
        }

        private String garbage(int most) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(most); i > 0; i--) {
                text.append(
                        random.nextBoolean()
                                ? Seeds.oneOf(random, CRUMBS)
                                : String.valueOf((char) random.nextInt(' ', 256)));
            }
            return text.toString();
        }
    }
}
