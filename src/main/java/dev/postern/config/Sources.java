package dev.postern.config;

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
public record Sources(
        @Nullable Path file,
        Map<String, String> environment,
        Path workingDirectory,
        TextReader reader,
        Supplier<String> hostname,
        Function<Path, String> fileSystemType) {

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
                Machine::fileSystemType);
    }

    /// Returns the same sources with another file.
    Sources withFile(Path other) {
        return new Sources(other, environment, workingDirectory, reader, hostname, fileSystemType);
    }

    /// Returns the same sources with another reader.
    Sources withReader(TextReader other) {
        return new Sources(file, environment, workingDirectory, other, hostname, fileSystemType);
    }

    /// Returns the same sources with another environment.
    public Sources withEnvironment(Map<String, String> other) {
        return new Sources(file, other, workingDirectory, reader, hostname, fileSystemType);
    }

    TextReader absoluteReader() {
        return path -> reader.read(workingDirectory.resolve(path));
    }
}
