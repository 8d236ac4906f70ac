package dev.postern.config.load;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What was given for a key, before the key's type reads it.
sealed interface RawValue {

    /// Returns where it stands.
    Source source();

    /// YAML's null.
    record Nothing(Source source) implements RawValue {}

    /// A scalar of the file, verbatim, whose `${…}` are not yet resolved.
    record Template(String raw, Source source) implements RawValue {}

    /// A scalar.
    ///
    /// @param value its text
    /// @param now fetches the text again, where a mounted file may change
    record Text(String value, Supplier<String> now, Source source) implements RawValue {
        Text(String value, Source source) {
            this(value, () -> value, source);
        }
    }

    /// A list.
    record Items(List<RawValue> items, Source source) implements RawValue {
        public Items {
            items = List.copyOf(items);
        }
    }

    /// A mapping.
    record Entries(SequencedMap<String, Entry> entries, Source source) implements RawValue {
        public Entries {
            entries = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(entries));
        }

        /// Returns these and one more, which replaces any of its name.
        Entries with(String name, String value, Source from) {
            SequencedMap<String, Entry> members = new LinkedHashMap<>(entries);
            members.put(name, new Entry(from, new Text(value, from)));
            return new Entries(members, source);
        }

        /// Returns the text of a member; null when it is absent or no text.
        @Nullable Text text(String name) {
            Entry entry = entries.get(name);
            return entry != null && entry.value() instanceof Text text ? text : null;
        }
    }

    /// A value whose problem has been told already.
    record Broken(Source source) implements RawValue {}

    /// A value of a mapping.
    ///
    /// @param keySource where its key stands
    record Entry(Source keySource, RawValue value) {}
}
