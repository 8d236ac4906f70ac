package dev.postern.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Arrival;
import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Daemon;
import dev.postern.testing.DebianRoot;
import dev.postern.testing.Sink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The .deb in a small Debian: installed, used by PHP and by cron, upgraded, removed, purged. The
/// next hop takes no address without a domain.
class DebIT {

    private static final String TOKEN = "/etc/postern/admin-token";
    private static final String CONFIGURATION = "/etc/postern/postern.yaml";
    private static final String SPOOL = "/var/spool/postern";
    private static final String CREDENTIALS = "/run/credentials/postern.service";

    @TempDir private Path directory;

    @Test
    void localMailGetsOutAndAnEmptySpoolGoesWithThePackage() throws IOException {
        try (DebianRoot debian = installed()) {
            itIsWhatTheServiceNeeds(debian);
            removedAfterUse(debian);
            assertFalse(Files.exists(debian.file("/usr/sbin/sendmail")));
            assertTrue(Files.exists(debian.file(TOKEN)));
            assertTrue(Files.exists(debian.file(CONFIGURATION)));
            assertTrue(Files.exists(debian.file(SPOOL)));

            debian.run("dpkg", "-P", "postern").expect(0);

            assertFalse(Files.exists(debian.file("/etc/postern")));
            assertFalse(Files.exists(debian.file(SPOOL)));
            assertFalse(Files.exists(debian.file("/var/lib/postern")));
        }
    }

    private static void removedAfterUse(DebianRoot debian) throws IOException {
        try (Sink sink = Sink.start()) {
            configure(debian, sink.egress());
            try (Daemon postern = serve(debian)) {
                phpsMailArrives(debian, sink);
                cronsMailArrives(debian, sink);
                theQueueIsForTheGroup(debian);
                Await.until("all is sent", () -> allSent(debian));

                anUpgradeKeepsWhatIsThere(debian);
                debian.run("dpkg", "-r", "postern").expect(0);
                postern.terminate();
                assertEquals(0, postern.awaitExit());
            }
        }
    }

    @Test
    void mailThatWasNotSentOutlivesThePurge() throws IOException {
        try (DebianRoot debian = installed()) {
            configure(debian, "  []\n");
            try (Daemon postern = serve(debian)) {
                debian.runAs("www-data", "php", "-r", "mail('a@example.com', 'x', 'y');").expect(0);

                Commands.Result purge = debian.run("dpkg", "-P", "postern").expect(0);

                assertTrue(purge.errors().contains("kept /var/spool/postern"), purge::toString);
                postern.terminate();
                assertEquals(0, postern.awaitExit());
            }
            assertFalse(Files.exists(debian.file(TOKEN)));
            try (Stream<Path> left = Files.list(debian.file(SPOOL))) {
                assertNotEquals(0, left.count());
            }
        }
    }

    private DebianRoot installed() throws IOException {
        Path built = Packages.built(".deb");
        DebianRoot debian = DebianRoot.copyTo(directory.resolve("debian"));
        Files.copy(built, debian.file("/tmp/postern.deb"));
        debian.run("dpkg", "-i", "/tmp/postern.deb").expect(0);
        return debian;
    }

    private static void itIsWhatTheServiceNeeds(DebianRoot debian) throws IOException {
        assertEquals("640 root:postern", mode(debian, TOKEN));
        assertEquals("700 postern:postern", mode(debian, SPOOL));
        assertEquals("700 root:root", mode(debian, "/etc/postern/credentials"));
        assertEquals("644 root:root", mode(debian, CONFIGURATION));
        String provides = debian.run("dpkg-query", "-W", "-f", "${Provides}", "postern").output();
        assertEquals("mail-transport-agent", provides);
        assertTrue(
                Files.isSymbolicLink(
                        debian.file(
                                "/etc/systemd/system/multi-user.target.wants/postern.service")));
        debian.run("/usr/lib/sendmail", "--help").expect(0);
        String aliases = debian.run("newaliases").expect(0).output();
        assertTrue(aliases.contains(CONFIGURATION), aliases);
        String version = debian.runAs("www-data", "postern", "version").expect(0).output();
        assertTrue(version.startsWith("postern "), version);
        // In this mode Java refuses to start without its AOT cache.
        debian.run("env", "POSTERN_JAVA_OPTS=-XX:AOTMode=on", "postern", "version").expect(0);
    }

    private static String mode(DebianRoot debian, String path) throws IOException {
        return debian.run("stat", "-c", "%a %U:%G", path).expect(0).output().strip();
    }

