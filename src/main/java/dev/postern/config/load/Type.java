package dev.postern.config.load;

import dev.postern.config.Secret;
import dev.postern.config.load.Problems.ValueContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How the values of a key are written.
sealed interface Type<T> {

    /// Returns what a value looks like, as in `must be …`.
    String told();

    /// Returns the value, or null after telling its problems.
    @Nullable T read(RawValue given, ValueContext reading);

    /// Returns whether values must not be shown.
    default boolean secret() {
        return false;
    }

    /// Returns whether a member of its values may be shown where the whole is secret.
    default boolean mayShow(String member) {
        return false;
    }

    /// One text.
    record Scalar<T>(String told, Function<String, Parsed<T>> parser) implements Type<T> {
        @Override
        public @Nullable T read(RawValue given, ValueContext reading) {
            if (!(given instanceof RawValue.Text text)) {
                reading.shape(given, told);
                return null;
            }
            Parsed<T> parsed = parser.apply(text.value());
            if (parsed instanceof Parsed.Wrong<T> wrong) {
                reading.wrong(text, wrong.rule(), wrong.remedy());
                return null;
            }
            return ((Parsed.Good<T>) parsed).value();
        }
    }

    /// A secret text. Line breaks around it are no part of it.
    ///
    /// @param pasted whether blanks and quotes around it are no part of it either, as of a key that
    ///   a provider made
    record SecretText(boolean pasted) implements Type<Secret> {

        /// Returns a text without what does not belong to it.
        String plain(String written) {
            int from = 0;
            int to = written.length();
            while (to > from && isAround(written.charAt(to - 1))) {
                to--;
            }
            while (from < to && isAround(written.charAt(from))) {
                from++;
            }
            return written.substring(from, to);
        }

        private boolean isAround(char c) {
            return c == '\n' || c == '\r' || (pasted && (c == ' ' || c == '\t' || isQuote(c)));
        }

        /// Returns what is left out, for messages.
        String around() {
            return pasted ? "quotes, blanks and line breaks" : "line breaks";
        }

        static boolean isQuote(char c) {
            return c == '"' || c == '\'';
        }

        @Override
        public String told() {
            return "a secret text";
        }

        @Override
        public boolean secret() {
            return true;
        }

        @Override
        public @Nullable Secret read(RawValue given, ValueContext reading) {
            if (!(given instanceof RawValue.Text text)) {
                reading.shape(given, told());
                return null;
            }
            String plain = plain(text.value());
            if (plain.isEmpty()) {
                reading.tell(text.source(), "must not be empty", "");
                return null;
            }
            if (plain.chars().anyMatch(Character::isISOControl)) {
                reading.wrong(text, "one line without control characters", "");
                return null;
            }
            return Secret.from(plain, () -> plain(text.now().get()));
        }
    }

    /// A list of texts.
    ///
    /// @param mayBeEmpty whether a list without items is a value
    record ListOf<E>(String told, Scalar<E> element, boolean mayBeEmpty) implements Type<List<E>> {
        @Override
        public @Nullable List<E> read(RawValue given, ValueContext reading) {
            if (!(given instanceof RawValue.Items items)) {
                reading.shape(given, told);
                return null;
            }
            if (items.items().isEmpty() && !mayBeEmpty) {
                reading.tell(given.source(), "must not be empty", "");
                return null;
            }
            List<E> read = new ArrayList<>();
            for (RawValue item : items.items()) {
                E value = element.read(item, reading);
                if (value != null) {
                    read.add(value);
                }
            }
            return read.size() == items.items().size() ? read : null;
        }
    }

