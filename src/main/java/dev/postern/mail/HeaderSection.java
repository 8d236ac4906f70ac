package dev.postern.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The header section at the start of a message, read ahead to find out who it is from and for (RFC
/// 5322 §2.2). Lines are what [CrlfLines] makes of them and fields what [FieldScanner] finds: the
/// same that the listener sees, which takes the Bcc fields out.
///
/// *Limits.* [#LIMIT_OCTETS] are read at most; a longer section is cut there.
public final class HeaderSection {

    /// How much is read ahead at most.
    public static final int LIMIT_OCTETS = 256 * 1024;

    /// How far into it an author is looked for: the dispatcher has no time for more.
    static final int AUTHOR_LIMIT_OCTETS = 64 * 1024;

    private static final String CRLF = "\r\n";
    private static final Pattern UNINDENTED = Pattern.compile(CRLF + "(?=[^ \t])");
    private static final List<String> DESTINATIONS = List.of("to", "cc", "bcc");
    private static final List<String> RESENT = List.of("resent-to", "resent-cc", "resent-bcc");
    private static final List<String> RESENT_SENDER = List.of("resent-from", "resent-sender");

    private final byte[] octets;
    private final boolean whole;
    private final List<Piece> pieces;

    /// A stretch of the section and what is behind it, an octet a character.
    ///
    /// @param name the field's, in lower case; null when it is none
    private record Piece(@Nullable String name, String text) {

        /// @param found the name that the scanner saw, or took for granted because the blanks
        ///   behind it had no end
        static Piece of(@Nullable String found, String text) {
            String written = text.substring(0, Math.max(text.indexOf(':'), 0)).stripTrailing();
            return new Piece(written.equalsIgnoreCase(found) ? found : null, text);
        }

        /// Returns the value, folded as it is.
        String value() {
            return text.substring(text.indexOf(':') + 1);
        }

        /// A line that belongs here without being indented is taken as if it were.
        String unfolded() {
            String indented = UNINDENTED.matcher(value()).replaceAll(" ");
            return new String(indented.replace(CRLF, "").getBytes(ISO_8859_1), UTF_8);
        }
    }

    private HeaderSection(byte[] octets, boolean whole) throws IOException {
        this.octets = octets;
        this.whole = whole;
        Pieces found = new Pieces();
        FieldScanner scanner = new FieldScanner(found);
        byte[] lines = new CrlfLines(new ByteArrayInputStream(octets)).readAllBytes();
        scanner.write(ByteBuffer.wrap(lines));
        scanner.finish();
        this.pieces = found.all();
    }

    /// Returns the first address that the From field of a message names; the null reverse-path when
    /// it names none.
    ///
    /// @throws UncheckedIOException when the content can't be read
    public static ReversePath author(MessageContent content) {
        try (InputStream in = new BufferedInputStream(content.open())) {
            return read(in, AUTHOR_LIMIT_OCTETS)
                    .first("from")
                    .flatMap(value -> AddressList.parse(value).addresses().stream().findFirst())
                    .map(ReversePath::new)
                    .orElse(ReversePath.NULL);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads up to and including the first empty line, octet by octet: give it a buffered stream.
    public static HeaderSection read(InputStream in) throws IOException {
        return read(in, LIMIT_OCTETS);
    }

    private static HeaderSection read(InputStream in, int limitOctets) throws IOException {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        boolean lineEmpty = true;
        boolean afterCr = false;
        int octet;
        while (octets.size() < limitOctets && (octet = in.read()) >= 0) {
            octets.write(octet);
            if (octet == '\n') {
                if (lineEmpty) {
                    return new HeaderSection(octets.toByteArray(), true);
                }
                lineEmpty = true;
            } else {
                // A CR with anything but LF behind it is a blank.
                lineEmpty &= octet == '\r' && !afterCr;
            }
            afterCr = octet == '\r';
        }
        return new HeaderSection(octets.toByteArray(), octets.size() < limitOctets);
    }

    /// Returns whether the section ended within the limit.
    public boolean isWhole() {
        return whole;
    }

    /// Returns whether every line of it belongs to a field: behind one that does not, not all
    /// readers go on.
    public boolean isWellFormed() {
        return pieces.stream().allMatch(piece -> piece.name() != null || piece.text().isBlank());
    }

    /// Returns whether there is any field at all: without one all of the message is its body.
    public boolean hasFields() {
        return pieces.stream().anyMatch(piece -> piece.name() != null);
    }

    /// Returns the message from its start: what was read ahead, then the rest of `in`.
    public InputStream with(InputStream in) {
        return new SequenceInputStream(new ByteArrayInputStream(octets), in);
    }

    /// Returns the value of the first field of that name, unfolded.
    public Optional<String> first(String name) {
        return all(name).stream().findFirst();
    }

    /// Returns the values of all fields of that name, unfolded, in their order.
    public List<String> all(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return pieces.stream()
                .filter(piece -> wanted.equals(piece.name()))
                .map(Piece::unfolded)
                .toList();
    }

    /// Returns the values of all fields of that name, folded as they are and octet by octet (ISO
    /// 8859-1), in their order.
    ///
    /// @param name in lower case
    public List<String> rawValues(String name) {
        return pieces.stream()
                .filter(piece -> name.equals(piece.name()))
                .map(Piece::value)
                .toList();
    }

    /// Returns the values of the fields that say whom the message is for: the Resent ones where
    /// there are any, and then no others, since the message has been at those of To, Cc and Bcc
    /// before (RFC 5322 §3.6.6).
    public List<String> destinations() {
        List<String> values = new ArrayList<>();
        (isResent() ? RESENT : DESTINATIONS).forEach(name -> values.addAll(all(name)));
        return values;
    }

    /// Returns the value of the field that says whom the message is from: of a message that is sent
    /// again, who does that.
    public Optional<String> sender() {
        Optional<String> again =
                isResent()
                        ? RESENT_SENDER.stream().flatMap(name -> all(name).stream()).findFirst()
                        : Optional.empty();
        return again.or(() -> first("from"));
    }

    private boolean isResent() {
        return RESENT.stream().anyMatch(name -> first(name).isPresent());
    }

    /// Returns the section with other values in some fields, and every line's end as [CrlfLines]
    /// has it. A section that was cut stays as it is.
    ///
    /// @param change gets a field's name in lower case and its value, folded as it is and octet by
    ///   octet (ISO 8859-1), and returns what to write for it
    public HeaderSection withValues(BinaryOperator<String> change) throws IOException {
        if (!whole) {
            return this;
        }
        StringBuilder text = new StringBuilder();
        for (Piece piece : pieces) {
            String its = piece.text();
            String name = piece.name();
            if (name == null) {
                text.append(its);
            } else {
                String value = piece.value();
                text.append(its, 0, its.length() - value.length());
                text.append(change.apply(name, value));
            }
        }
        return new HeaderSection(text.toString().getBytes(ISO_8859_1), true);
    }

    /// Gathers what the scanner finds.
    private static final class Pieces implements FieldScanner.Sink {

        private final List<Piece> done = new ArrayList<>();
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();
        private @Nullable String name;

        @Override
        public void field(String its) {
            next(its.toLowerCase(Locale.ROOT));
        }

        @Override
        public void other() {
            next(null);
        }

        @Override
        public void octets(ByteBuffer octets) {
            while (octets.hasRemaining()) {
                text.write(octets.get());
            }
        }

        @Override
        public void end(boolean emptyLine) {
            next(null);
            if (emptyLine) {
                text.writeBytes(CRLF.getBytes(ISO_8859_1));
            }
        }

        private void next(@Nullable String itsName) {
            done.add(Piece.of(name, text.toString(ISO_8859_1)));
            text.reset();
            name = itsName;
        }

        List<Piece> all() {
            next(null);
            return done;
        }
    }
}
