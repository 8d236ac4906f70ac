import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/// Makes the runtime that a distribution or an image brings along: `java Jlink.java DIRECTORY`,
/// with the modules that Postern uses of the JDK that runs this.
final class Jlink {

    /// What `jdeps` names, without `java.desktop`: only the libraries' converters of images and
    /// beans know that. The charsets are for mail that is rebuilt, the DNS provider for the doctor.
    private static final List<String> MODULES =
            List.of(
                    "java.base",
                    "java.datatransfer",
                    "java.logging",
                    "java.management",
                    "java.naming",
                    "java.net.http",
                    "java.security.jgss",
                    "java.security.sasl",
                    "java.sql",
                    "java.xml",
                    "jdk.charsets",
                    "jdk.jfr",
                    "jdk.naming.dns",
                    "jdk.net",
                    "jdk.unsupported");

    private Jlink() {}

    public static void main(String[] args) throws IOException {
        Path runtime = Path.of(args[0]);
        if (Files.exists(runtime)) {
            remove(runtime);
        }
        // Its `release` is the JDK's: it tells one build of the JVM from another.
        Path release = Path.of(System.getProperty("java.home"), "release");
        int status =
                ToolProvider.findFirst("jlink")
                        .orElseThrow(() -> new IOException("this JDK has no jlink"))
                        .run(
                                System.out,
                                System.err,
                                "--add-modules",
                                String.join(",", MODULES),
                                "--strip-java-debug-attributes",
                                "--no-header-files",
                                "--no-man-pages",
                                "--compress=zip-0",
                                "--release-info=" + release,
                                "--output",
                                runtime.toString());
        if (status != 0) {
            System.exit(status);
        }
    }

    static void remove(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
