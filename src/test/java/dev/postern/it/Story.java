package dev.postern.it;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Await;
import dev.postern.testing.Postern;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Two hundred messages that an app gives to Postern where the network is in trouble, and what
/// becomes of them.
final class Story {

    static final int MESSAGES = 200;

    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final double MILLIS_PER_SECOND = 1e3;

    private final String name;
    private final Postern postern;
    private final List<String> ids = new ArrayList<>();
    private final List<String> senders = new ArrayList<>();
    private final Set<String> uncertain = new TreeSet<>();
    private String shown = "";

    Story(String name, Postern postern) {
        this.name = name;
        this.postern = postern;
    }

    /// What a story came to.
    ///
    /// @param name what was wrong
    /// @param firstSeconds from the first message's arrival to the first that was sent
    /// @param lastSeconds from the first message's arrival to the last that was sent
    /// @param shown what the status said of the first egress meanwhile
    record Ending(String name, double firstSeconds, double lastSeconds, String shown) {

        private static final int SHOWN_MAX = 200;

        static final String HEADING =
                "%-34s %9s %9s  %s".formatted("network", "first", "last", "shown");

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%-34s %7.1f s %7.1f s  %s",
                    name,
                    firstSeconds,
                    lastSeconds,
                    shown.length() > SHOWN_MAX ? shown.substring(0, SHOWN_MAX) + "…" : shown);
        }
    }

    /// Submits all.
    Story submit() throws IOException {
        return submit(MESSAGES);
    }

    /// Submits so many more.
    Story submit(int count) throws IOException {
        try (SmtpClient app = new SmtpClient(postern.smtpPort())) {
            app.say("EHLO app.example.org");
            for (int i = 0; i < count; i++) {
                Letter letter = Letter.of("app" + senders.size(), "Hello.\r\n");
                ids.add(app.submit(letter.sender(), List.of("user@example.com"), letter.bytes()));
                senders.add(letter.sender());
            }
        }
        return this;
    }

    /// Submits all at an even pace, as an app does that lives on meanwhile.
    Story submitOver(Duration time) throws IOException {
        long begun = System.nanoTime();
        for (int i = 0; i < MESSAGES; i++) {
            long due = begun + time.toNanos() / MESSAGES * i;
            Await.until("the next message's turn", () -> System.nanoTime() >= due);
            submit(1);
        }
        return this;
    }

    /// Returns an egress of the status once it fits, and remembers what is shown of it.
    JsonNode awaitEgress(String egress, String what, Predicate<JsonNode> fits) {
        JsonNode found =
                Await.value(
                        egress + " " + what, LIMIT, () -> Optional.of(egress(egress)).filter(fits));
        note(found);
        return found;
    }

    /// Waits until an egress is down for a reason that begins so.
    JsonNode awaitDown(String egress, String reason) {
        return awaitEgress(
                egress,
                "is down: " + reason,
                it ->
                        it.path("state").asText().equals("down")
                                && it.path("reason").asText().startsWith(reason));
    }

    /// Returns an egress as the status has it.
    JsonNode egress(String egress) {
        for (JsonNode item : status().path("egress")) {
            if (item.path("name").asText().equals(egress)) {
                return item;
            }
        }
        throw new AssertionError("no egress " + egress);
    }

    private JsonNode status() {
        try {
            return postern.admin("/api/v1/status");
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /// One that is down says why in its last error; one that is up tells which ways failed.
    private void note(JsonNode egress) {
        String told =
                Stream.of("state", "reason", "last-error")
                        .map(egress::path)
                        .filter(JsonNode::isTextual)
                        .map(JsonNode::asText)
                        .collect(joining(": "));
        shown = egress.path("reason").isNull() ? told + candidates(egress) : told;
    }

    /// Returns what came of the ways to a port of an egress.
    static String candidate(JsonNode egress, int port) {
        StringBuilder told = new StringBuilder();
        for (JsonNode candidate : egress.path("candidates")) {
            if (candidate.path("port").asInt() == port) {
                told.append(candidate.path("result").asText()).append("; ");
            }
        }
        return told.toString();
    }

    private static String candidates(JsonNode egress) {
        StringBuilder told = new StringBuilder();
        for (JsonNode candidate : egress.path("candidates")) {
            told.append("; ").append(candidate.path("port").asText());
            told.append(": ").append(candidate.path("result").asText());
        }
        return told.toString();
    }

    /// Waits until all wait for this reason, and looks at the words that each has for it.
    void awaitWaiting(String reason, String words) {
        Await.until("all are deferred", LIMIT, () -> postern.count("deferred") == ids.size());
        for (JsonNode message : messages()) {
            JsonNode recipient = message.at("/recipients/0");
            assertEquals(reason, recipient.path("reason").asText(), message::toString);
            assertTrue(recipient.path("reply").asText().contains(words), message::toString);
        }
    }

    /// Waits until all are sent.
    ///
    /// @throws AssertionError that has what is known of one that is not
    Story awaitSent() throws IOException {
        try {
            Await.until("all are sent", LIMIT, () -> postern.count("sent") == MESSAGES);
        } catch (AssertionError missing) {
            for (JsonNode message : messages()) {
                if (!message.path("state").asText().equals("sent")) {
                    String path = "/api/v1/messages/" + message.path("id").asText();
                    String known = String.valueOf(postern.admin(path));
                    throw new AssertionError(missing.getMessage() + "\n" + known, missing);
                }
            }
        }
        return this;
    }

    /// Waits until all are sent, but those of which a connection that broke behind the final dot
    /// left it open whether they were taken: they are left alone for minutes.
    Story awaitSentUnlessUncertain() {
        Await.until("all are sent", LIMIT, () -> postern.count("sent") == MESSAGES - uncertain());
        return this;
    }

    private int uncertain() {
        try {
            String path = "/api/v1/messages?state=deferred&limit=" + MESSAGES;
            uncertain.clear();
            for (JsonNode message : postern.admin(path).path("messages")) {
                if (message.at("/recipients/0/reason").asText().equals("uncertain")) {
                    uncertain.add(message.path("from").asText());
                }
            }
            return uncertain.size();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /// Looks at what a server took: each message once, an uncertain one perhaps.
    Story takenOnce(List<String> taken) {
        List<String> wanted = new ArrayList<>(senders);
        wanted.removeIf(it -> uncertain.contains(it) && !taken.contains(it));
        assertEquals(wanted.stream().sorted().toList(), taken.stream().sorted().toList());
        return this;
    }

    /// Looks at what two servers took together: each message once.
    Story takenOnce(List<String> taken, List<String> others) {
        return takenOnce(Stream.concat(taken.stream(), others.stream()).toList());
    }

    /// Looks at the attempts that the messages had at an egress before they were sent by another:
    /// there may be none, and each says why.
    Story attemptsFailed(String egress, String outcome, String words) {
        for (JsonNode message : messages()) {
            for (JsonNode attempt : message.path("attempts")) {
                if (attempt.path("egress").asText().equals(egress)) {
                    assertEquals(outcome, attempt.path("outcome").asText(), attempt::toString);
                    assertTrue(attempt.path("reply").asText().contains(words), attempt::toString);
                }
            }
        }
        return this;
    }

    private List<JsonNode> messages() {
        try {
            List<JsonNode> messages = new ArrayList<>();
            for (String id : ids) {
                messages.add(postern.admin("/api/v1/messages/" + id));
            }
            return messages;
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /// Returns what it came to, once all are sent.
    Ending ending() {
        List<JsonNode> messages = messages();
        Instant begun = Instant.parse(messages.getFirst().path("received").asText());
        List<Double> seconds =
                messages.stream()
                        .filter(it -> !uncertain.contains(it.path("from").asText()))
                        .map(it -> sentAfter(it, begun))
                        .sorted()
                        .toList();
        return new Ending(name, seconds.getFirst(), seconds.getLast(), shown);
    }

    private static double sentAfter(JsonNode message, Instant begun) {
        for (JsonNode attempt : message.path("attempts")) {
            if (attempt.path("outcome").asText().equals("accepted")) {
                Instant at = Instant.parse(attempt.path("at").asText());
                return Duration.between(begun, at).toMillis() / MILLIS_PER_SECOND
                        + attempt.path("seconds").asDouble();
            }
        }
        throw new AssertionError("not sent: " + message);
    }
}
