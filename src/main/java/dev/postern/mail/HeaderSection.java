package dev.postern.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.regex.Pattern;

/// The header section at the start of a message, read ahead to find out who it is from and for (RFC
/// 5322 §2.2). Lines may end in CRLF or in LF alone: programs hand over local mail as the system
/// has it.
///
/// *Limits.* [#LIMIT_OCTETS] are read at most; a longer section is cut there.
public final class HeaderSection {

    /// How much is read ahead at most.
    public static final int LIMIT_OCTETS = 256 * 1024;

    private static final Pattern FIELD_START = Pattern.compile("(?<=\n)(?![ \t])");
    private static final Pattern FIELD_NAME = Pattern.compile("[!-9;-~]+");

    private final byte[] octets;
    private final boolean whole;
    private final List<Field> fields;

    private record Field(String name, String value) {}

    private HeaderSection(byte[] octets, boolean whole) {
        this.octets = octets;
        this.whole = whole;
        this.fields = fields(new String(octets, UTF_8));
    }

    /// Reads up to and including the first empty line, octet by octet: give it a buffered stream.
    public static HeaderSection read(InputStream in) throws IOException {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        boolean lineEmpty = true;
        int octet;
        while (octets.size() < LIMIT_OCTETS && (octet = in.read()) >= 0) {
            octets.write(octet);
            if (octet == '\n') {
                if (lineEmpty) {
                    return new HeaderSection(octets.toByteArray(), true);
                }
                lineEmpty = true;
            } else if (octet != '\r') {
                lineEmpty = false;
            }
        }
        return new HeaderSection(octets.toByteArray(), octets.size() < LIMIT_OCTETS);
    }

    /// Returns whether the section ended within the limit.
    public boolean isWhole() {
        return whole;
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
        return fields.stream().filter(f -> f.name().equals(wanted)).map(Field::value).toList();
    }

    /// Returns the section with other values in some fields. A section that was cut stays as it is.
    ///
    /// @param change gets a field's name in lower case and its value, folded as it is and octet by
    ///   octet (ISO 8859-1), and returns what to write for it
    public HeaderSection withValues(BinaryOperator<String> change) {
        if (!whole) {
            return this;
        }
        StringBuilder text = new StringBuilder();
        for (String field : FIELD_START.split(new String(octets, ISO_8859_1))) {
            int colon = field.indexOf(':');
            String name = field.substring(0, Math.max(colon, 0));
            text.append(
                    FIELD_NAME.matcher(name).matches()
                            ? name
                                    + ":"
                                    + change.apply(
                                            name.toLowerCase(Locale.ROOT),
                                            field.substring(colon + 1))
                            : field);
        }
        return new HeaderSection(text.toString().getBytes(ISO_8859_1), true);
    }

    private static List<Field> fields(String text) {
        List<Field> fields = new ArrayList<>();
        for (String line : text.lines().toList()) {
            if (line.isEmpty()) {
                break;
            }
            int colon = line.indexOf(':');
            if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
                if (!fields.isEmpty()) {
                    Field last = fields.removeLast();
                    fields.add(new Field(last.name(), last.value() + line));
                }
            } else if (colon > 0) {
                String name = line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
                fields.add(new Field(name, line.substring(colon + 1)));
            }
        }
        return fields;
    }
}
