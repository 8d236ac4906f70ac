package dev.postern.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// Reads the values of environment variables, and the defaults and examples of the key table, which
/// are written in the same way: lists by commas, users as NAME:PASSWORD, aliases as NAME=ADDRESS,
/// both percent-encoded.
final class EnvSyntax {

    private static final String USERS_RULE =
            "NAME:PASSWORD pairs with commas between, each part percent-encoded";
    private static final String ALIASES_RULE =
            "NAME=ADDRESS pairs with commas between, each part percent-encoded, each name once";

    private EnvSyntax() {}

    /// Returns what `text` gives for the key of `reading`; broken after telling why.
    static RawValue given(Type<?> type, String text, Source source, ValueContext reading) {
        return switch (type) {
            case Type.ListOf<?> _ -> new RawValue.Items(texts(text, source), source);
            case Type.Users _ -> orBroken(users(text, source), USERS_RULE, source, reading);
            case Type.Aliases _ -> orBroken(aliases(text, source), ALIASES_RULE, source, reading);
            case Type.Scalar<?> _, Type.SecretText _, Type.FilePath _, Type.Egresses _ ->
                    new RawValue.Text(text, source);
        };
    }

    private static RawValue orBroken(
            @Nullable RawValue given, String rule, Source source, ValueContext reading) {
        if (given == null) {
            reading.problems().add(source, reading.path(), "must be " + rule);
            return new RawValue.Broken(source);
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

    private static List<RawValue> texts(String text, Source source) {
        List<RawValue> items = new ArrayList<>();
        parts(text).forEach(part -> items.add(new RawValue.Text(part, source)));
        return items;
    }

    private static @Nullable RawValue users(String text, Source source) {
        List<RawValue> users = new ArrayList<>();
        for (String pair : parts(text)) {
            int colon = pair.indexOf(':');
            SequencedMap<String, RawValue.Entry> members = new LinkedHashMap<>();
            boolean whole =
                    colon >= 0
                            && put(members, "username", pair.substring(0, colon), source)
                            && put(members, "password", pair.substring(colon + 1), source);
            if (!whole) {
                return null;
            }
            users.add(new RawValue.Entries(members, source));
        }
        return new RawValue.Items(users, source);
    }

    private static @Nullable RawValue aliases(String text, Source source) {
        SequencedMap<String, RawValue.Entry> entries = new LinkedHashMap<>();
        for (String pair : parts(text)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? null : Percent.decode(pair.substring(0, equals));
            if (name == null || !put(entries, name, pair.substring(equals + 1), source)) {
                return null;
            }
        }
        return new RawValue.Entries(entries, source);
    }

    /// Returns whether `encoded` is well-formed and its name new.
    private static boolean put(
            SequencedMap<String, RawValue.Entry> members,
            String name,
            String encoded,
            Source source) {
        String decoded = Percent.decode(encoded);
        return decoded != null
                && members.put(name, new RawValue.Entry(source, new RawValue.Text(decoded, source)))
                        == null;
    }
}
