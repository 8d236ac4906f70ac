package dev.postern.testing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Message content taken apart at its header fields, without a change: [#toString()] is what went
/// in, an octet a character.
///
/// @param fields each field as it stands, folds and last CRLF included
/// @param rest the empty line and the body
public record HeaderSection(List<String> fields, String rest) {

    private static final String CRLF = "\r\n";

    /// Takes content apart.
    public static HeaderSection of(byte[] content) {
        return of(new String(content, StandardCharsets.ISO_8859_1));
    }

    /// Takes content apart that has an octet a character.
    public static HeaderSection of(String text) {
        List<String> fields = new ArrayList<>();
        int at = 0;
        while (!text.startsWith(CRLF, at)) {
            int end = endOfField(text, at);
            if (end < 0) {
                break;
            }
            fields.add(text.substring(at, end));
            at = end;
        }
        return new HeaderSection(fields, text.substring(at));
    }

    /// Returns where the field that begins there ends; negative: no field begins there.
    private static int endOfField(String text, int begin) {
        int end = text.indexOf(CRLF, begin);
        while (end >= 0 && isFold(text, end + CRLF.length())) {
            end = text.indexOf(CRLF, end + CRLF.length());
        }
        return end < 0 ? end : end + CRLF.length();
    }

    private static boolean isFold(String text, int at) {
        return at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t');
    }

    /// Returns whether there is a field of this name.
    public boolean has(String name) {
        return fields.stream().anyMatch(field -> nameOf(field).equalsIgnoreCase(name));
    }

    /// Returns the same content without the fields of this name.
    public HeaderSection without(String name) {
        return new HeaderSection(
                fields.stream().filter(field -> !nameOf(field).equalsIgnoreCase(name)).toList(),
                rest);
    }

    /// Returns the same content without its first field, which must have this name.
    public HeaderSection withoutFirst(String name) {
        if (fields.isEmpty() || !nameOf(fields.getFirst()).equalsIgnoreCase(name)) {
            throw new AssertionError(name + " is not the first field of:\n" + this);
        }
        return new HeaderSection(fields.subList(1, fields.size()), rest);
    }

    private static String nameOf(String field) {
        int colon = field.indexOf(':');
        return colon < 0 ? "" : field.substring(0, colon).strip().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return String.join("", fields) + rest;
    }
}
