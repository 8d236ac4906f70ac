package dev.postern.config.load;

import dev.postern.config.Machine;
import dev.postern.config.SubmissionPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// All that the loader looks at.
///
/// @param file the file of `--config`; null: not given
/// @param environment the environment variables
/// @param workingDirectory where relative paths begin
/// @param reader reads the file, mounted secrets and certificates; gets absolute paths
/// @param hostname tells the machine's name
/// @param fileSystemType tells the type of the file system that a path lies on, such as `overlay`
/// @param adopted what was found of the app's settings; null: nobody looked
public record Sources(
        @Nullable Path file,
        Map<String, String> environment,
        Path workingDirectory,
        TextReader reader,
        Supplier<String> hostname,
        Function<Path, String> fileSystemType,
        @Nullable Adopted adopted) {

    public Sources {
        environment = Map.copyOf(environment);
    }

    /// Returns the sources of the running process.
    public static Sources ofProcess(@Nullable Path file) {
        return new Sources(
                file,
                System.getenv(),
                Path.of("").toAbsolutePath(),
                Files::readString,
                Machine::hostname,
                Machine::fileSystemType,
                null);
    }

    /// Returns the same sources with another file and another reader.
    Sources with(@Nullable Path other, TextReader read) {
        return new Sources(
                other, environment, workingDirectory, read, hostname, fileSystemType, adopted);
    }

    /// Returns the same sources with an egress more, the last one.
    public Sources adopting(Adopted other) {
        return new Sources(
                file, environment, workingDirectory, reader, hostname, fileSystemType, other);
    }

    /// Returns the reader of files for relative paths too.
    public TextReader absoluteReader() {
        return path -> reader.read(workingDirectory.resolve(path));
    }

    /// What was found of the app's own mail settings.
    ///
    /// @param egress the keys of the egress to make of them, its name among them; empty: none
    /// @param variable the variable that names its server
    /// @param first what the race of `port: auto` begins with; null: what is usual
    /// @param remarks lines for the log: what the egress comes from, and what was left alone
    public record Adopted(
            SequencedMap<String, String> egress,
            String variable,
            @Nullable SubmissionPort first,
            List<String> remarks) {

        public Adopted {
            egress = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(egress));
            remarks = List.copyOf(remarks);
        }

        /// Returns the names of the keys only: among their values is a password.
        @Override
        public String toString() {
            return "Adopted[variable=" + variable + ", keys=" + egress.keySet() + "]";
        }
    }

    /// Reads files for the loader, so that tests need none.
    @FunctionalInterface
    public interface TextReader {

        /// Returns the text of a UTF-8 file.
        ///
        /// @throws java.nio.charset.CharacterCodingException when it is not UTF-8
        /// @throws java.nio.file.NoSuchFileException when there is none
        /// @throws IOException when it can't be read
        String read(Path file) throws IOException;

        /// Returns the text of a mounted file, which is without its last line break.
        default String mounted(Path file) throws IOException {
            String text = read(file);
            if (!text.endsWith("\n")) {
                return text;
            }
            int end = text.length() - 1;
            return text.substring(0, end > 0 && text.charAt(end - 1) == '\r' ? end - 1 : end);
        }
    }
}
