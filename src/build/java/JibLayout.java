import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/// Prepares what Jib adds to its image: the runtime, glibc, the options and the AOT cache.
///
/// `java JibLayout.java GOALS REQUIRED DISTRIBUTION DIRECTORY` writes DIRECTORY/root and
/// DIRECTORY/base.tar, the image to build upon, and nothing unless GOALS name one of Jib's. Jib
/// puts the jars under `/app`, all of one age; the cache is made from jars that lie and look the
/// same under DIRECTORY/stage.
final class JibLayout {

    /// What Jib gives to every file.
    private static final FileTime AGE = FileTime.from(Instant.ofEpochSecond(1));

    private final Path distribution;
    private final Path directory;
    private final Path home;

    private JibLayout(Path distribution, Path directory) {
        this.distribution = distribution;
        this.directory = directory;
        this.home = directory.resolve("root/opt/postern");
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args[0].contains("jib:") || args[0].contains("jib-maven-plugin")) {
            new JibLayout(Path.of(args[2]), Path.of(args[3])).make(args[1]);
        }
    }

    private void make(String required) throws IOException, InterruptedException {
        if (Files.exists(directory)) {
            Jlink.remove(directory);
        }
        Files.createDirectories(home.resolve("conf"));
        for (String name : List.of("LICENSE", "bom.json", "conf/java.options")) {
            if (Files.exists(distribution.resolve(name))) {
                Files.copy(distribution.resolve(name), home.resolve(name));
            }
        }
        Path runtime = home.resolve("runtime");
        Jlink.main(new String[] {runtime.toString()});
        List<String> jars = stage();
        Path options = directory.resolve("stage.options");
        write(options, jars, directory.resolve("stage/app"), "");
        Path cache = home.resolve("aot/postern.aot");
        Rehearsal.main(
                new String[] {
                    required,
                    cache.toString(),
                    runtime.resolve("bin/java").toString(),
                    "@" + home.resolve("conf/java.options"),
                    "@" + options,
                    "dev.postern.Main"
                });
        CRC32 sum = new CRC32();
        sum.update(Files.readAllBytes(distribution.resolve("postern.jar")));
        String option =
                """
                -XX:AOTCache=/opt/postern/aot/postern.aot
                -Xlog:aot*=off
                -Dpostern.cached-jar=%d:/app/classpath/postern.jar
                """
                        .formatted(sum.getValue());
        write(
                home.resolve("conf/image.options"),
                jars,
                Path.of("/app"),
                Files.exists(cache) ? option : "");
        base(runtime);
    }

    /// Copies the jars to where Jib will have them, and returns their names from there.
    private List<String> stage() throws IOException {
        Path app = directory.resolve("stage/app");
        Files.createDirectories(app.resolve("classpath"));
        Files.createDirectories(app.resolve("libs"));
        List<String> names = new ArrayList<>();
        names.add("classpath/postern.jar");
        copy(distribution.resolve("postern.jar"), app.resolve("classpath/postern.jar"));
        try (Stream<Path> jars = Files.list(distribution.resolve("lib"))) {
            for (Path jar : jars.sorted().toList()) {
                names.add("libs/" + jar.getFileName());
                copy(jar, app.resolve(names.getLast()));
            }
        }
        return names;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(to, AGE);
    }

    private static void write(Path options, List<String> jars, Path app, String more)
            throws IOException {
        List<String> path = jars.stream().map(jar -> app.resolve(jar).toString()).toList();
        Files.writeString(
                options,
                "-XX:MaxRAMPercentage=30\n-XX:MinRAMPercentage=30\n%s-cp \"%s\"\n"
                        .formatted(more, String.join(":", path)));
    }

    private void base(Path runtime) throws IOException, InterruptedException {
        Path root = directory.resolve("root");
        run("src/image/base.sh", root.toString(), runtime.toString());
        // It is in what Jib builds upon.
        Files.delete(root.resolve("var/spool/postern"));
        Files.delete(root.resolve("var/spool"));
        run("src/image/jib-base.sh", directory.resolve("base.tar").toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException(command[0] + " failed");
        }
    }
}