    /// A list of mappings that all have the same members.
    ///
    /// @param noun what an element is: `a user`
    /// @param example an element
    /// @param variable an element as a variable has it, its members in order: `NAME:PASSWORD`
    /// @param members their names
    /// @param shown those of the members that may be shown
    /// @param maker makes an element; null after telling what is wrong with a member
    /// @param name what no two elements have in common
    record Mappings<E>(
            String noun,
            String example,
            String variable,
            List<String> members,
            Set<String> shown,
            BiFunction<Map<String, RawValue.Text>, ValueContext, @Nullable E> maker,
            Function<E, String> name)
            implements Type<List<E>> {
        @Override
        public String told() {
            return "a list such as [" + example + "]";
        }

        @Override
        public boolean secret() {
            return true;
        }

        @Override
        public boolean mayShow(String member) {
            return shown.contains(member);
        }

        @Override
        public @Nullable List<E> read(RawValue given, ValueContext reading) {
            if (!(given instanceof RawValue.Items items)) {
                reading.shape(given, told());
                return null;
            }
            List<E> read = new ArrayList<>();
            Set<String> names = new HashSet<>();
            for (int i = 0; i < items.items().size(); i++) {
                RawValue item = items.items().get(i);
                ValueContext part = reading.part("[" + (i + 1) + "]");
                Map<String, RawValue.Text> texts = texts(item, part);
                E element = texts == null ? null : maker.apply(texts, part);
                if (element != null && names.add(name.apply(element))) {
                    read.add(element);
                } else if (element != null) {
                    part.tell(item.source(), "is a name given twice", "");
                }
            }
            return read.size() == items.items().size() ? read : null;
        }

        /// Returns the members' texts; null after telling what is wrong.
        private @Nullable Map<String, RawValue.Text> texts(RawValue given, ValueContext reading) {
            if (!(given instanceof RawValue.Entries entries)) {
                reading.shape(given, "a mapping such as " + example);
                return null;
            }
            entries.entries().forEach((name, entry) -> known(name, entry, reading));
            Map<String, RawValue.Text> texts = new LinkedHashMap<>();
            for (String name : members) {
                RawValue.Text text = member(entries, name, reading);
                if (text != null) {
                    texts.put(name, text);
                }
            }
            return texts.size() == members.size() ? texts : null;
        }

        private void known(String name, RawValue.Entry entry, ValueContext reading) {
            if (!members.contains(name)) {
                String nearest = NearestWord.of(name, members);
                reading.part("." + name)
                        .tell(
                                entry.keySource(),
                                "unknown key",
                                nearest == null
                                        ? noun + " has " + Problems.allOf(members)
                                        : "did you mean " + nearest + "?");
            }
        }

        private static RawValue.@Nullable Text member(
                RawValue.Entries entries, String name, ValueContext reading) {
            RawValue.Entry entry = entries.entries().get(name);
            if (entry == null) {
                reading.tell(entries.source(), name + " is missing", "");
                return null;
            }
            ValueContext part = reading.part("." + name);
            if (entry.value() instanceof RawValue.Text text) {
                if (!text.value().isEmpty()) {
                    return text;
                }
                part.tell(text.source(), "must not be empty", "");
                return null;
            }
            part.shape(entry.value(), "a text");
            return null;
        }
    }

    /// Addresses by name.
    record Aliases(Scalar<String> name, Scalar<String> target)
            implements Type<Map<String, String>> {
        @Override
        public String told() {
            return "a mapping such as {root: ops@example.org}";
        }

        @Override
        public @Nullable Map<String, String> read(RawValue given, ValueContext reading) {
            if (!(given instanceof RawValue.Entries entries)) {
                reading.shape(given, told());
                return null;
            }
            Map<String, String> read = new LinkedHashMap<>();
            entries.entries().forEach((alias, entry) -> read(alias, entry, read, reading));
            return read.size() == entries.entries().size() ? read : null;
        }

        private void read(
                String alias,
                RawValue.Entry entry,
                Map<String, String> read,
                ValueContext reading) {
            String key = name.read(new RawValue.Text(alias, entry.keySource()), reading);
            String value = target.read(entry.value(), reading.part("." + alias));
            if (key == null || value == null) {
                return;
            }
            if (read.put(key.toLowerCase(Locale.ROOT), value) != null) {
                reading.part("." + alias)
                        .tell(
                                entry.keySource(),
                                "is given twice",
                                "names do not differ by upper and lower case");
            }
        }
    }

    /// The egress list, which [EgressLoader] reads.
    record Egresses() implements Type<RawValue> {
        @Override
        public String told() {
            return "a list of egresses";
        }

        @Override
        public boolean secret() {
            return true;
        }

        @Override
        public RawValue read(RawValue given, ValueContext reading) {
            return given;
        }
    }

    /// The result of reading a text.
    sealed interface Parsed<T> {

        /// A value.
        record Good<T>(T value) implements Parsed<T> {}

        /// A text that breaks the rule.
        ///
        /// @param rule what the text would have to be, as in `must be …`
        /// @param remedy what to write instead; empty when the rule says it. Never holds the text
        record Wrong<T>(String rule, String remedy) implements Parsed<T> {}

        static <T> Parsed<T> good(T value) {
            return new Good<>(value);
        }

        static <T> Parsed<T> wrong(String rule) {
            return new Wrong<>(rule, "");
        }

        static <T> Parsed<T> wrong(String rule, String remedy) {
            return new Wrong<>(rule, remedy);
        }
    }
}
