package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.spool.Intakes.Intake;
import dev.postern.testing.Commands;
import dev.postern.testing.Programs;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Nobody else reads the spool, or has us write elsewhere: for every file that it makes. What is
/// not the spool's stays as it is.
@Timeout(120)
class OwnDirectoryTest {

    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
    private static final int STRANGER = 4711;

    /// What it does not make in the tests' short life, or has removed again.
    private static final List<String> OTHER_NAMES =
            List.of(Segment.name(99), "limits-other", "endpoint", "preparing");

    @TempDir private Path directory;
    private Path outside;

    /// A spool that has been through everything, as a kill left it.
    private Path everything;

    private int copies;

    @FunctionalInterface
    private interface Use {
        void of(Path path) throws IOException;
    }

    @BeforeEach
    void live() throws Exception {
        outside = Files.createDirectory(directory.resolve("outside"));
        Path first = directory.resolve("first");
        try (Spool spool = open(first)) {
            for (int i = 0; i < 20; i++) {
                accept(spool, "m".repeat(4000));
                MessageState claimed = spool.queue().claim(1, 0).getFirst();
                switch (i % 4) {
                    case 0 -> spool.queue().settle(claimed.id(), Mails.held(claimed, NOW));
                    case 1 -> spool.queue().settle(claimed.id(), Mails.failed(claimed, NOW));
                    default -> spool.queue().settle(claimed.id(), Mails.sent(claimed, NOW));
                }
            }
            spool.queue().keep("limits-relay", new byte[] {1});
            for (int i = 0; i < 20; i++) {
                spool.tick();
                spool.step();
            }
            everything = copy(first);
        }
        damage(everything.resolve(oldestSegment(everything)));
        try (Spool spool = open(everything)) {
            accept(spool, "one more");
            everything = copy(everything);
        }
        List<String> names =
                below(everything).stream().map(everything::relativize).map(Path::toString).toList();
        for (String made :
                List.of(
                        "lock",
                        "owner",
                        "format",
                        "running",
                        "limits-relay",
                        "corrupt",
                        ".octets",
                        ".note",
                        Segment.name(1).substring(8))) {
            assertTrue(names.stream().anyMatch(name -> name.endsWith(made)), made + ": " + names);
        }
    }

    private static Spool open(Path path) throws SpoolException {
        SpoolConfig config =
                new SpoolConfig(
                        path,
                        SpoolConfig.Sync.ALWAYS,
                        0,
                        0,
                        Duration.ofDays(7),
                        Duration.ofHours(24),
                        100);
        Spool spool =
                Spool.open(
                        config,
                        InstantSource.fixed(NOW),
                        new FileDisk(),
                        _ -> {},
                        new Spool.Options(16 * 1024, "boot-1", 42, false));
        do {
            spool.step();
        } while (!spool.admin().awaitComplete(Duration.ZERO));
        return spool;
    }

    private static void accept(Spool spool, String content) throws SpoolException {
        Intake intake = spool.intakes().receive();
        intake.write(Mails.octets(content));
        var done =
                intake.commit(Mails.queued(intake.id(), "a@example.org", NOW, "b@example.net"))
                        .toCompletableFuture();
        spool.step();
        done.join();
    }

    private static String oldestSegment(Path spool) throws IOException {
        return names(spool).stream()
                .filter(name -> Segment.numberOf(name).isPresent())
                .sorted()
                .findFirst()
                .orElseThrow();
    }

    /// Turns an octet over in the middle.
    private static void damage(Path file) throws IOException {
        byte[] octets = Files.readAllBytes(file);
        octets[octets.length / 2] ^= 1;
        Files.write(file, octets);
    }

    private static List<String> names(Path in) throws IOException {
        try (Stream<Path> paths = Files.list(in)) {
            return paths.map(path -> path.getFileName().toString()).toList();
        }
    }

    /// Returns all that is in a directory, at any depth.
    private static List<Path> below(Path top) throws IOException {
        try (Stream<Path> paths = Files.walk(top)) {
            return paths.filter(path -> !path.equals(top)).sorted().toList();
        }
    }

