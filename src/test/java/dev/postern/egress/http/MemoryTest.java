package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.mail.MessageContent;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What a large message costs in memory: little, whatever its size.
class MemoryTest {

    private static final String HEAD =
            "From: a@example.org\r\nTo: b@example.net\r\nSubject: large\r\n"
                    + "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nText\r\n--m\r\n"
                    + "Content-Type: application/pdf; name=a.pdf\r\n"
                    + "Content-Transfer-Encoding: base64\r\n\r\n";
    private static final String LINE =
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";
    private static final String TAIL = "--m--\r\n";
    private static final int KIBI = 1024;

    /// Far less than the message. Everything that a thread allocates counts, also what is free at
    /// once; so buffers count each time, and only what grows with the message stands out.
    private static final long LIMIT_BYTES = 12L * KIBI * KIBI;

    private static MessageContent made(long lines) {
        return MadeContent.of(HEAD, LINE, lines, TAIL);
    }

    static List<String> types() {
        // Postmark takes 10 MiB at most.
        return List.of("mailgun", "ses", "sendgrid", "resend", "brevo");
    }

    @ParameterizedTest
    @MethodSource("types")
    void whatStaysInMemoryDoesNotGrowWithTheMessage(String type) throws Exception {
        long lines = 25L * KIBI * KIBI / 54;
        try (FakeApi api =
                        FakeApi.start(_ -> OutboundMessages.acceptance(type)).forgettingBodies();
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            assertEquals(OutcomeClass.ACCEPTED, sent(egress, made(1000)).kind());
            Watch watch = new Watch();
            Outcome outcome = sent(egress, made(lines));
            long peak = watch.peakBytes();
            assertEquals(OutcomeClass.ACCEPTED, outcome.kind(), outcome.reply());
            assertTrue(api.requests().getLast().length() > 33L * 1000 * 1000);
            System.out.println(
                    type + ": 25 MiB attached, live heap grew by " + peak / KIBI + " KiB");
            assertTrue(peak < LIMIT_BYTES, type + ": " + peak);
        }
    }

    private static Outcome sent(Egress egress, MessageContent content) {
        return egress.send(OutboundMessages.of(content, "b@example.net"), CommitGate.OPEN)
                .outcomes()
                .firstEntry()
                .getValue();
    }

    /// Looks at what lives after each collection of the heap while something runs.
    private static final class Watch {

        private static final long LOOK_EVERY_NANOS = 50_000_000;

        private final long before;
        private final Thread looking;
        private volatile boolean done;
        private volatile long most;

        Watch() {
            System.gc();
            before = used();
            most = before;
            looking = Thread.ofPlatform().daemon().start(this::look);
        }

        private static long used() {
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        }

        private void look() {
            while (!done) {
                System.gc();
                most = Math.max(most, used());
                LockSupport.parkNanos(LOOK_EVERY_NANOS);
            }
        }

        long peakBytes() throws InterruptedException {
            done = true;
            looking.join();
            return most - before;
        }
    }

    @Test
    void whatIsTooLargeIsNotEvenTried() throws Exception {
        long lines = 60L * KIBI * KIBI / 54;
        for (String type : Arrays.asList("mailgun", "ses", "sendgrid", "postmark")) {
            try (FakeApi api =
                            FakeApi.start(_ -> OutboundMessages.acceptance(type))
                                    .forgettingBodies();
                    Egress egress = OutboundMessages.egress(type, api.uri())) {
                Outcome outcome = sent(egress, made(lines));
                assertEquals(OutcomeClass.UNSUITED, outcome.kind(), type + outcome);
                assertEquals(0, api.requests().size());
            }
        }
    }
}