    /// What the administrator would write, on free ports; a credential as systemd would give it.
    private static void configure(DebianRoot debian, String egress) throws IOException {
        String packaged = debian.read(CONFIGURATION);
        String mine =
                packaged.replaceAll("127\\.0\\.0\\.1:\\d+", "127.0.0.1:0")
                        .replace(
                                "egress: []\n",
                                """
                                qualify-domain: example.org
                                aliases: {root: ops@example.net}
                                sendmail: {from: server@example.org}
                                notify: {secret: "${file:%s/credentials_notify}"}
                                egress:
                                %s\
                                """
                                        .formatted(CREDENTIALS, egress));
        assertTrue(mine.contains("qualify-domain: example.org"), mine);
        Files.writeString(debian.file(CONFIGURATION), mine);
        debian.run("install", "-d", "-o", "postern", "/run/postern").expect(0);
        debian.run("install", "-d", "-o", "postern", "-m", "0500", CREDENTIALS).expect(0);
        Path credential = debian.file(CREDENTIALS).resolve("credentials_notify");
        Files.writeString(credential, "secret\n");
        debian.run("chown", "postern", CREDENTIALS + "/credentials_notify").expect(0);
        debian.run("chmod", "0400", CREDENTIALS + "/credentials_notify").expect(0);
    }

    private static Daemon serve(DebianRoot debian) throws IOException {
        Daemon postern =
                debian.startAs("postern", "/usr/bin/postern", "serve", "--config", CONFIGURATION);
        Await.until(
                "Postern listens",
                () -> {
                    if (!postern.isAlive()) {
                        throw new AssertionError(postern.output());
                    }
                    return Files.exists(debian.file("/run/postern/endpoint"));
                });
        return postern;
    }

    /// mail() calls `/usr/sbin/sendmail -t -i`, and names no sender.
    private static void phpsMailArrives(DebianRoot debian, Sink sink) throws IOException {
        String call =
                "exit(mail('user@example.com', 'From PHP', \"Hello\\n.\\nthere\\n\") ? 0 : 1);";

        debian.runAs("www-data", "php", "-r", call).expect(0);

        Arrival arrival = arrival(sink, "From PHP");
        assertEquals("server@example.org", arrival.sender());
        assertEquals(Set.of("user@example.com"), arrival.recipients());
        assertEquals("server@example.org", field(arrival, "From"));
    }

    /// Jobs of root and of another user, which cron runs as soon as it starts.
    private static void cronsMailArrives(DebianRoot debian, Sink sink) throws IOException {
        Files.writeString(
                debian.file("/etc/cron.d/test"),
                "@reboot root echo of root\n@reboot www-data echo of www-data\n");

        try (Daemon _ = debian.startAs("root", "cron", "-f")) {
            Arrival root = arrival(sink, "> echo of root");
            Arrival other = arrival(sink, "> echo of www-data");

            assertEquals("server@example.org", root.sender());
            assertEquals(Set.of("ops@example.net"), root.recipients());
            assertEquals("server@example.org", other.sender());
            assertEquals(Set.of("www-data@example.org"), other.recipients());
            assertEquals("server@example.org (Cron Daemon)", field(other, "From"));
        }
    }

    private static Arrival arrival(Sink sink, String subject) {
        return Await.value(
                subject,
                () ->
                        sink.arrivals().stream()
                                .filter(it -> field(it, "Subject").contains(subject))
                                .findFirst());
    }

    private static String field(Arrival arrival, String name) {
        return arrival.content().fields().stream()
                .filter(field -> field.startsWith(name + ": "))
                .map(field -> field.substring(name.length() + 2).strip())
                .findFirst()
                .orElse("");
    }

    private static void theQueueIsForTheGroup(DebianRoot debian) throws IOException {
        debian.run("mailq").expect(0);
        Commands.Result refused = debian.runAs("www-data", "mailq").expect(69);
        assertEquals(1, refused.errors().lines().count(), refused::toString);
        assertTrue(refused.errors().contains("group postern"), refused::toString);
    }

    private static boolean allSent(DebianRoot debian) {
        return Stream.of("queued", "sending")
                .noneMatch(state -> listed(debian, state).contains("\"id\""));
    }

    private static String listed(DebianRoot debian, String state) {
        try {
            return debian.run("postern", "queue", "list", "--json", "--state", state)
                    .expect(0)
                    .output();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static void anUpgradeKeepsWhatIsThere(DebianRoot debian) throws IOException {
        String token = debian.read(TOKEN);
        String configuration = debian.read(CONFIGURATION);

        debian.run("dpkg", "-i", "/tmp/postern.deb").expect(0);

        assertEquals(64, token.length());
        assertEquals(token, debian.read(TOKEN));
        assertEquals("640 root:postern", mode(debian, TOKEN));
        assertEquals(configuration, debian.read(CONFIGURATION));
        debian.run("mailq").expect(0);
    }
}
