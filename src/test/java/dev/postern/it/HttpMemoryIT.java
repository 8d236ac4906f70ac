package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Await;
import dev.postern.testing.MemoryLimit;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import dev.postern.testing.Taken;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What large mail costs: 25 MiB of attachments, four messages at once, in over SMTP and out by
/// each kind of egress, in a process that is killed when it has more than a small container gives.
class HttpMemoryIT {

    private static final int AT_ONCE = 4;
    private static final long MEBI = 1 << 20;
    private static final int ATTACHMENTS_BYTES = 25 << 20;

    /// Postmark takes 10 MB in all.
    private static final int ATTACHMENTS_BYTES_AT_POSTMARK = 7 << 20;

    private static final long SMALL_LIMIT_BYTES = 128 * MEBI;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir Path directory;

    @Test
    void bySmtp() throws Exception {
        try (Sink sink = Sink.start()) {
            run(
                    "smtp",
                    SMALL_LIMIT_BYTES,
                    Postern.in(directory).egress(sink.egress()),
                    content(ATTACHMENTS_BYTES),
                    () -> (int) sink.taken().stream().filter(Taken::whole).count());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mailgun, 128",
        "ses, 192",
        "sendgrid, 192",
        "resend, 192",
        "brevo, 192",
        "postmark, 192"
    })
    void byApi(String type, long limitMebibytes) throws Exception {
        boolean small = type.equals("postmark");
        byte[] content = content(small ? ATTACHMENTS_BYTES_AT_POSTMARK : ATTACHMENTS_BYTES);
        try (StandIn api = StandIn.start(type).forgettingBodies()) {
            run(
                    type,
                    limitMebibytes * MEBI,
                    Postern.in(directory).egress(api.egress("")),
                    content,
                    () ->
                            (int)
                                    api.requests().stream()
                                            .filter(it -> it.length() > content.length / 2)
                                            .count());
        }
    }

    private static void run(
            String type, long limitBytes, Postern prepared, byte[] content, IntSupplier arrived)
            throws Exception {
        try (MemoryLimit limit = MemoryLimit.of(type, limitBytes);
                Postern postern = prepared.wrapper(limit.wrapper()).start()) {
            limit.watch(postern.pid());
            long began = System.nanoTime();
            Map<Integer, String> replies = new ConcurrentHashMap<>();
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                int number = i;
                clients.add(
                        Thread.ofVirtual()
                                .start(() -> replies.put(number, send(postern, type, content))));
            }
            for (Thread client : clients) {
                client.join();
            }
            assertTrue(
                    replies.values().stream().allMatch(it -> it.startsWith("250")),
                    () -> replies + "\n" + String.join("\n", postern.log()));
            Await.until(
                    "all arrive",
                    PATIENCE,
                    () -> !postern.isAlive() || arrived.getAsInt() >= AT_ONCE);
            assertTrue(postern.isAlive(), () -> "killed: " + String.join("\n", postern.log()));
            postern.awaitEmpty();
            assertEquals(AT_ONCE, postern.count("sent"));
            long millis = (System.nanoTime() - began) / 1_000_000;
            System.out.printf(
                    "%s: %d x %d KiB in %d ms, at most %d MiB (PSS) of %d MiB%s%n",
                    type,
                    AT_ONCE,
                    content.length / 1024,
                    millis,
                    limit.peakBytes() / MEBI,
                    limitBytes / MEBI,
                    limit.isEnforced() ? "" : " (not enforced: no control group)");
            assertTrue(limit.peakBytes() <= limitBytes, type + " had " + limit.peakBytes());
        }
    }

    private static String send(Postern postern, String type, byte[] content) {
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            return client.send("a@" + type + ".example", List.of("user@example.com"), content);
        } catch (IOException broken) {
            return broken.toString();
        }
    }

    private static byte[] content(int attachmentBytes) {
        StringBuilder mail = new StringBuilder();
        mail.append("From: app@example.org\r\nTo: user@example.com\r\nSubject: large\r\n");
        mail.append("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n");
        mail.append("--m\r\nContent-Type: text/plain\r\n\r\nSee the reports.\r\n");
        byte[] octets = new byte[attachmentBytes / 2];
        new Random(1).nextBytes(octets);
        String base64 = Base64.getMimeEncoder().encodeToString(octets);
        for (int i = 1; i <= 2; i++) {
            mail.append("--m\r\nContent-Type: application/pdf; name=report-").append(i);
            mail.append(".pdf\r\nContent-Disposition: attachment\r\n");
            mail.append("Content-Transfer-Encoding: base64\r\n\r\n").append(base64).append("\r\n");
        }
        return mail.append("--m--\r\n").toString().getBytes(US_ASCII);
    }
}
