package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.ReversePath;
import dev.postern.spool.FileDisk;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.MessageState;
import dev.postern.spool.Spool;
import dev.postern.testing.MemoryLimit;
import dev.postern.testing.Postern;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A queue that is longer than memory: the program starts, takes mail at once, is killed, starts
/// again and knows all of it, in what a container of 128 MiB has.
///
/// `-Dlong.queue=1000000` has it do so with a million.
class LongQueueIT {

    private static final int MESSAGES = Integer.getInteger("long.queue", 300_000);
    private static final long CONTAINER_BYTES = 128L << 20;

    /// What `bin/postern` gives it there.
    private static final String HEAP = "-Xmx38m";

    private static final int AT_ONCE = 500;
    private static final String CONTENT = "Subject: x\r\n\r\n" + "m".repeat(300) + "\r\n";
    private static final String EGRESS =
            "  - {name: one, type: smtp, host: 127.0.0.1, port: 1, tls: none}\n";

    @Test
    void startsAtOnceAndKnowsAll(@TempDir Path directory) throws Exception {
        Path spool = Files.createDirectory(directory.resolve("long"));
        fill(spool);
        try (MemoryLimit limit = MemoryLimit.of("long", CONTAINER_BYTES);
                Postern postern =
                        Postern.in(directory)
                                .spool(spool)
                                .egress(EGRESS)
                                .settings("drain-timeout: 1s\n")
                                .javaOptions(HEAP)
                                .wrapper(limit.wrapper())) {
            postern.start();
            send(postern);
            postern.kill9();
            postern.start();
            send(postern);
            String opened = postern.awaitLine("\"spool opened\"", "last-stop=process");
            List<String> lines = postern.lines();
            int door = lines.lastIndexOf(postern.awaitLine("message=started"));
            assertTrue(door < lines.indexOf(opened), () -> String.join("\n", lines));
            int known = 0;
            for (JsonNode count : postern.admin("/api/v1/status").get("messages")) {
                known += count.asInt();
            }
            assertEquals(MESSAGES + 2, known);
            JsonNode found = postern.admin("/api/v1/messages?recipient=user7777@");
            assertEquals(1, found.get("messages").size(), found::toString);
            assertEquals(0, postern.stop());
        }
    }

    private static void send(Postern postern) throws IOException {
        byte[] content = CONTENT.getBytes(StandardCharsets.US_ASCII);
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO app.example.org");
            client.submit("new@example.org", List.of("new@example.net"), content);
        }
    }

    /// Puts the messages there without syncs, which a disk would take long for.
    private static void fill(Path path) throws Exception {
        SpoolConfig config =
                new SpoolConfig(
                        path,
                        SpoolConfig.Sync.NEVER,
                        0,
                        0,
                        Duration.ofDays(7),
                        Duration.ofDays(1),
                        1000);
        Clock clock = Clock.systemUTC();
        ByteBuffer content = StandardCharsets.US_ASCII.encode(CONTENT);
        Origin origin = new Origin("127.0.0.1", "app", "ESMTP", null);
        ContentTraits traits = new ContentTraits(false, false, 300);
        try (Spool spool = Spool.open(config, clock, new FileDisk(), _ -> {})) {
            List<CompletableFuture<Void>> commits = new ArrayList<>();
            for (int i = 0; i < MESSAGES; i++) {
                Intake intake = spool.intakes().receive();
                intake.write(content.duplicate());
                Envelope envelope =
                        new Envelope(
                                new ReversePath("app@example.org"),
                                List.of(new ForwardPath("user" + i + "@example.net")),
                                false);
                MessageState message =
                        MessageState.queued(
                                intake.id(), envelope, origin, clock.instant(), traits, "x");
                commits.add(intake.commit(message).toCompletableFuture());
                if (commits.size() == AT_ONCE) {
                    commits.forEach(CompletableFuture::join);
                    commits.clear();
                }
            }
            commits.forEach(CompletableFuture::join);
        }
    }
}
