package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What an attempt tells while it lasts: when the message is prepared, and what became of whom
/// before the rest is asked for.
class TellingTest {

    static List<String> types() {
        return Shipments.TYPES;
    }

    /// A gate that writes down what it is told.
    private static final class Told implements CommitGate {

        private final List<String> lines = new ArrayList<>();

        @Override
        public synchronized boolean pass() {
            return lines.add("pass");
        }

        @Override
        public synchronized void preparing() {
            lines.add("preparing");
        }

        @Override
        public synchronized void waiting() {
            lines.add("waiting");
        }

        @Override
        public synchronized void sending() {
            // For every piece of a request.
            if (!lines.getLast().equals("sending")) {
                lines.add("sending");
            }
        }

        @Override
        public synchronized void told(Map<ForwardPath, Outcome> outcomes) {
            lines.add("told " + outcomes.size());
        }
    }

    private static Told send(Egress egress, int recipients) {
        String[] to =
                IntStream.range(0, recipients)
                        .mapToObj(i -> "r" + i + "@example.net")
                        .toArray(String[]::new);
        String message =
                "From: a@example.org\r\nSubject: x\r\nTo: "
                        + String.join(",\r\n ", to)
                        + "\r\n\r\ny\r\n";
        Told told = new Told();
        Delivery delivery = egress.send(Shipments.of(message, to), told);
        assertEquals(recipients, delivery.outcomes().size());
        return told;
    }

    @ParameterizedTest
    @MethodSource("types")
    void aMessageIsPreparedOnlyBeforeItsFirstOctet(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> Shipments.acceptance(type));
                Egress egress = Shipments.egress(type, api.uri())) {
            List<String> lines = new ArrayList<>(send(egress, 1).lines);
            assertEquals("preparing", lines.getFirst());
            List<String> last = lines.subList(lines.lastIndexOf("waiting"), lines.size());
            assertEquals(List.of("waiting", "preparing", "sending", "pass"), last.subList(0, 4));
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void eachCallIsToldBeforeTheNext(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> Shipments.acceptance(type));
                Egress egress = Shipments.egress(type, api.uri())) {
            Told told = send(egress, 1_060);
            long calls = api.requests().size();
            assertEquals(calls - 1, told.lines.stream().filter(l -> l.startsWith("told")).count());
            assertEquals(1, told.lines.stream().filter("pass"::equals).count());
        }
    }
}
