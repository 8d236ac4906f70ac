package dev.postern.egress.mime;

import java.io.IOException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// A header section as its fields: names as spelled, values unfolded and [Raw]. Lines that are no
/// field are passed over (RFC 5322 §2.2).
///
/// @param all the fields in their order
public record Fields(List<Field> all) {

    static final Fields NONE = new Fields(List.of());

    /// No line that begins a field legally is longer (RFC 5322 §2.1.1).
    static final int NAME_LIMIT_OCTETS = 998;

    public Fields {
        all = List.copyOf(all);
    }

    /// One field.
    ///
    /// @param name as it is spelled
    /// @param value unfolded, without blanks around it
    public record Field(String name, Raw value) {

        public boolean isNamed(String other) {
            return name.equalsIgnoreCase(other);
        }
    }

    /// A value, or a piece of one, as it stands in the message: octets, no text yet. Only
    /// [HeaderText] makes text of it, so the octets are for the readers of this package alone. Text
    /// is of another type, so nothing can be decoded twice.
    public static final class Raw {
        static final Raw NONE = new Raw("");

        private static final int LAST_OCTET = 0xFF;

        private final String octets;

        /// @param octets an octet a character
        public Raw(String octets) {
            if (octets.chars().anyMatch(c -> c > LAST_OCTET)) {
                throw new IllegalArgumentException("text is no raw value");
            }
            this.octets = octets;
        }

        /// Returns an octet a character, for those who look for the pieces of a value.
        String octets() {
            return octets;
        }

        public boolean isEmpty() {
            return octets.isEmpty();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Raw raw && raw.octets.equals(octets);
        }

        @Override
        public int hashCode() {
            return octets.hashCode();
        }
    }

    /// Reads the header section at the start of a message.
    ///
    /// @param wanted says of a name whether its fields are; of others nothing is kept, however long
    ///   they are
    /// @throws IOException when it can't be read
    public static Fields read(ContentCursor content, Predicate<String> wanted) throws IOException {
        MimeLines lines = new MimeLines(content.whole());
        Section section = new Section(wanted, new ReadingBudget(content));
        boolean goesOn = lines.next(1);
        while (goesOn && section.add(lines)) {
            goesOn = lines.next(1);
        }
        return section.fields();
    }

    /// A header section while it is read, line by line.
    static final class Section {

        private final Predicate<String> wanted;
        private final ReadingBudget allowance;
        private final List<Field> fields = new ArrayList<>();
        private String name = "";
        private StringBuilder value = new StringBuilder();
        private boolean begun;
        private boolean headless;
        private boolean losesLines;

        Section(Predicate<String> wanted, ReadingBudget allowance) {
            this.wanted = wanted;
            this.allowance = allowance;
            allowance.section();
        }

        /// Takes the next line.
        ///
        /// @return whether the section goes on: an empty line ends it
        boolean add(MimeLines line) throws IOException {
            line.more(NAME_LIMIT_OCTETS + 1);
            if (line.isEmpty()) {
                return false;
            }
            boolean first = !begun;
            begun = true;
            boolean folded = line.octet(0) == ' ' || line.octet(0) == '\t';
            if (folded && !first) {
                value.append(name.isEmpty() ? "" : kept(line).text(0));
                return true;
            }
            int from = 0;
            while (folded && (line.octet(from) == ' ' || line.octet(from) == '\t')) {
                from++;
            }
            end();
            int colon = colonOfField(line, from);
            if (colon < 0) {
                passOver(line, first, from);
            } else {
                begin(line, from, colon);
            }
            return true;
        }

        private void begin(MimeLines line, int from, int colon) throws IOException {
            String spelled = line.text(from).substring(0, colon - from).strip();
            if (wanted.test(spelled)) {
                allowance.field();
                name = spelled;
                value.append(kept(line).text(colon + 1));
            }
        }

        private MimeLines kept(MimeLines line) throws IOException {
            line.more(allowance.sectionOctetsLeft() + 1);
            allowance.header(line.length());
            return line;
        }

        private void passOver(MimeLines line, boolean first, int from) {
            if (line.isWhole() && from == line.length()) {
                // Blanks alone before all fields are nothing.
                begun = false;
                return;
            }
            // By such a line a mailbox file begins a message.
            boolean ofMailbox =
                    line.text(0).startsWith("From ") || line.text(0).startsWith(">From ");
            headless |= first && !ofMailbox;
            losesLines |= !ofMailbox;
        }

        private void end() {
            if (!name.isEmpty()) {
                fields.add(new Field(name, new Raw(value.toString().strip())));
                name = "";
                value = new StringBuilder();
            }
        }

        /// Returns where the colon of the field that a line begins is; negative when it begins
        /// none.
        private static int colonOfField(MimeLines line, int from) {
            int at = from;
            while (line.octet(at) > ' ' && line.octet(at) < 127 && line.octet(at) != ':') {
                at++;
            }
            int end = at;
            while (line.octet(at) == ' ' || line.octet(at) == '\t') {
                at++;
            }
            return end > from && line.octet(at) == ':' ? at : -1;
        }

        /// Returns the fields so far.
        Fields fields() {
            end();
            return fields.isEmpty() ? NONE : new Fields(fields);
        }

        /// Returns whether there was any line.
        boolean hasLines() {
            return begun;
        }

        /// Returns whether its first line is no field already: then it is no header section, but
        /// the text itself.
        boolean isHeadless() {
            return headless;
        }

        /// Returns whether there were lines that are no field.
        boolean losesLines() {
            return losesLines;
        }
    }

    /// Returns the values of all fields of that name.
    public List<Raw> values(String name) {
        return all.stream().filter(f -> f.isNamed(name)).map(Field::value).toList();
    }

    /// Returns the value of the first field of that name.
    public Optional<Raw> first(String name) {
        return all.stream().filter(f -> f.isNamed(name)).findFirst().map(Field::value);
    }

    /// Returns the same fields with their octets beyond ASCII as UTF-8.
    ///
    /// @param otherwise what they are that are no UTF-8
    Fields inUtf8(Charset otherwise) {
        return new Fields(
                all.stream()
                        .map(f -> new Field(f.name(), HeaderText.inUtf8(f.value(), otherwise)))
                        .toList());
    }

    /// Returns whether there is a field of that name.
    public boolean has(String name) {
        return first(name).isPresent();
    }
}
