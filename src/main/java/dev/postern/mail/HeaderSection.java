package dev.postern.mail;

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

/// The header section at the start of a message, read ahead to find out who it is from and for (RFC
/// 5322 §2.2). Lines may end in CRLF or in LF alone: programs hand over local mail as the system
/// has it.
///
/// *Limits.* [#LIMIT_OCTETS] are read at most; a longer section is cut there.
public final class HeaderSection {

    /// How much is read ahead at most.
    public static final int LIMIT_OCTETS = 256 * 1024;

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
