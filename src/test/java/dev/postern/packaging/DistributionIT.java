package dev.postern.packaging;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Access;
import dev.postern.testing.Arrival;
import dev.postern.testing.Commands;
import dev.postern.testing.Postern;
import dev.postern.testing.Programs;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import dev.postern.testing.SourceFile;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The archive that `mvn package` makes, unpacked elsewhere.
class DistributionIT {

    private static final Path TARGET = SourceFile.HOME.resolve("target");
    private static final String FROM_CACHE = "dev.postern.Main source: shared objects file";

    @Test
    void itServesFromADirectoryWithASpaceInItsName(@TempDir Path directory) throws IOException {
        Path home = unpacked(directory);
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory).home(home).egress(sink.egress()).start();
                SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            client.submit(
                    "app@example.org",
                    List.of("user@example.com"),
                    "Subject: Hello\r\n\r\nHello.\r\n".getBytes(US_ASCII));
            Arrival arrival = sink.await("app@example.org");
            assertEquals(Set.of("user@example.com"), arrival.recipients());
            postern.awaitEmpty();
            assertEquals(0, postern.stop());
        }
    }

    @Test
    void theCacheIsUsedAndPrintsNothing(@TempDir Path directory) throws IOException {
        Path home = unpacked(directory);
        assertTrue(loading(home, directory).contains(FROM_CACHE));
        Commands.Result version = Postern.in(directory).home(home).run("version");
        assertEquals(3, version.output().lines().count(), version::toString);
    }

    /// Of the same size and as old, which is all that the JVM would look at.
    @Test
    void anotherJarDoesNotRunWithTheOldCache(@TempDir Path directory) throws IOException {
        Path home = unpacked(directory);
        Path jar = home.resolve("postern.jar");
        FileTime age = Files.getLastModifiedTime(jar);
        byte[] octets = Files.readAllBytes(jar);
        // The year of the last entry's central record: nothing that Java reads.
        octets[lastCentralRecord(octets) + 15] ^= 2;
        Files.write(jar, octets);
        Files.setLastModifiedTime(jar, age);
        assertTrue(loading(home, directory).contains("postern.jar"));
    }

    @Test
    void otherOptionsDoNotRunWithTheOldCache(@TempDir Path directory) throws IOException {
        Path home = unpacked(directory);
        Path options = home.resolve("conf/java.options");
        Files.writeString(options, Files.readString(options) + "-Dmore=yes\n");
        assertTrue(loading(home, directory).contains("postern.jar"));
    }

    /// A checkout or an installation may be copied without the files' times.
    @Test
    void aCacheThatTheJvmRefusesIsNoMatter(@TempDir Path directory) throws IOException {
        Path home = unpacked(directory);
        Path jar = home.resolve("postern.jar");
        Files.setLastModifiedTime(jar, FileTime.fromMillis(System.currentTimeMillis()));
        Commands.Result version = Postern.in(directory).home(home).run("version");
        assertEquals(0, version.status(), version::toString);
        assertEquals(3, version.output().lines().count(), version::toString);
    }

    @Test
    void withoutAnyJavaOneLineSaysHowToGetOne(@TempDir Path directory) throws IOException {
        List<String> hidden = new ArrayList<>(Access.unshare("--mount"));
        hidden.addAll(
                List.of(
                        "sh",
                        "-c",
                        "rm -rf \"$0/runtime\"; mount -t tmpfs none /usr/lib/jvm"
                                + " && exec env -i PATH=/usr/bin:/bin \"$0/bin/postern\" version",
                        unpacked(directory).toString()));
        Commands.Result result = Commands.run(new ProcessBuilder(hidden)).expect(1);
        assertEquals(1, result.errors().lines().count(), result::toString);
        assertTrue(result.errors().startsWith("postern: no JDK 25 or newer"), result::toString);
    }

    @Test
    void theLibrariesAreOneJarWithAllThatTheyHad(@TempDir Path directory) throws IOException {
        Path lib = unpacked(directory).resolve("lib");
        Set<String> names = Set.copyOf(Files.readAllLines(lib.resolve("libraries.txt")));
        List<Path> jars =
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(Path::of)
                        .filter(jar -> names.contains(jar.getFileName().toString()))
                        .toList();
        assertEquals(names.size(), jars.size());
        List<String> missing = new ArrayList<>();
        try (JarFile all = new JarFile(lib.resolve("libraries.jar").toFile())) {
            for (Path jar : jars) {
                missing.addAll(missing(jar, all));
            }
        }
        assertEquals(List.of(), missing);
    }

    /// Returns the classes and the named services of a jar that another lacks.
    private static List<String> missing(Path jar, JarFile all) throws IOException {
        List<String> missing = new ArrayList<>();
        try (JarFile one = new JarFile(jar.toFile())) {
            for (JarEntry entry : one.stream().filter(it -> !it.isDirectory()).toList()) {
                String name = entry.getName();
                JarEntry found = all.getJarEntry(name);
                boolean code = name.endsWith(".class") && !name.startsWith("META-INF/");
                if (code && !name.endsWith("module-info.class") && found == null) {
                    missing.add(name);
                } else if (name.startsWith("META-INF/services/")) {
                    Set<String> services = Set.copyOf(lines(all, found));
                    lines(one, entry).stream()
                            .filter(service -> !services.contains(service))
                            .forEach(missing::add);
                }
            }
        }
        return missing;
    }

    private static List<String> lines(JarFile jar, JarEntry entry) throws IOException {
        return new String(jar.getInputStream(entry).readAllBytes(), UTF_8).lines().toList();
    }

    private static int lastCentralRecord(byte[] zip) {
        int at = zip.length - 4;
        while (!(zip[at] == 'P' && zip[at + 1] == 'K' && zip[at + 2] == 1 && zip[at + 3] == 2)) {
            at--;
        }
        return at;
    }

    /// Returns the line that says where the program's first class came from.
    private static String loading(Path home, Path directory) throws IOException {
        Path log = directory.resolve("loading");
        Commands.Result version =
                Postern.in(directory)
                        .home(home)
                        .javaOptions("-Xlog:class+load:file=loading")
                        .run("version");
        assertEquals(0, version.status(), version::toString);
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.contains(" dev.postern.Main "))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /// Returns the unpacked archive; it keeps the files' times, which the cache goes by.
    private static Path unpacked(Path directory) throws IOException {
        Path archive;
        try (Stream<Path> built = Files.exists(TARGET) ? Files.list(TARGET) : Stream.of()) {
            archive =
                    built.filter(path -> path.toString().endsWith(".tar.gz"))
                            .findFirst()
                            .orElse(TARGET.resolve("none"));
        }
        Programs.needs(Files.exists(archive), "no archive in target: run mvn package");
        Path place = Files.createDirectory(directory.resolve("a place"));
        Commands.Result tar =
                Commands.run(
                        new ProcessBuilder(
                                "tar", "-xzf", archive.toString(), "-C", place.toString()));
        assertEquals(0, tar.status(), tar::toString);
        try (Stream<Path> unpacked = Files.list(place)) {
            return unpacked.findFirst().orElseThrow();
        }
    }
}
