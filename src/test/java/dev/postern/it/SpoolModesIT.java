package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Access;
import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Postern;
import dev.postern.testing.Programs;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whose the spool is, and who may look into it: whatever the umask, whoever starts the program.
class SpoolModesIT {

    private static final String STRANGER = String.valueOf(Access.STRANGER);

    /// Nothing answers there.
    private static final String CLOSED =
            "  - {name: shut, type: smtp, host: 127.0.0.1, port: 1, tls: none}\n";

    @TempDir private Path directory;

    private static List<String> withUmask(String umask) {
        return List.of("sh", "-c", "umask " + umask + " && exec \"$@\"", "sh");
    }

    private static void submit(Postern postern, String recipient) throws IOException {
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            byte[] content =
                    ("Subject: hi\r\n\r\n" + "m".repeat(20_000) + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII);
            client.submit("app@example.org", List.of(recipient), content);
        }
    }

    private static String openToOthers(Path spool) throws IOException {
        return Commands.run(new ProcessBuilder("find", spool.toString(), "-perm", "/077"))
                .expect(0)
                .output();
    }

    /// Accepted, waiting, killed, damaged and set aside, sent, stopped.
    @ParameterizedTest
    @ValueSource(strings = {"000", "022", "077"})
    void nothingOfItIsOpenToOthers(String umask) throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory).wrapper(withUmask(umask)).egress(CLOSED)) {
            postern.start();
            for (int i = 0; i < 3; i++) {
                submit(postern, "user@example.com");
            }
            assertEquals("", openToOthers(postern.spool()));
            postern.kill9();
            damage(postern.spool());

            postern.egress(sink.egress()).start();
            postern.awaitLine("journal damaged");
            postern.awaitEmpty();
            assertTrue(Files.isDirectory(postern.spool().resolve("corrupt")));
            assertEquals("", openToOthers(postern.spool()));

            assertEquals(0, postern.stop());
            assertEquals("", openToOthers(postern.spool()));
        }
    }

    /// Turns an octet over in the middle of the journal.
    private static void damage(Path spool) throws IOException {
        Path journal;
        try (Stream<Path> files = Files.list(spool)) {
            journal =
                    files.filter(file -> file.toString().endsWith(".journal"))
                            .max(Comparator.comparingLong(file -> file.toFile().length()))
                            .orElseThrow();
        }
        byte[] octets = Files.readAllBytes(journal);
        octets[octets.length / 2] ^= 1;
        Files.write(journal, octets);
    }

    @Test
    void whatAnEarlierVersionLeftOpenIsNarrowedWithOneLine() throws IOException {
        try (Postern postern = Postern.in(directory)) {
            postern.start().stop();
            Commands.run(new ProcessBuilder("chmod", "-R", "a+rwX", postern.spool().toString()))
                    .expect(0);
            postern.start();
            assertEquals("", openToOthers(postern.spool()));
            assertEquals(1, postern.lines().stream().filter(it -> it.contains("narrowed")).count());
        }
    }

    /// Runs `find` on the spool beside a forwarder, as a user without rights, and returns a line an
    /// entry: whose, mode, path.
    ///
    /// @param preparation what root does before, to `$0`, the spool
    private Commands.Result seenByAStranger(String preparation) throws IOException {
        Programs.UNSHARE.require();
        List<String> wrapper =
                new ArrayList<>(
                        List.of(
                                "unshare",
                                "--mount",
                                "sh",
                                "-c",
                                preparation + " && exec \"$@\"",
                                directory.resolve("spool").toString()));
        wrapper.addAll(Access.asStranger(directory));
        try (Postern postern =
                Postern.in(directory).home(Access.distributionIn(directory)).wrapper(wrapper)) {
            return Commands.run(
                    postern.command(
                            "exec",
                            "--config",
                            postern.writeConfiguration().toString(),
                            "--",
                            "find",
                            postern.spool().toString(),
                            "-printf",
                            "%U %m /%P\\n"));
        }
    }

    private static void assertTaken(String root, Commands.Result result) {
        List<String> entries = result.expect(0).output().lines().toList();
        assertEquals("0 " + root + " /", entries.getFirst());
        for (String entry : entries.subList(1, entries.size())) {
            assertTrue(entry.matches(STRANGER + " [67]00 /.*"), result.output());
        }
        assertTrue(entries.stream().anyMatch(it -> it.endsWith("/lock")), result.output());
        List<String> told =
                result.errors().lines().filter(it -> it.contains("taken as it is")).toList();
        assertEquals(1, told.size(), result.errors());
        assertTrue(told.getFirst().contains("level=info"), told.getFirst());
    }

    /// Volumes with fsGroup, and those that are open to all, as an `emptyDir` is.
    @ParameterizedTest
    @ValueSource(strings = {"2775", "777"})
    void aMountPointOfRootsIsTakenAsItIs(String mode) throws IOException {
        assertTaken(
                mode,
                seenByAStranger(
                        "mkdir \"$0\" && mount -t tmpfs -o mode=%s,gid=%s none \"$0\""
                                .formatted(mode, STRANGER)));
    }

    /// What is left of an earlier user of the volume, or of a server that squashes users.
    private static final String EARLIER =
            "mkdir \"$0\" && mount -t tmpfs -o mode=2775,gid=%1$s none \"$0\""
                    + " && cd \"$0\" && touch lock owner other && chown 4712:%1$s lock owner other"
                    + " && chmod %2$s lock owner other && cd /";

    @Test
    void anotherUsersFilesOnAMountPointAreTakenIfTheyMayBeWritten() throws IOException {
        Commands.Result result = seenByAStranger(EARLIER.formatted(STRANGER, "664"));
        List<String> entries = result.expect(0).output().lines().toList();
        for (String name : List.of("lock", "owner", "other")) {
            assertTrue(entries.contains("4712 664 /" + name), result.output());
        }
        List<String> told =
                result.errors().lines().filter(it -> it.contains("taken as they are")).toList();
        assertEquals(1, told.size(), result.errors());
        assertTrue(told.getFirst().contains("owners=4712"), told.getFirst());
        assertTrue(told.getFirst().contains("level=warn"), told.getFirst());
    }

    @Test
    void anotherUsersFilesOnAMountPointAreRefusedIfTheyMayNot() throws IOException {
        Commands.Result result = seenByAStranger(EARLIER.formatted(STRANGER, "644")).expect(1);
        List<String> complaints =
                result.errors().lines().filter(line -> line.startsWith("postern: ")).toList();
        assertEquals(1, complaints.size(), result.errors());
        assertTrue(complaints.getFirst().contains("belongs to user 4712"), result.errors());
    }

    /// A file that is mounted under one of our names is the platform's.
    @Test
    void whatIsMountedInTheSpoolStaysAsItIs() throws IOException {
        Commands.Result result =
                seenByAStranger(
                        ("mkdir \"$0\" \"$0/corrupt\" && chown -R %1$s \"$0\""
                                        + " && mount -t tmpfs -o mode=755,uid=%1$s"
                                        + " none \"$0/corrupt\"")
                                .formatted(STRANGER));
        String entries = result.expect(0).output();
        assertTrue(entries.contains(STRANGER + " 755 /corrupt\n"), entries);
        assertTrue(entries.startsWith(STRANGER + " 700 /\n"), entries);
    }

    /// Such a one is in images, and where a platform says which group we are.
    @ParameterizedTest
    @ValueSource(strings = {"770", "2775", "1777"})
    void aDirectoryOfRootsThatWeMayWriteIsTakenAsItIs(String mode) throws IOException {
        assertTaken(
                mode,
                seenByAStranger(
                        "mkdir \"$0\" && chgrp %s \"$0\" && chmod %s \"$0\""
                                .formatted(STRANGER, mode)));
    }

    @ParameterizedTest
    @CsvSource({
        "chown 4712, another user's: belongs to user 4712",
        "chmod 777, anybody could take our files away: anybody may take away what is in it",
        "chmod 755, not to be written: can't be written"
    })
    void anyOtherIsRefusedInOneLine(String preparation, String what) throws IOException {
        String words = what.substring(what.indexOf(": ") + 2);
        Commands.Result result =
                seenByAStranger("mkdir -m 777 \"$0\" && " + preparation + " \"$0\"");
        List<String> complaints =
                result.expect(1)
                        .errors()
                        .lines()
                        .filter(line -> line.startsWith("postern: "))
                        .toList();
        assertEquals(1, complaints.size(), result.errors());
        assertTrue(complaints.getFirst().contains(words), result.errors());
        assertTrue(complaints.getFirst().contains("set spool.path"), result.errors());
        try (Stream<Path> files = Files.list(directory.resolve("spool"))) {
            assertEquals(List.of(), files.toList(), "nothing was written");
        }
    }

    /// `sudo postern serve` would leave files that the service can't open.
    @Test
    void rootDoesNotTakeTheServicesSpool() throws IOException {
        Access.asStranger(directory);
        try (Postern postern = Postern.in(directory)) {
            Path spool = Files.createDirectory(postern.spool());
            Files.setAttribute(spool, "unix:uid", Access.STRANGER);
            postern.launch();
            assertEquals(1, postern.awaitExit());
            Await.until("it says why", () -> !postern.lines().isEmpty());
            assertTrue(
                    postern.lines().getLast().contains("run as that user"),
                    postern.lines().toString());
            try (Stream<Path> files = Files.list(spool)) {
                assertEquals(List.of(), files.toList(), "nothing was written");
            }
        }
    }

    @Test
    void aLinkInTheSpoolStopsTheStart() throws IOException {
        try (Postern postern = Postern.in(directory)) {
            postern.start().stop();
            Path outside = Files.writeString(directory.resolve("outside"), "of somebody else");
            Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rw-rw-rw-"));
            Files.createSymbolicLink(postern.spool().resolve("limits-test"), outside);
            postern.launch();
            assertEquals(1, postern.awaitExit());
            String said = postern.lines().getLast();
            assertTrue(said.contains("limits-test is a symbolic link"), said);
            assertFalse(said.contains("Exception"), said);
            assertEquals("of somebody else", Files.readString(outside));
        }
    }
}