    private Path copy(Path from) throws IOException {
        Path to = directory.resolve("copy-" + copies++);
        Commands.run(new ProcessBuilder("cp", "-a", from.toString(), to.toString())).expect(0);
        return to;
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(
                Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
    }

    private static void assertOurs(Path spool) throws IOException {
        List<String> wrong = new ArrayList<>();
        Files.walkFileTree(
                spool,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes known)
                            throws IOException {
                        return see(path, "rwx------");
                    }

                    @Override
                    public FileVisitResult visitFile(Path path, BasicFileAttributes known)
                            throws IOException {
                        return see(path, "rw-------");
                    }

                    private FileVisitResult see(Path path, String right) throws IOException {
                        if (!mode(path).equals(right)) {
                            wrong.add(path + " " + mode(path));
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
        assertEquals(List.of(), wrong);
    }

    @Test
    void allThatItMakesIsForUsAlone() throws IOException {
        assertOurs(everything);
        assertOurs(directory.resolve("first"));
    }

    @Test
    void whatIsOpenToOthersIsNarrowed() throws Exception {
        for (Path path : below(everything)) {
            String mode = Files.isDirectory(path) ? "rwxrwxrwx" : "rw-rw-rw-";
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
        }
        Files.setPosixFilePermissions(everything, PosixFilePermissions.fromString("rwxrwxr-x"));
        for (String name : OTHER_NAMES) {
            Path file = Files.writeString(everything.resolve(name), "");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        }
        try (Spool spool = open(everything)) {
            assertOurs(everything);
            assertTrue(
                    spool.admin().status().messages().values().stream()
                            .anyMatch(count -> count > 0));
        }
    }

    /// The link leads to what would do in the place of what it replaces.
    @Test
    void noLinkIsFollowed() throws IOException {
        List<Path> places = new ArrayList<>();
        below(everything).forEach(path -> places.add(everything.relativize(path)));
        OTHER_NAMES.forEach(name -> places.add(Path.of(name)));
        for (Path place : places) {
            Path spool = copy(everything);
            Path link = spool.resolve(place);
            Path real = outside.resolve("real");
            if (Files.exists(link)) {
                Files.move(link, real);
            } else {
                Files.writeString(real, "nothing of ours");
            }
            Files.createSymbolicLink(link, real);
            String before = describe(outside);

            SpoolException refused = assertThrows(SpoolException.class, () -> open(spool));

            assertEquals(SpoolException.Kind.UNUSABLE, refused.kind());
            String words = "spool: " + link + " is a symbolic link, which a spool may not have:";
            assertTrue(refused.getMessage().startsWith(words), refused.getMessage());
            assertEquals(before, describe(outside), place.toString());
            Commands.run(new ProcessBuilder("rm", "-r", real.toString())).expect(0);
        }
    }

    /// Returns all that could have changed.
    private static String describe(Path top) throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path path : below(top)) {
            all.append(path).append(' ').append(mode(path)).append(' ');
            if (Files.isRegularFile(path)) {
                all.append(Files.getLastModifiedTime(path))
                        .append(' ')
                        .append(Arrays.hashCode(Files.readAllBytes(path)));
            }
            all.append('\n');
        }
        return all.toString();
    }

    /// One may come while the spool is open.
    @Test
    void noCallOfTheDiskFollowsALink() throws IOException {
        FileDisk disk = new FileDisk();
        Path file = Files.writeString(outside.resolve("file"), "octets of somebody else");
        Path folder = Files.createDirectory(outside.resolve("folder"));
        Path toFile = Files.createSymbolicLink(directory.resolve("to-file"), file);
        Path toFolder = Files.createSymbolicLink(directory.resolve("to-folder"), folder);
        Path toNothing =
                Files.createSymbolicLink(directory.resolve("dangling"), outside.resolve("new"));
        List<Use> uses =
                List.of(
                        path -> disk.create(path).close(),
                        path -> disk.open(path).close(),
                        path -> disk.openToWrite(path).close(),
                        path -> disk.map(path, 0, 4096),
                        path -> disk.lock(path),
                        disk::syncDirectory,
                        disk::createDirectories);
        String before = describe(outside);
        for (Use use : uses) {
            for (Path link : List.of(toFile, toFolder, toNothing)) {
                assertThrows(IOException.class, () -> use.of(link));
            }
        }
        assertEquals(before, describe(outside));
        assertArrayEquals(
                new String[] {"file", "folder"}, names(outside).stream().sorted().toArray());
    }

    /// A pipe that nobody reads would stop the start for ever.
    @Test
    void whatIsNoFileIsRefused() throws IOException {
        for (String name : List.of("lock", "format", "running", "corrupt", "endpoint")) {
            Path spool = copy(everything);
            Path place = spool.resolve(name);
            Commands.run(new ProcessBuilder("rm", "-rf", place.toString())).expect(0);
            Commands.run(new ProcessBuilder("mkfifo", place.toString())).expect(0);
            SpoolException refused = assertThrows(SpoolException.class, () -> open(spool));
            assertTrue(
                    refused.getMessage().contains(place + " is neither a file nor a directory"),
                    refused.getMessage());
        }
    }

    /// On a host with one volume the app's data are beside ours.
    @Test
    void whatIsNotTheSpoolsIsLeftAlone() throws Exception {
        Path bin = Files.createDirectories(everything.resolve("node_modules/.bin"));
        Files.createSymbolicLink(bin.resolve("tool"), outside);
        Files.createSymbolicLink(everything.resolve("current"), bin);
        Path nested = Files.writeString(bin.resolve("lock"), "a name of ours, elsewhere");
        Path data = Files.writeString(everything.resolve("app.sqlite"), "the app's");
        for (Path open : List.of(nested, data)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-rw-r--"));
        }
        Path socket = everything.resolve("app.sock");
        Commands.run(new ProcessBuilder("mkfifo", socket.toString())).expect(0);
        if (isRoot()) {
            Files.setAttribute(data, "unix:uid", STRANGER);
        }
        List<Path> theirs = List.of(bin, nested, data, socket, everything.resolve("node_modules"));
        String before = describeEach(theirs);

        open(everything).close();

        assertEquals(before, describeEach(theirs));
    }

    private static String describeEach(List<Path> paths) throws IOException {
        StringBuilder all = new StringBuilder();
        for (Path path : paths) {
            all.append(path)
                    .append(Files.readAttributes(path, "unix:uid,gid,mode,ctime"))
                    .append('\n');
        }
        return all.toString();
    }

    /// Whoever adds a file to the spool adds its name.
    @Test
    void everyNameThatItMakesIsKnown() throws IOException {
        for (String name : names(everything)) {
            assertTrue(SpoolHome.isOurs(name), name);
        }
        OTHER_NAMES.forEach(name -> assertTrue(SpoolHome.isOurs(name), name));
        for (String name : List.of("app.sqlite", "locks", "1.journal", "new", "corrupted", "")) {
            assertFalse(SpoolHome.isOurs(name), name);
        }
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new SpoolHome.StateFiles(new FileDisk(), directory)
                                .keep("notes", new byte[0]));
    }

