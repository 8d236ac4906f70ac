import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.zip.CRC32;

/// Prepares what Jib adds to its image: the runtime, glibc, the options and the AOT cache.
///
/// `java JibLayout.java GOALS REQUIRED DISTRIBUTION DIRECTORY` writes DIRECTORY/root and
/// DIRECTORY/base.tar, the image to build upon, and nothing unless GOALS name one of Jib's. Jib
/// puts the program's jar under `/app`, the libraries' beside it, of one age; the cache is made
/// from jars that lie and look the same under DIRECTORY/stage.
final class JibLayout {

    /// What Jib gives to every file.
    private static final FileTime AGE = FileTime.from(Instant.ofEpochSecond(1));

    /// Where Jib puts the program, and where its manifest says that the libraries are.
    private static final String JAR = "app/classpath/postern.jar";

    private static final String LIBRARIES = "app/classpath/lib/libraries.jar";

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
        stage();
        Path options = directory.resolve("stage.options");
        write(options, directory.resolve("stage").resolve(JAR), "");
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
                -Dpostern.cached-jar=%d:/%s
                """
                        .formatted(sum.getValue(), JAR);
        write(
                home.resolve("conf/image.options"),
                Path.of("/" + JAR),
                Files.exists(cache) ? option : "");
        base(runtime);
    }

    /// Copies the jars to where they will be in the image: ours by Jib, the libraries' by us.
    private void stage() throws IOException {
        Path stage = directory.resolve("stage");
        copy(distribution.resolve("postern.jar"), stage.resolve(JAR));
        Path libraries = distribution.resolve("lib/libraries.jar");
        copy(libraries, stage.resolve(LIBRARIES));
        copy(libraries, directory.resolve("root").resolve(LIBRARIES));
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(to, AGE);
    }

    private static void write(Path options, Path jar, String more) throws IOException {
        Files.writeString(
                options,
                "-XX:MaxRAMPercentage=30\n-XX:MinRAMPercentage=30\n%s-cp \"%s\"\n"
                        .formatted(more, jar));
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
