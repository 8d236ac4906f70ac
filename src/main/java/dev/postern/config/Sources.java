package dev.postern.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
/// @param adoption the app's settings that become the last egress; null: none
public record Sources(
        @Nullable Path file,
        Map<String, String> environment,
        Path workingDirectory,
        TextReader reader,
        Supplier<String> hostname,
        Function<Path, String> fileSystemType,
        @Nullable Adoption adoption) {

    public Sources {
        environment = Map.copyOf(environment);
    }

    /// Sources without an adopted egress.
    public Sources(
            @Nullable Path file,
            Map<String, String> environment,
            Path workingDirectory,
            TextReader reader,
            Supplier<String> hostname,
            Function<Path, String> fileSystemType) {
        this(file, environment, workingDirectory, reader, hostname, fileSystemType, null);
    }

    /// Returns the sources of the running process.
    public static Sources ofProcess(@Nullable Path file) {
        return new Sources(
                file,
                System.getenv(),
                Path.of("").toAbsolutePath(),
                Files::readString,
                Machine::hostname,
                Machine::fileSystemType);
    }

    /// Returns the same sources with another file.
    Sources withFile(Path other) {
        return new Sources(
                other, environment, workingDirectory, reader, hostname, fileSystemType, adoption);
    }

    /// Returns the same sources with another reader.
    Sources withReader(TextReader other) {
        return new Sources(
                file, environment, workingDirectory, other, hostname, fileSystemType, adoption);
    }

    /// Returns the same sources with another environment.
    public Sources withEnvironment(Map<String, String> other) {
        return new Sources(
                file, other, workingDirectory, reader, hostname, fileSystemType, adoption);
    }

    /// Returns the same sources with an egress more, the last one.
    public Sources adopting(Adoption adopted) {
        return new Sources(
                file, environment, workingDirectory, reader, hostname, fileSystemType, adopted);
    }

    TextReader absoluteReader() {
        return path -> reader.read(workingDirectory.resolve(path));
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
    }
}
