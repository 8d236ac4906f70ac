package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Exim;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import dev.postern.testing.Taken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A configuration that changes while the program runs.
class ReloadIT {

    private static final String IN_USE = "configuration changed, now in use";

    private static final int CHANGES = 12;

    private static final Duration ANSWER_AFTER = Duration.ofMillis(30);

    @TempDir private Path directory;

    /// The provider would ban an address that tries a wrong password again and again: between the
    /// two there must be no other way than to notice the correction.
    @Test
    void aPasswordCorrectedInItsMountedSecretCountsAtOnce() throws IOException {
        try (Exim exim = Exim.start(directory);
                Postern postern = Postern.in(directory)) {
            Path mounted = Files.createDirectory(directory.resolve("secret"));
            mount(mounted, "first", "wr0ng-one");
            String path = mounted.resolve("password").toString();
            postern.egress(exim.egress().replace("secret}", "\"${file:" + path + "}\"}")).start();
            Await.until("it is down", () -> "credentials".equals(reason(postern)));
            String id = submit(postern, "app@example.org");
            postern.awaitLine("egress down", "credentials");
            Await.until("it waits", () -> postern.count("deferred") == 1);

            mount(mounted, "second", "secret");

            exim.await("app@example.org");
            postern.awaitLine(IN_USE, "keys=egress.exim.password");
            postern.awaitEmpty();
            postern.awaitLine("done", id);
            assertEquals("up", egress(postern).path("state").asText());
            assertEquals(1, exim.arrivals().size());
            assertFalse(String.join("\n", postern.log()).contains("wr0ng-one"));
            assertEquals(0, postern.stop());
        }
    }

