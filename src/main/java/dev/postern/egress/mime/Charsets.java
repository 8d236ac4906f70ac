package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.mail.ALabels;
import jakarta.mail.internet.MimeUtility;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What messages call their charsets, and what they mean by it.
public final class Charsets {

    /// What octets are that are no UTF-8 and say nothing of themselves.
    static final Charset WINDOWS = Charset.forName("windows-1252");

    /// The digits of base64 in their order (RFC 4648 §4).
    static final String BASE64_DIGITS =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// No charset has a longer name, with quotes around it.
    private static final int NAME_LIMIT_CHARACTERS = 80;

    /// Charsets by whose names mailers, in Windows above all, mean more than is in them.
    private static final Map<String, String> SUPERSETS =
            Map.of(
                    "Shift_JIS", "windows-31j",
                    "ISO-2022-JP", "x-windows-iso2022jp",
                    "EUC-JP", "x-eucJP-Open",
                    "EUC-KR", "x-windows-949",
                    "Big5", "Big5-HKSCS",
                    "TIS-620", "x-windows-874");

    private static final char LAST_OF_ASCII = 127;
    private static final char ESCAPE = 27;

    private Charsets() {}

    /// Returns the charset of that name; empty when nobody here knows it. Latin-1 is read as
    /// Windows' superset of it, Latin-5 likewise, and plain GB2312 as GB18030, as every mail reader
    /// does, by whichever of their names; Windows' code pages by their numbers are Windows', where
    /// Java has IBM's.
    static Optional<Charset> named(String name) {
        if (name.length() > NAME_LIMIT_CHARACTERS) {
            return Optional.empty();
        }
        String plain = name.strip().toLowerCase(Locale.ROOT).replaceAll("^[\"']|[\"']$", "");
        // A comment may follow without a blank (RFC 2045 §5.1).
        int comment = plain.indexOf('(');
        plain = comment > 0 ? plain.substring(0, comment).strip() : plain;
        try {
            Charset charset =
                    switch (plain) {
                        // Jakarta Mail takes the second for Latin-1.
                        case "", "us-ascii", "ascii" -> US_ASCII;
                        case "8859-1", "latin-1" -> WINDOWS;
                        case "x-gbk" -> Charset.forName("GB18030");
                        case "cp932" -> Charset.forName("windows-31j");
                        case "cp949", "ks_c_5601-1987", "ks_c_5601" ->
                                Charset.forName("x-windows-949");
                        case "cp950" -> Charset.forName("x-windows-950");
                        case "cp874" -> Charset.forName("x-windows-874");
                        case "macintosh", "x-mac-roman", "mac" -> Charset.forName("x-MacRoman");
                        case "iso-8859-8-i", "iso-8859-8-e" -> Charset.forName("ISO-8859-8");
                        case "utf-7", "unicode-1-1-utf-7" -> new Utf7();
                        case "utf8", "unicode-1-1-utf-8" -> UTF_8;
                        default -> Charset.forName(MimeUtility.javaCharset(plain));
                    };
            return Optional.of(meant(charset));
        } catch (IllegalCharsetNameException | UnsupportedCharsetException _) {
            return Optional.empty();
        }
    }

    private static Charset meant(Charset said) {
        return switch (said.name()) {
            case "ISO-8859-1" -> WINDOWS;
            case "ISO-8859-9" -> Charset.forName("windows-1254");
            case "GB2312", "GBK" -> Charset.forName("GB18030");
            default -> said;
        };
    }

    /// Returns the text of octets in a named charset, or a guess where nobody knows the name.
    public static String decode(byte[] octets, String name) {
        return new String(octets, taken(octets, named(name)));
    }

    /// Returns in which charset octets are read: what is said to be ASCII says nothing.
    private static Charset taken(byte[] octets, Optional<Charset> said) {
        return said.filter(known -> !known.equals(US_ASCII))
                .map(known -> Fit.of(octets, known).orSuperset(known))
                .orElseGet(() -> of(octets, WINDOWS));
    }

    /// Returns whether [#decode] of these can but guess.
    static boolean isGuess(byte[] octets, String name) {
        Optional<Charset> said = named(name);
        Charset taken = taken(octets, said);
        boolean windows = taken.equals(WINDOWS) && said.equals(Optional.of(US_ASCII));
        return said.isEmpty() || (!windows && !Fit.of(octets, taken).isAll());
    }

