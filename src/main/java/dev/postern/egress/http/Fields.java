package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// A header section as its fields: names as spelled, values unfolded, raw, an octet a character.
/// Lines that are no field are passed over (RFC 5322 §2.2).
///
/// @param all the fields in their order
record Fields(List<Field> all) {

    private static final int LIMIT_BYTES = 1024 * 1024;
    private static final Pattern NAME = Pattern.compile("[!-9;-~]+[ \t]*");

    Fields {
        all = List.copyOf(all);
    }

    /// One field.
    ///
    /// @param name as it is spelled
    /// @param value unfolded, without blanks around it, raw
    record Field(String name, String value) {

        boolean isNamed(String other) {
            return name.equalsIgnoreCase(other);
        }
    }

    /// Reads the header section at the start of a message.
    ///
    /// @throws IOException when it can't be read
    static Fields read(InputStream in) throws IOException {
        List<Field> fields = new ArrayList<>();
        String name = "";
        StringBuilder value = new StringBuilder();
        int left = LIMIT_BYTES;
        while (left > 0) {
            String line = line(in);
            left -= line.length() + 1;
            boolean folded = line.startsWith(" ") || line.startsWith("\t");
            if (folded && !name.isEmpty()) {
                value.append(line);
                continue;
            }
            add(fields, name, value);
            if (line.isEmpty()) {
                break;
            }
            int colon = line.indexOf(':');
            boolean isField = isField(line);
            name = isField ? line.substring(0, colon).strip() : "";
            value = new StringBuilder(isField ? line.substring(colon + 1) : "");
        }
        return new Fields(fields);
    }

    /// Returns whether a line of a header section begins a field.
    static boolean isField(String line) {
        int colon = line.indexOf(':');
        return colon > 0 && NAME.matcher(line.substring(0, colon)).matches();
    }

    private static void add(List<Field> fields, String name, StringBuilder value) {
        if (!name.isEmpty()) {
            fields.add(new Field(name, value.toString().strip()));
        }
    }

    /// Returns a line without its line break; empty at the end too.
    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int octet = in.read();
        while (octet >= 0 && octet != '\n' && line.size() < LIMIT_BYTES) {
            line.write(octet);
            octet = in.read();
        }
        String text = line.toString(ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    /// Returns the values of all fields of that name.
    List<String> values(String name) {
        return all.stream().filter(f -> f.isNamed(name)).map(Field::value).toList();
    }

    /// Returns the value of the first field of that name.
    Optional<String> first(String name) {
        return values(name).stream().findFirst();
    }

    /// Returns whether there is a field of that name.
    boolean has(String name) {
        return first(name).isPresent();
    }
}
