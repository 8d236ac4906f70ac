package dev.postern.config.load;

import dev.postern.config.Machine;
import dev.postern.config.load.Problems.ValueContext;
import dev.postern.config.load.Sources.TextReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Resolves `${NAME}`, `${NAME:default}`, `${file:PATH}` and `$$` in the scalars of the file, after
/// parsing. What comes in is not looked at again, and a default ends at the first brace.
final class Interpolation {

    private static final Pattern WRITTEN = Pattern.compile("(?s)\\$(?:\\{[^}]*+}?|[^{])");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final String FILE = "file:";

    private final Map<String, String> environment;
    private final TextReader reader;
    private final Problems problems;

    /// A piece of a template.
    private sealed interface Piece {
        record Fixed(String text) implements Piece {}

        record Mounted(Path file) implements Piece {}
    }

    Interpolation(Map<String, String> environment, TextReader reader, Problems problems) {
        this.environment = environment;
        this.reader = reader;
        this.problems = problems;
    }

    /// Returns `given` with every template in it resolved, or broken after telling why.
    RawValue resolve(RawValue given, String path) {
        if (given instanceof RawValue.Template template) {
            return text(template, path);
        }
        if (given instanceof RawValue.Items items) {
            return items(items, path);
        }
        return given instanceof RawValue.Entries entries ? entries(entries, path) : given;
    }

    /// Returns a file's text as a value that is read again at each use; broken when it can't be
    /// read now.
    RawValue mounted(Path file, String path, Source source) {
        return assemble(List.of(new Piece.Mounted(file)), path, source);
    }

    private RawValue items(RawValue.Items items, String path) {
        List<RawValue> resolved = new ArrayList<>();
        for (RawValue item : items.items()) {
            resolved.add(resolve(item, path + "[" + (resolved.size() + 1) + "]"));
        }
        return new RawValue.Items(resolved, items.source());
    }

    private RawValue entries(RawValue.Entries entries, String path) {
        SequencedMap<String, RawValue.Entry> resolved = new LinkedHashMap<>();
        entries.entries()
                .forEach((name, entry) ->
                        resolved.put(
                                name,
                                new RawValue.Entry(
                                        entry.keySource(),
                                        resolve(entry.value(), path + "." + name))));
        return new RawValue.Entries(resolved, entries.source());
    }

    private RawValue text(RawValue.Template template, String path) {
        String raw = template.raw();
        List<Piece> pieces = new ArrayList<>();
        Matcher written = WRITTEN.matcher(raw);
        int at = 0;
        while (written.find()) {
            pieces.add(new Piece.Fixed(raw.substring(at, written.start())));
            Piece piece = piece(written.group(), template, path);
            if (piece == null) {
                return new RawValue.Broken(template.source());
            }
            pieces.add(piece);
            at = written.end();
        }
        pieces.add(new Piece.Fixed(raw.substring(at)));
        return assemble(pieces, path, template.source());
    }

    /// Returns what `$$`, `$x` or `${…}` stands for; null after telling a problem.
    private @Nullable Piece piece(String written, RawValue.Template template, String path) {
        if (!written.startsWith("${")) {
            return new Piece.Fixed(written.equals("$$") ? "$" : written);
        }
        if (!written.endsWith("}")) {
            problems.add(
                    template.source(), path, "\"${\" without \"}\"", "write $$ for a dollar sign");
            return null;
        }
        String inner = written.substring(2, written.length() - 1);
        if (inner.startsWith(FILE)) {
            Path file =
                    Types.PATH.read(
                            new RawValue.Text(inner.substring(FILE.length()), template.source()),
                            new ValueContext(path, false, problems));
            return file == null ? null : new Piece.Mounted(file);
        }
        int colon = inner.indexOf(':');
        String name = colon < 0 ? inner : inner.substring(0, colon);
        String fallback = colon < 0 ? null : inner.substring(colon + 1);
        if (!NAME.matcher(name).matches() || (fallback != null && fallback.contains("${"))) {
            problems.add(
                    template.source(),
                    path,
                    "a \"${…}\" that is none of ${NAME}, ${NAME:default} and ${file:PATH}",
                    "write $$ for a dollar sign");
            return null;
        }
        String value = environment.getOrDefault(name, fallback);
        if (value == null) {
            problems.add(
                    template.source(),
                    path,
                    "the environment variable " + name + " is not set",
                    "set it, or give a default as in ${" + name + ":default}");
            return null;
        }
        if (Machine.isSpoiled(value)) {
            problems.add(
                    template.source(),
                    path,
                    "the environment variable " + name + " " + Environment.NO_TEXT,
                    Environment.LOCALE);
            return null;
        }
        return new Piece.Fixed(value);
    }

    private RawValue assemble(List<Piece> pieces, String path, Source source) {
        try {
            String value = joined(pieces, true);
            boolean mounted = pieces.stream().anyMatch(Piece.Mounted.class::isInstance);
            return mounted
                    ? new RawValue.Text(
                            value,
                            new MountedText(value, path, () -> joined(pieces, false)),
                            source)
                    : new RawValue.Text(value, source);
        } catch (IOException e) {
            problems.add(source, path, unreadable(e));
            return new RawValue.Broken(source);
        }
    }

    /// Returns the pieces as one text.
    ///
    /// @param emptyToo whether an empty file is taken; one that has been emptied is just being
    ///   replaced
    private String joined(List<Piece> pieces, boolean emptyToo) throws IOException {
        StringBuilder text = new StringBuilder();
        for (Piece piece : pieces) {
            switch (piece) {
                case Piece.Fixed fixed -> text.append(fixed.text());
                case Piece.Mounted mounted -> {
                    String content = reader.mounted(mounted.file());
                    if (content.isEmpty() && !emptyToo) {
                        throw new IOException("the file is empty: " + mounted.file());
                    }
                    text.append(content);
                }
            }
        }
        return text.toString();
    }

    /// Returns why a file can't be read, with its name.
    static String unreadable(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "no such file: " + missing.getMessage();
            case AccessDeniedException denied -> "permission denied: " + denied.getMessage();
            case CharacterCodingException _ -> "the file is not UTF-8 text";
            case IOException _ -> "can't be read: " + e.getMessage();
        };
    }

    /// A text from mounted files, read again at each use. When a file has gone or is empty (a
    /// secret is just being replaced) the last good text stays in use; one warning says so, and one
    /// line that it works again.
    static final class MountedText implements Supplier<String> {

        private static final Logger log = LoggerFactory.getLogger(MountedText.class);

        private final Fetch fetch;
        private final String path;
        private final AtomicReference<Seen> seen;

        /// Puts the text together from the files as they are now.
        interface Fetch {
            String read() throws IOException;
        }

        private record Seen(String lastGood, boolean lost) {}

        MountedText(String first, String path, Fetch fetch) {
            this.seen = new AtomicReference<>(new Seen(first, false));
            this.path = path;
            this.fetch = fetch;
        }

        @Override
        public String get() {
            try {
                String text = fetch.read();
                if (seen.getAndSet(new Seen(text, false)).lost()) {
                    log.atInfo().addKeyValue("key", path).log("mounted value can be read again");
                }
                return text;
            } catch (IOException e) {
                Seen before = seen.getAndUpdate(last -> new Seen(last.lastGood(), true));
                if (!before.lost()) {
                    log.atWarn()
                            .addKeyValue("key", path)
                            .addKeyValue("why", e.toString())
                            .log("mounted value can't be read, its last good text stays in use");
                }
                return before.lastGood();
            }
        }
    }
}