    /// Returns the charset of octets that say nothing of themselves: UTF-8 when they are that, also
    /// when they are but for a few.
    ///
    /// @param otherwise what they are if they are none
    static Charset of(byte[] octets, Charset otherwise) {
        String all = new String(octets, ISO_8859_1);
        if (ALabels.isAscii(all)) {
            // Such a charset has other characters behind an escape, all of them ASCII octets.
            boolean stateful = otherwise.name().startsWith("ISO-2022-");
            return stateful && all.indexOf(ESCAPE) >= 0 ? otherwise : UTF_8;
        }
        return Fit.of(octets, UTF_8).utf8Or(otherwise);
    }

    /// How much of some octets is in a charset.
    ///
    /// @param whole how many characters beyond ASCII are
    /// @param broken how many sequences of octets are none
    record Fit(long whole, long broken) {

        /// Half of a character, which no charset has without the other half.
        private static final char MARK = '\uDFFF';

        static Fit of(byte[] octets, Charset charset) {
            try {
                return of(new ByteArrayInputStream(octets), charset);
            } catch (IOException e) {
                throw new AssertionError("an array can be read", e);
            }
        }

        /// Looks at octets, and closes them.
        static Fit of(InputStream octets, Charset charset) throws IOException {
            CharsetDecoder decoder =
                    charset.newDecoder()
                            .onMalformedInput(CodingErrorAction.REPLACE)
                            .onUnmappableCharacter(CodingErrorAction.REPLACE)
                            .replaceWith(String.valueOf(MARK));
            long whole = 0;
            long broken = 0;
            try (Reader reader = new BufferedReader(new InputStreamReader(octets, decoder))) {
                int before = 0;
                for (int c = reader.read(); c >= 0; c = reader.read()) {
                    boolean mark = c == MARK && !Character.isHighSurrogate((char) before);
                    broken += mark ? 1 : 0;
                    whole += mark || c <= LAST_OF_ASCII ? 0 : 1;
                    before = c;
                }
            }
            return new Fit(whole, broken);
        }

        boolean isAll() {
            return broken == 0;
        }

        /// Returns UTF-8 when the octets are that, also when they are but for a few.
        ///
        /// @param otherwise what they are if they are none
        Charset utf8Or(Charset otherwise) {
            // Another charset's octets look like UTF-8 by chance, if a few of them.
            boolean most = otherwise.equals(UTF_8) || (otherwise.equals(WINDOWS) && whole > broken);
            return isAll() || most ? UTF_8 : otherwise;
        }

        /// Returns a charset when all of the octets are in it, else what mailers mean by it.
        Charset orSuperset(Charset said) {
            String superset = SUPERSETS.get(said.name());
            return isAll() || superset == null ? said : Charset.forName(superset);
        }
    }

    /// UTF-7, which Java lacks and some old mailers still write: ASCII, with other characters as
    /// UTF-16 in base64 between `+` and `-`. For reading only; what is broken is passed over.
    static final class Utf7 extends Charset {

        Utf7() {
            super("UTF-7", new String[0]);
        }

        @Override
        public boolean contains(Charset other) {
            return false;
        }

        @Override
        public boolean canEncode() {
            return false;
        }

        @Override
        public CharsetEncoder newEncoder() {
            throw new UnsupportedOperationException("UTF-7 is for reading only");
        }

        @Override
        public CharsetDecoder newDecoder() {
            return new Decoder(this);
        }

        private static final class Decoder extends CharsetDecoder {

            private boolean shifted;
            private boolean justShifted;
            private int bits;
            private int bitCount;

            Decoder(Charset charset) {
                super(charset, 1, 1);
            }

            @Override
            protected void implReset() {
                shifted = false;
                bitCount = 0;
            }

            @Override
            protected CoderResult decodeLoop(ByteBuffer in, CharBuffer out) {
                while (in.hasRemaining()) {
                    if (!out.hasRemaining()) {
                        return CoderResult.OVERFLOW;
                    }
                    char c = (char) (in.get() & 0xFF);
                    if (shifted) {
                        shifted(c, out);
                    } else if (c == '+') {
                        shifted = true;
                        justShifted = true;
                        bitCount = 0;
                    } else {
                        out.put(c);
                    }
                }
                return CoderResult.UNDERFLOW;
            }

            private void shifted(char c, CharBuffer out) {
                int digit = BASE64_DIGITS.indexOf(c);
                if (digit >= 0) {
                    bits = bits << 6 | digit;
                    bitCount += 6;
                    if (bitCount >= Character.SIZE) {
                        bitCount -= Character.SIZE;
                        out.put((char) (bits >> bitCount));
                    }
                } else {
                    shifted = false;
                    if (c != '-') {
                        out.put(c);
                    } else if (justShifted) {
                        out.put('+');
                    }
                }
                justShifted = false;
            }
        }
    }
}