    @Test
    void heldMailLeavesOnceAnEgressIsWrittenIntoTheFile() throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory).start()) {
            submit(postern, "app@example.org");
            Await.until("it is held", () -> postern.count("held") == 1);

            postern.egress(sink.egress()).writeConfiguration();

            sink.await("app@example.org");
            postern.awaitLine(IN_USE, "keys=egress.sink");
            postern.awaitEmpty();
            assertEquals("up", egress(postern).path("state").asText());
            String metrics = postern.health("/metrics").body();
            assertTrue(metrics.contains("postern_egress_up{egress=\"sink\"} 1.0"), metrics);
            assertTrue(
                    metrics.contains(
                            "postern_deliveries_total{egress=\"sink\",outcome=\"accepted\"} 1.0"),
                    metrics);
        }
    }

    @Test
    void whatCanNotBeUsedIsToldAndTheConfigurationBeforeStays() throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory).egress(sink.egress()).start()) {
            postern.settings("colour: blue\nretry: {max-age: long}\n").writeConfiguration();
            String line = postern.awaitLine("can't be used", "colour", "retry.max-age", "5d");
            assertTrue(line.contains("level=warn"), line);
            submit(postern, "one@example.org");
            sink.await("one@example.org");

            Files.delete(directory.resolve("postern.yaml"));
            postern.awaitLine("can't be used", "no such file");
            submit(postern, "two@example.org");
            sink.await("two@example.org");

            postern.settings("retry: {max-age: 2d}\n").writeConfiguration();
            postern.awaitLine(IN_USE, "keys=retry.max-age");
            assertEquals(2, sink.arrivals().size());
        }
    }

    @Test
    void aHangUpReadsAtOnceAndSaysEvenThatNothingChanged() throws Exception {
        try (Sink sink = Sink.start();
                Postern postern =
                        Postern.in(directory).hearingSignals().egress(sink.egress()).start()) {
            hangUp(postern);
            postern.awaitLine("configuration read again, nothing changed");
            postern.settings("drain-timeout: 5s\nreceived-header: omit\n").writeConfiguration();
            hangUp(postern);
            postern.awaitLine(IN_USE, "keys=drain-timeout");
            postern.awaitLine("need a restart", "keys=received-header");
            assertTrue(postern.isAlive());
            assertEquals(0, postern.stop());
        }
    }

    @Test
    void usersAndAliasesCountFromTheNextSessionOn() throws IOException {
        String users = "auth: required, users: [{username: %s, password: pw}]";
        try (Sink sink = Sink.start();
                Postern postern =
                        Postern.in(directory)
                                .egress(sink.egress())
                                .smtp(users.formatted("old"))
                                .start()) {
            assertEquals("235", logIn(postern, "old"));
            postern.smtp(users.formatted("new"))
                    .settings("aliases: {root: ops@example.org}\n")
                    .writeConfiguration();
            postern.awaitLine(IN_USE, "smtp.users", "aliases");
            assertEquals("535", logIn(postern, "old"));
            assertEquals("235", logIn(postern, "new"));
        }
    }

    /// Under load, with next hops that take their time, so that every change hits mail under way.
    @Test
    void nothingIsLostOrSentTwiceWhileEgressesComeAndGo() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        try (Sink one = Sink.start(ReloadIT::slowly);
                Sink two = Sink.start(ReloadIT::slowly);
                Postern postern =
                        Postern.in(directory).hearingSignals().egress(one.egress()).start()) {
            String both = one.egress() + two.egress().replace("sink", "other");
            String swapped = two.egress() + one.egress().replace("sink", "other");
            List<String> turns = List.of(two.egress(), both, "", swapped, one.egress());
            Senders senders = new Senders();
            senders.start(postern.smtpPort(), 4, random);
            for (int i = 0; i < CHANGES; i++) {
                int taken = one.taken().size() + two.taken().size();
                int so = i;
                postern.egress(turns.get(i % turns.size())).writeConfiguration();
                hangUp(postern);
                Await.until("change " + i, () -> count(postern, IN_USE) == so + 1);
                if (!turns.get(i % turns.size()).isEmpty()) {
                    Await.until(
                            "mail leaves after change " + i,
                            () -> one.taken().size() + two.taken().size() > taken + 5);
                }
            }
            assertEquals(0, postern.stop(), () -> String.join("\n", postern.log()));
            senders.join();
            postern.start().awaitEmpty();

            Map<String, Integer> arrived = new HashMap<>();
            for (Sink sink : List.of(one, two)) {
                sink.arrivals().forEach(mail -> arrived.merge(mail.sender(), 1, Integer::sum));
            }
            arrived.forEach((sender, times) -> assertEquals(1, times, sender));
            assertEquals(Set.of(), senders.surprises());
            assertEquals(Set.of(), missing(senders.acknowledged(), arrived.keySet()));
        }
    }

    private static Set<String> missing(Set<String> wanted, Set<String> there) {
        Set<String> missing = new HashSet<>(wanted);
        missing.removeAll(there);
        return missing;
    }

    private static long count(Postern postern, String words) {
        return postern.lines().stream().filter(line -> line.contains(words)).count();
    }

    private static Taken slowly(Taken mail) {
        LockSupport.parkNanos(ANSWER_AFTER.toNanos());
        return mail;
    }

    /// As the kubelet does: the files lie in a directory of their own, `..data` links to it, and
    /// another link takes that one's place by a rename.
    private static void mount(Path mounted, String version, String password) throws IOException {
        Path files = Files.createDirectory(mounted.resolve(".." + version));
        Files.writeString(files.resolve("password"), password + "\n");
        Path link = mounted.resolve("..data_tmp");
        Files.createSymbolicLink(link, files.getFileName());
        Files.move(link, mounted.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
        Path visible = mounted.resolve("password");
        if (!Files.exists(visible)) {
            Files.createSymbolicLink(visible, Path.of("..data", "password"));
        }
    }

    private static void hangUp(Postern postern) throws IOException {
        String pid = Long.toString(postern.pid());
        Commands.run(new ProcessBuilder("kill", "-HUP", pid)).expect(0);
    }

    private static String logIn(Postern postern, String user) throws IOException {
        String plain =
                Base64.getEncoder().encodeToString(("\0" + user + "\0pw").getBytes(US_ASCII));
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            return client.say("AUTH PLAIN " + plain).substring(0, 3);
        }
    }

    private static String submit(Postern postern, String sender) throws IOException {
        byte[] content = "Subject: x\r\n\r\nHello.\r\n".getBytes(US_ASCII);
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            return client.submit(sender, List.of("user@example.com"), content);
        }
    }

    private static JsonNode egress(Postern postern) {
        try {
            return postern.admin("/api/v1/status").path("egress").path(0);
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    private static String reason(Postern postern) {
        return egress(postern).path("reason").asText();
    }
}
