package dev.postern.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Looks for the configuration file: where `--config` or `POSTERN_CONFIG` says, else in the usual
/// places.
final class FileSearch {

    private static final List<Path> USUAL_FILES =
            List.of(Path.of("postern.yaml"), Path.of("/etc/postern/postern.yaml"));

    private final Sources sources;
    private final TextReader reader;
    private final Problems problems;
    private final @Nullable List<String> forbidden;

    /// The file that was found.
    record Found(Path path, String text) {}

    private FileSearch(
            Sources sources,
            TextReader reader,
            Problems problems,
            @Nullable List<String> forbidden) {
        this.sources = sources;
        this.reader = reader;
        this.problems = problems;
        this.forbidden = forbidden;
    }

    /// A search to which a file that can't be read is a problem.
    FileSearch(Sources sources, TextReader reader, Problems problems) {
        this(sources, reader, problems, null);
    }

    /// A search that goes past files which are not for the caller to read.
    static FileSearch pastForbidden(Sources sources, TextReader reader, Problems problems) {
        return new FileSearch(sources, reader, problems, new ArrayList<>());
    }

    /// Returns the file; null where there is none, or after telling why it can't be read.
    @Nullable Found find() {
        Path path = sources.file();
        Source source = new Source.WholeFile(String.valueOf(path));
        String variable = Environment.value(sources.environment(), Environment.CONFIG);
        if (path == null && variable != null) {
            path = Path.of(variable);
            source = new Source.Variable(Environment.CONFIG);
        }
        return path == null ? usual() : read(path, source);
    }

    /// Returns a line for each file that was gone past.
    List<String> forbidden() {
        return forbidden == null ? List.of() : List.copyOf(forbidden);
    }

    private @Nullable Found usual() {
        for (Path path : USUAL_FILES) {
            try {
                return new Found(path, reader.read(path));
            } catch (NoSuchFileException _) {
                // Then the next place.
            } catch (IOException e) {
                unreadable(e, new Source.WholeFile(path.toString()));
                if (forbidden == null) {
                    return null;
                }
            }
        }
        return null;
    }

    private @Nullable Found read(Path path, Source source) {
        try {
            return new Found(path, reader.read(path));
        } catch (IOException e) {
            unreadable(e, source);
            return null;
        }
    }

    private void unreadable(IOException e, Source source) {
        if (forbidden != null && e instanceof AccessDeniedException) {
            forbidden.add(Interpolation.unreadable(e));
        } else {
            problems.add(source, "", Interpolation.unreadable(e));
        }
    }
}
