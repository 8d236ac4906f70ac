package dev.postern.packaging;

import dev.postern.testing.Programs;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// The packages that `mvn package -Ppackages` makes.
final class Packages {

    private static final Path TARGET = SourceFile.HOME.resolve("target");

    private Packages() {}

    /// Returns the package whose name ends so; without one the test is skipped or fails.
    static Path built(String suffix) throws IOException {
        Optional<Path> built;
        try (Stream<Path> files = Files.exists(TARGET) ? Files.list(TARGET) : Stream.of()) {
            built = files.filter(path -> path.toString().endsWith(suffix)).findFirst();
        }
        Programs.needs(
                built.isPresent(), "no " + suffix + " in target: run mvn package -Ppackages");
        return built.orElseThrow();
    }
}
