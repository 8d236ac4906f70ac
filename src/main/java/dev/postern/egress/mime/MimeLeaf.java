package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.mail.OctetwiseStream;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeUtility;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.io.Reader;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.Locale;
import org.eclipse.angus.mail.util.DecodingException;
import org.jspecify.annotations.Nullable;

/// A part of a message that has no parts of its own. Its octets are decoded anew at each reading.
public final class MimeLeaf {

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final ContentCursor.Stretch octets;
    private final String charsetName;
    private final String encoding;
    private @Nullable Charset charset;

    /// Whether its charset, once known, lacks some of its octets.
    private boolean broken;

    private @Nullable Boolean uuencoded;

    /// @param octets as they stand in the message
    /// @param charsetName what the part says of its text; empty: nothing
    /// @param encoding its content transfer encoding, a word without comments
    MimeLeaf(ContentCursor.Stretch octets, String charsetName, String encoding) {
        this.octets = octets;
        this.charsetName = charsetName;
        this.encoding = encoding.strip().toLowerCase(Locale.ROOT);
    }

    /// Returns the octets, decoded (RFC 2045 §6).
    ///
    /// @throws IOException when the content can't be read
    public InputStream open() throws IOException {
        try {
            return switch (encoding) {
                // What is said to be base64 and is not is taken as it is.
                case "base64" ->
                        LenientBase64Stream.isPlausible(octets.again())
                                ? new LenientBase64Stream(octets.again())
                                : octets.again();
                case "quoted-printable" -> new QuotedPrintableStream(octets.again());
                case "uuencode", "x-uuencode", "x-uue" ->
                        isUuencoded() ? uudecoded() : octets.again();
                default -> octets.again();
            };
        } catch (MessagingException e) {
            throw new IOException("a part of the message can't be read", e);
        }
    }

    /// What is said to be uuencoded and is not is taken as it is.
    private synchronized boolean isUuencoded() throws IOException, MessagingException {
        Boolean known = uuencoded;
        if (known == null) {
            try (InputStream in = uudecoded()) {
                in.transferTo(OutputStream.nullOutputStream());
                known = true;
            } catch (DecodingException _) {
                known = false;
            }
            uuencoded = known;
        }
        return known;
    }

    private InputStream uudecoded() throws MessagingException {
        return MimeUtility.decode(new ShortLines(octets.again()), encoding);
    }

    /// The decoder holds each line in memory, and one that is encoded is short.
    private static final class ShortLines extends OctetwiseStream {

        private static final int LIMIT_OCTETS = 10_000;

        private final InputStream in;
        private int length;

        ShortLines(InputStream in) {
            this.in = in;
        }

        @Override
        protected int nextOctet() throws IOException {
            int octet = in.read();
            length = octet == '\n' ? 0 : length + 1;
            if (length > LIMIT_OCTETS) {
                throw new DecodingException("a line of more than " + LIMIT_OCTETS + " octets");
            }
            return octet;
        }
    }

    /// Returns whether it has no octet.
    public boolean isEmpty() throws IOException {
        try (InputStream in = open()) {
            return in.read() < 0;
        }
    }

    /// Returns whether it has nothing but blanks and line breaks.
    boolean isBlank() throws IOException {
        try (InputStream in = new BufferedInputStream(open())) {
            int octet = in.read();
            while (octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n') {
                octet = in.read();
            }
            return octet < 0;
        }
    }

    /// Returns whether its text can't be told: a charset that nobody here knows, or octets that it
    /// can't have.
    synchronized boolean isGuessed() throws IOException {
        // Found out now, when the parts' turns come one after the other: later each would be gone
        // back to.
        charset();
        return broken || Charsets.named(charsetName).isEmpty();
    }

    /// Returns the name of its charset as it says.
    String charsetName() {
        return charsetName;
    }

    /// Returns its text.
    public Reader text() throws IOException {
        Reader reader = new InputStreamReader(open(), charset());
        reader = new BufferedReader(reader);
        reader.mark(1);
        if (reader.read() != BYTE_ORDER_MARK) {
            reader.reset();
        }
        return reader;
    }

    /// What is said to be ASCII, or says nothing that we know, is UTF-8 if it can be, else what
    /// Windows has.
    private synchronized Charset charset() throws IOException {
        Charset known = charset;
        if (known == null) {
            Charset said = Charsets.named(charsetName).orElse(US_ASCII);
            if (said.equals(US_ASCII)) {
                Charsets.Fit fit = Charsets.Fit.of(open(), UTF_8);
                known = fit.utf8Or(Charsets.WINDOWS);
                broken = known.equals(UTF_8) && !fit.isAll();
            } else {
                Charsets.Fit fit = Charsets.Fit.of(open(), said);
                known = fit.orSuperset(said);
                broken =
                        !fit.isAll()
                                && (known.equals(said) || !Charsets.Fit.of(open(), known).isAll());
            }
            charset = known;
        }
        return known;
    }

