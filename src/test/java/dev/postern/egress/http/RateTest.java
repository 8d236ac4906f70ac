package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Many messages at once: all arrive, each once. How many a second is printed, not asserted.
class RateTest {

    private static final int MESSAGES = 800;
    private static final int IN_FLIGHT = 16;

    @Test
    void sixteenAtOnceAllArrive() throws Exception {
        for (String type : OutboundMessages.TYPES) {
            try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                    Egress egress = OutboundMessages.egress(type, api.uri())) {
                run(egress, IN_FLIGHT);
                long start = System.nanoTime();
                assertEquals(MESSAGES, run(egress, MESSAGES), type);
                long millis = Math.max(1, (System.nanoTime() - start) / 1_000_000);
                assertEquals(MESSAGES + IN_FLIGHT, api.requests().size(), type);
                System.out.println(
                        type + ": " + MESSAGES * 1000L / millis + " messages/s, 16 in flight");
            }
        }
    }

    private static int run(Egress egress, int count) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        AtomicInteger accepted = new AtomicInteger();
        List<Thread> senders = new ArrayList<>();
        for (int i = 0; i < IN_FLIGHT; i++) {
            senders.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                while (next.getAndIncrement() < count) {
                                    if (send(egress) instanceof Outcome.Accepted) {
                                        accepted.incrementAndGet();
                                    }
                                }
                            }));
        }
        for (Thread sender : senders) {
            sender.join();
        }
        return accepted.get();
    }

    private static Outcome send(Egress egress) {
        return egress.send(
                        OutboundMessages.of(
                                "From: a@example.org\r\nTo: b@example.net\r\nSubject: x\r\n\r\n"
                                        + "Text\r\n",
                                "b@example.net"),
                        CommitGate.OPEN)
                .outcomes()
                .firstEntry()
                .getValue();
    }
}