    @Test
    void theDirectoryItselfMayBeBehindALink() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), everything);
        try (Spool spool = open(link)) {
            spool.queue().keep("limits-late", new byte[] {1});
            assertTrue(Files.exists(everything.resolve("limits-late")));
            // It counts where the link led at the start.
            Files.delete(link);
            Files.createSymbolicLink(link, outside);
            spool.queue().keep("limits-later", new byte[] {1});
            accept(spool, "m");
        }
        assertOurs(everything);
        assertTrue(Files.exists(everything.resolve("limits-later")));
        assertEquals(List.of(), names(outside));
    }

    @Test
    void aLinkToNowhereIsRefused() throws IOException {
        Path link =
                Files.createSymbolicLink(directory.resolve("link"), directory.resolve("nowhere"));
        SpoolException refused = assertThrows(SpoolException.class, () -> open(link));
        assertEquals(
                "spool: "
                        + link
                        + " is a symbolic link that leads nowhere: mend it, or set"
                        + " spool.path",
                refused.getMessage());
        assertTrue(Files.notExists(directory.resolve("nowhere")));
    }

    @Test
    void parentsThatAreMissingAreMade() throws Exception {
        Path deep = directory.resolve("a/b/spool");
        open(deep).close();
        assertOurs(deep);
    }

    @Test
    void anotherUsersDirectoryIsRefusedEvenByRoot() throws IOException {
        needsRoot();
        Files.setAttribute(everything, "unix:uid", STRANGER);
        String before = describe(everything);
        SpoolException refused = assertThrows(SpoolException.class, () -> open(everything));
        assertEquals(
                "spool: "
                        + everything
                        + " belongs to user 4711, and this is user 0: run as that"
                        + " user, or give it to this one (chown -R 0 "
                        + everything
                        + "), or set spool.path",
                refused.getMessage());
        assertEquals(before, describe(everything));
    }

    @Test
    void anotherUsersFileIsRefused() throws IOException {
        needsRoot();
        for (Path place : below(everything)) {
            Path spool = copy(everything);
            Path file = spool.resolve(everything.relativize(place));
            Files.setAttribute(file, "unix:uid", STRANGER);
            SpoolException refused = assertThrows(SpoolException.class, () -> open(spool));
            assertTrue(
                    refused.getMessage().contains(file + " belongs to user 4711"),
                    refused.getMessage());
        }
    }

    private static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    private static void needsRoot() throws IOException {
        Programs.needs(isRoot(), "to give files away needs root");
    }
}
