package dev.postern.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Reads the values of environment variables, and the defaults and examples of the key table, which
/// are written in the same way: lists by commas, users as NAME:PASSWORD, aliases as NAME=ADDRESS,
/// both percent-encoded.
final class OneLine {

    private static final String USERS_RULE =
            "NAME:PASSWORD pairs with commas between, each part percent-encoded";
    private static final String ALIASES_RULE =
            "NAME=ADDRESS pairs with commas between, each part percent-encoded, each name once";

    private OneLine() {}

    /// Returns what `text` gives for the key of `reading`; broken after telling why.
    static Given given(Type<?> type, String text, Source source, Reading reading) {
        return switch (type) {
            case Type.ListOf<?> _ -> new Given.Items(texts(text, source), source);
            case Type.Users _ -> orBroken(users(text, source), USERS_RULE, source, reading);
            case Type.Aliases _ -> orBroken(aliases(text, source), ALIASES_RULE, source, reading);
            case Type.Scalar<?> _, Type.SecretText _, Type.FilePath _, Type.Egresses _ ->
                    new Given.Text(text, source);
        };
    }

    private static Given orBroken(
            @Nullable Given given, String rule, Source source, Reading reading) {
        if (given == null) {
            reading.problems().add(source, reading.path(), "must be " + rule);
            return new Given.Broken(source);
        }
        return given;
    }

    /// Returns the non-empty parts between commas.
    static List<String> parts(String text) {
        List<String> parts = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            if (!part.isBlank()) {
                parts.add(part.strip());
            }
        }
        return parts;
    }

    private static List<Given> texts(String text, Source source) {
        List<Given> items = new ArrayList<>();
        parts(text).forEach(part -> items.add(new Given.Text(part, source)));
        return items;
    }

    private static @Nullable Given users(String text, Source source) {
        List<Given> users = new ArrayList<>();
        for (String pair : parts(text)) {
            int colon = pair.indexOf(':');
            SequencedMap<String, Given.Entry> members = new LinkedHashMap<>();
            boolean whole =
                    colon >= 0
                            && put(members, "username", pair.substring(0, colon), source)
                            && put(members, "password", pair.substring(colon + 1), source);
            if (!whole) {
                return null;
            }
            users.add(new Given.Entries(members, source));
        }
        return new Given.Items(users, source);
    }

    private static @Nullable Given aliases(String text, Source source) {
        SequencedMap<String, Given.Entry> entries = new LinkedHashMap<>();
        for (String pair : parts(text)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? null : Percent.decode(pair.substring(0, equals));
            if (name == null || !put(entries, name, pair.substring(equals + 1), source)) {
                return null;
            }
        }
        return new Given.Entries(entries, source);
    }

    /// Returns whether `encoded` is well-formed and its name new.
    private static boolean put(
            SequencedMap<String, Given.Entry> members, String name, String encoded, Source source) {
        String decoded = Percent.decode(encoded);
        return decoded != null
                && members.put(name, new Given.Entry(source, new Given.Text(decoded, source)))
                        == null;
    }
}
