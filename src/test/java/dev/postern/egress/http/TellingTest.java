package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.CommitGate.BrokenOff;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpCall.HttpBody;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.outcome.Outcome.Unsuited;
import dev.postern.outcome.OutcomeClass;
import dev.postern.testing.Await;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;

/// What an attempt tells while it lasts: when the message is prepared, and what became of whom
/// before the rest is asked for.
class TellingTest {

    private static final String TO = "r@example.net";

    static List<String> types() {
        return OutboundMessages.TYPES;
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
        Delivery delivery = egress.send(OutboundMessages.of(message, to), told);
        assertEquals(recipients, delivery.outcomes().size());
        return told;
    }

    @ParameterizedTest
    @MethodSource("types")
    void aMessageIsPreparedOnlyBeforeItsFirstOctet(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            List<String> lines = new ArrayList<>(send(egress, 1).lines);
            assertEquals("preparing", lines.getFirst());
            List<String> last = lines.subList(lines.lastIndexOf("waiting"), lines.size());
            assertEquals(List.of("waiting", "preparing", "sending", "pass"), last.subList(0, 4));
        }
    }

    /// Messages of which much is held go one at a time; those that wait are not being prepared.
    @Test
    void whoWaitsForItsTurnIsNotBeingPrepared() throws Exception {
        Told told = new Told();
        MessageContent content = OutboundMessages.content(new byte[0]);
        try (ContentCursor second = new ContentCursor(content, told)) {
            Thread waits = Thread.ofVirtual().unstarted(() -> take(second));
            try (ContentCursor first = new ContentCursor(content, CommitGate.OPEN)) {
                first.takeTurn();
                waits.start();
                Await.until("it waits", () -> waits.getState() == Thread.State.WAITING);
                assertEquals(List.of("waiting"), told.lines);
            }
            waits.join();
            assertEquals(List.of("waiting", "preparing"), told.lines);
        }
    }

    private static void take(ContentCursor cursor) {
        try {
            cursor.takeTurn();
        } catch (BrokenOff e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whoWaitsForCredentialsOfAwsIsNotBeingPrepared() {
        Told told = new Told();
        AwsCredentialsProvider source =
                Ses.SesTransport.apart(() -> {
                    told.lines.add("asked");
                    throw SdkClientException.create("there are none");
                });
        Http http =
                new Http(
                        OutboundMessages.common(URI.create("http://127.0.0.1:1")),
                        ApiEndpoint.of(URI.create("http://127.0.0.1:1")),
                        _ -> null);
        assertInstanceOf(
                HttpResult.Failed.class,
                new Ses.SesTransport(http).carry(null, told, source::resolveCredentials));
        assertEquals(List.of("waiting", "asked", "preparing"), told.lines);
    }

    /// What the gate makes a call wait for is no trouble of the server's.
    @Test
    void theGateHasItsOwnTime() throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("postmark"))) {
            Common base = OutboundMessages.common(api.uri());
            Common quick =
                    new Common(
                            base.name(),
                            base.endpoint(),
                            null,
                            1,
                            Duration.ofMillis(200),
                            Duration.ofMillis(400),
                            base.dataTimeout(),
                            base.answerTimeout(),
                            List.of(),
                            null,
                            null,
                            base.whenLimited(),
                            base.fidelity(),
                            base.sign());
            CommitGate slow =
                    new CommitGate() {
                        @Override
                        public boolean pass() {
                            return true;
                        }

                        @Override
                        public void preparing() {
                            if (Thread.currentThread().getName().equals("http-call")) {
                                LockSupport.parkNanos(Duration.ofMillis(1_200).toNanos());
                            }
                        }
                    };
            try (Egress egress = OutboundMessages.egress("postmark", quick)) {
                Delivery delivery =
                        egress.send(
                                OutboundMessages.of("From: a@example.org\r\n\r\nx\r\n", TO), slow);
                assertInstanceOf(
                        Outcome.Accepted.class, delivery.outcomes().firstEntry().getValue());
            }
        }
    }

    /// Takes one recipient at a time, and of more than two none but the first two.
    private static final class Narrow extends Api {

        private static final int TAKEN = 2;

        Narrow(Http http) {
            super(http, false);
        }

        @Override
        Optional<Unsuited> plan(
                OutboundMessage outbound, ContentCursor content, Predicate<Post> sender) {
            List<ForwardPath> to = outbound.envelope().recipients();
            Post first =
                    new Post(to.subList(0, Math.min(TAKEN, to.size())), probeCall(), List.of());
            return sender.test(first) && to.size() > TAKEN
                    ? Optional.of(new Unsuited("the rest is too large", Unsuitability.SIZE))
                    : Optional.empty();
        }

        @Override
        HttpResult send(Post post, CommitGate gate) {
            int status = post.recipients().size() > 1 ? 422 : 200;
            return new HttpAnswer(status, Map.of(), "", true);
        }

        @Override
        Optional<String> acceptedAs(HttpAnswer answer, Post post) {
            return answer.status() == 200 ? Optional.of("id") : Optional.empty();
        }

        @Override
        boolean isOwn(HttpAnswer answer) {
            return true;
        }

        @Override
        String explain(HttpAnswer answer, List<ForwardPath> recipients) {
            return answer.status() == 200 ? "" : "406: one of them is inactive";
        }

        @Override
        HttpCall probeCall() {
            return new HttpCall("GET", "/", Map.of(), HttpBody.NONE);
        }

        @Override
        Optional<Probe> probed(HttpAnswer answer) {
            return Optional.empty();
        }

        @Override
        HttpResult probe() {
            return new HttpAnswer(200, Map.of(), "", true);
        }
    }

    /// Those who are in smaller groups by then are not settled by that: they would be mailed here
    /// and at the next egress.
    @Test
    void aPlanThatEndsMidwaySettlesOnlyThoseItAskedNobodyFor() {
        Common common = OutboundMessages.common(URI.create("http://127.0.0.1:1"));
        Http http = new Http(common, ApiEndpoint.of(URI.create("http://127.0.0.1:1")), _ -> null);
        EgressConfig config = OutboundMessages.config("postmark", common);
        Egress egress = new HttpEgress(config, new Narrow(http), new KeyMask(List.of()));
        List<OutcomeClass> kinds =
                egress
                        .send(
                                OutboundMessages.of("x", "a@example.net", "b@example.net", TO),
                                CommitGate.OPEN)
                        .outcomes()
                        .values()
                        .stream()
                        .map(Outcome::kind)
                        .toList();
        assertEquals(
                List.of(OutcomeClass.ACCEPTED, OutcomeClass.ACCEPTED, OutcomeClass.UNSUITED),
                kinds);
    }

    @ParameterizedTest
    @MethodSource("types")
    void eachCallIsToldBeforeTheNext(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            Told told = send(egress, 1_060);
            long calls = api.requests().size();
            assertEquals(calls - 1, told.lines.stream().filter(l -> l.startsWith("told")).count());
            assertEquals(1, told.lines.stream().filter("pass"::equals).count());
        }
    }
}
