package dev.postern.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A file of the project's own text, for the tests that read it.
///
/// @param path where it is
/// @param name its path within the project, with slashes
/// @param text what it says
public record SourceFile(Path path, String name, String text) {

    public static final Path HOME =
            Path.of(System.getProperty("postern.home", ".")).toAbsolutePath();

    /// Returns every Java file of `src`, in the order of their names.
    public static List<SourceFile> all() throws IOException {
        return under("src", ".java");
    }

    /// Returns the files under a directory of the project whose names end so, in order.
    public static List<SourceFile> under(String directory, String ending) throws IOException {
        Path start = HOME.resolve(directory);
        if (!Files.exists(start)) {
            return List.of();
        }
        List<SourceFile> files = new ArrayList<>();
        try (Stream<Path> paths = Files.walk(start)) {
            for (Path path : paths.sorted().toList()) {
                if (Files.isRegularFile(path) && path.toString().endsWith(ending)) {
                    files.add(read(path));
                }
            }
        }
        return files;
    }

    public static SourceFile read(Path path) throws IOException {
        String name = HOME.relativize(path.toAbsolutePath()).toString().replace('\\', '/');
        return new SourceFile(path, name, new String(Files.readAllBytes(path), UTF_8));
    }

    public boolean isTest() {
        return name.startsWith("src/test/");
    }

    /// Returns whether it is a program that the build runs from its source; those are in no
    /// package.
    public boolean isBuildProgram() {
        return name.startsWith("src/build/");
    }

    public List<String> lines() {
        return text.lines().toList();
    }
}
