package dev.postern.packaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Containers;
import dev.postern.testing.Programs;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The images, built once for all tests of this JVM, under a name that no other run has; they go
/// with the JVM. `TEST_IMAGES` names some that are there already: `localhost/NAME`, without a tag.
final class Images {

    /// What the Dockerfile makes, and what Jib makes.
    static final List<String> BOTH = List.of("postern", "jib");

    private static final long LIMIT_MINUTES = 20;
    private static final String PREFIX = "localhost/postern-test-";
    private static final Pattern OURS = Pattern.compile(PREFIX + "(\\d+):\\w+");
    private static final Path SCRIPTS = SourceFile.HOME.resolve("src/test/image");

    private static String name = "";
    private static boolean tried;

    private Images() {}

    /// Returns the full name of an image: postern, jib, render, or app, which sends mail.
    static synchronized String named(String tag) throws IOException, InterruptedException {
        Programs.PODMAN.require();
        Programs.BUILDAH.require();
        String told = System.getenv("TEST_IMAGES");
        if (told != null) {
            return told + ":" + tag;
        }
        if (name.isEmpty()) {
            name = build();
        }
        return name + ":" + tag;
    }

    private static String build() throws IOException, InterruptedException {
        Path bases = Programs.BASE_IMAGES.require();
        for (String base : List.of("plain", "build", "django")) {
            Programs.needs(
                    Files.exists(bases.resolve(base + ".tar")),
                    "%s.tar not in %s: run src/test/image/bases.sh".formatted(base, bases));
        }
        Programs.onPath("mvn", "tar", "python3", "nsenter");
        removeStale();
        assertFalse(tried, "the images can't be built, as the first test that wanted them tells");
        tried = true;
        String own = PREFIX + ProcessHandle.current().pid();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(own)));
        script("images.sh", bases.toString(), own);
        return own;
    }

    /// Runs one of the scripts beside the images, where containers run; it is to succeed.
    static void check(String script, String... arguments) throws IOException, InterruptedException {
        String[] words = new String[arguments.length + 1];
        words[0] = SCRIPTS.resolve(script).toString();
        System.arraycopy(arguments, 0, words, 1, arguments.length);
        script("containers.sh", words);
    }

    private static void script(String script, String... arguments)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("images", ".out");
        ProcessBuilder builder = new ProcessBuilder(SCRIPTS.resolve(script).toString());
        builder.command().addAll(List.of(arguments));
        // Maven itself may run on an older Java; what it runs from source may not.
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.redirectErrorStream(true).redirectOutput(output.toFile());
        Process process = Programs.start(builder);
        try {
            assertTrue(process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES), script + " doesn't end");
            String said = Files.readString(output, UTF_8);
            System.out.print(said);
            assertEquals(0, process.exitValue(), said);
        } finally {
            process.destroy();
            Files.delete(output);
        }
    }

    /// Removes what a killed run left.
    private static void removeStale() throws IOException {
        try (Containers containers = Containers.open(null)) {
            String all = containers.said("images", "--format", "{{.Repository}}:{{.Tag}}");
            for (String image : all.lines().toList()) {
                Matcher ours = OURS.matcher(image);
                if (ours.matches() && ProcessHandle.of(Long.parseLong(ours.group(1))).isEmpty()) {
                    containers.podman("rmi", image);
                }
            }
        }
    }

    private static void remove(String name) {
        try (Containers containers = Containers.open(null)) {
            for (String tag : List.of("app", "jib", "postern", "render")) {
                containers.podman("rmi", name + ":" + tag);
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