    /// Decodes base64 as it comes: what is no digit is passed over (RFC 2045 §6.8), padding ends
    /// its line but not the data, since some put encoded pieces one after the other, and a last
    /// group may lack its padding.
    static final class LenientBase64Stream extends OctetwiseStream {

        private static final byte[] VALUES = new byte[256];
        private static final byte NONE = -1;
        private static final byte PADDING = -2;

        /// How much of something is looked at to tell whether it is base64 at all.
        private static final int SAMPLE_BYTES = 1024;

        /// More octets than these that belong into no base64, and one in twenty, make it none.
        private static final int FOREIGN_LIMIT = 2;

        private static final int FOREIGN_RARITY = 20;

        static {
            Arrays.fill(VALUES, NONE);
            for (int i = 0; i < Charsets.BASE64_DIGITS.length(); i++) {
                VALUES[Charsets.BASE64_DIGITS.charAt(i)] = (byte) i;
            }
            VALUES['='] = PADDING;
        }

        private final InputStream in;
        private final byte[] encoded = new byte[8 * 1024];
        private int encodedAt;
        private int encodedFilled;
        private int bits;
        private int bitCount;
        private boolean ended;

        LenientBase64Stream(InputStream in) {
            this.in = in;
        }

        /// Returns whether this can be base64. Some say so of text that is none: taken for base64
        /// it would be lost.
        static boolean isPlausible(InputStream in) throws IOException {
            byte[] sample = in.readNBytes(SAMPLE_BYTES);
            int foreign = 0;
            for (int i = 0; i < sample.length; i++) {
                foreign += isForeign(sample, i) ? 1 : 0;
            }
            return foreign <= FOREIGN_LIMIT || foreign * FOREIGN_RARITY <= sample.length;
        }

        /// Blanks are foreign only between two digits: around a line they do no harm.
        private static boolean isForeign(byte[] sample, int at) {
            return switch (sample[at]) {
                case '\r', '\n' -> false;
                case ' ', '\t' ->
                        at > 0
                                && at + 1 < sample.length
                                && VALUES[sample[at - 1] & 0xFF] >= 0
                                && VALUES[sample[at + 1] & 0xFF] >= 0;
                default -> VALUES[sample[at] & 0xFF] == NONE;
            };
        }

        @Override
        protected int nextOctet() throws IOException {
            while (true) {
                int octet = encodedOctet();
                if (octet < 0) {
                    return -1;
                }
                byte value = VALUES[octet];
                if (octet == '\n') {
                    ended = false;
                } else if (value == PADDING) {
                    ended = bitCount > 0 || ended;
                    bitCount = 0;
                } else if (value != NONE && !ended) {
                    bits = bits << 6 | value;
                    bitCount += 6;
                    if (bitCount >= 8) {
                        bitCount -= 8;
                        return bits >> bitCount & 0xFF;
                    }
                }
            }
        }

        private int encodedOctet() throws IOException {
            if (encodedAt == encodedFilled) {
                encodedAt = 0;
                encodedFilled = Math.max(in.read(encoded), 0);
            }
            return encodedFilled == 0 ? -1 : encoded[encodedAt++] & 0xFF;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /// Decodes quoted-printable as it comes (RFC 2045 §6.7): blanks before a line's end are passed
    /// over, and an equals sign that no digits follow is one.
    static final class QuotedPrintableStream extends OctetwiseStream {

        private static final int PUSHED_BACK_OCTETS = 2;

        private final PushbackInputStream encoded;

        /// Blanks that were read ahead and are part of the text.
        private int blanks;

        QuotedPrintableStream(InputStream in) {
            this.encoded = new PushbackInputStream(in, PUSHED_BACK_OCTETS);
        }

        @Override
        protected int nextOctet() throws IOException {
            if (blanks > 0) {
                blanks--;
                return ' ';
            }
            int octet = encoded.read();
            while (octet == '=') {
                int first = encoded.read();
                if (first != '\r' && first != '\n') {
                    return escaped(first);
                }
                int second = first == '\r' ? encoded.read() : '\n';
                if (second != '\n') {
                    pushBack(second);
                }
                octet = encoded.read();
            }
            return octet == ' ' ? blank() : octet;
        }

        private int escaped(int first) throws IOException {
            if (first < 0) {
                return -1;
            }
            int second = encoded.read();
            int high = Character.digit(first, 16);
            int low = Character.digit(second, 16);
            if (high >= 0 && low >= 0) {
                return high * 16 + low;
            }
            pushBack(second);
            pushBack(first);
            return '=';
        }

        private int blank() throws IOException {
            int more = 0;
            int octet = encoded.read();
            while (octet == ' ') {
                more++;
                octet = encoded.read();
            }
            if (octet < 0 || octet == '\r' || octet == '\n') {
                return octet;
            }
            pushBack(octet);
            blanks = more;
            return ' ';
        }

        private void pushBack(int octet) throws IOException {
            if (octet >= 0) {
                encoded.unread(octet);
            }
        }

        @Override
        public void close() throws IOException {
            encoded.close();
        }
    }
}
