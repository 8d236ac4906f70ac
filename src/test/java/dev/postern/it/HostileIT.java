package dev.postern.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.egress.http.FakeApi.Request;
import dev.postern.egress.http.OutboundMessages;
import dev.postern.testing.Await;
import dev.postern.testing.Hostile;
import dev.postern.testing.Hostile.Kind;
import dev.postern.testing.MemoryLimit;
import dev.postern.testing.Postern;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/// Hostile messages, hundreds of them, through the program as a process in the memory of a small
/// sidecar, with every kind of egress. All the while an orchestrator asks whether it lives, and an
/// app sends good mail.
@Timeout(600)
class HostileIT {

    private static final long LIMIT_BYTES = 128L << 20;
    private static final String HEAP = "-Xmx38m";
    private static final int SEEDS = 3;
    private static final int MIXTURES = 210;
    private static final int BODIES_KEPT_BYTES = 1 << 20;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration BETWEEN_GOOD_MAILS = Duration.ofMillis(250);
    private static final Duration BETWEEN_QUESTIONS = Duration.ofMillis(100);

    /// How soon an orchestrator wants its answer.
    private static final Duration LIVE_WITHIN = Duration.ofSeconds(1);

    /// Takes everybody's mail, and so what an API can't.
    private static final String SINK = "sink";

    private static final List<String> WAYS =
            Stream.concat(StandIn.TYPES.stream(), Stream.of(SINK)).toList();

    /// The APIs that have no form for a message as it is.
    private static final Set<String> REBUILDING = Set.of("sendgrid", "resend", "brevo", "postmark");

    /// What they can't rebuild, at its full size.
    private static final Set<Kind> BEYOND_REBUILDING =
            Set.of(Kind.FIELDS, Kind.FIELD, Kind.PARTS, Kind.NESTING);

    private static final Set<String> OVER = Set.of("sent", "failed", "held");

    private static final Pattern EVIL_RECIPIENT =
            Pattern.compile("name=\"to\"\r\n\r\n[^\r]*" + Pattern.quote(Hostile.EVIL));

    @TempDir static Path directory;

    private static final Map<String, StandIn> APIS = new LinkedHashMap<>();
    private static Sink sink;
    private static ScriptedServer scripted;
    private static MemoryLimit limit;
    private static Postern postern;
    private static int hostileMails;
    private static final Queue<String> GOOD_MAILS = new ConcurrentLinkedQueue<>();

    private Watch watch;

    @BeforeAll
    static void start() throws IOException {
        for (String type : StandIn.TYPES) {
            APIS.put(type, StandIn.start(type).keepingBodiesUpTo(BODIES_KEPT_BYTES));
        }
        sink = Sink.start();
        scripted = ScriptedServer.start();
        String egress =
                APIS.values().stream().map(it -> it.egress("")).collect(Collectors.joining())
                        + ("  - {name: scripted, type: smtp, host: 127.0.0.1, port: %d, tls: none,"
                                        + " senders: ['@scripted.example']}\n")
                                .formatted(scripted.port())
                        + sink.egress();
        limit = MemoryLimit.of("hostile", LIMIT_BYTES);
        postern =
                Postern.in(directory)
                        .egress(egress)
                        .settings("retry: {schedule: [1h]}\n")
                        .environment(Map.of("POSTERN_LOG_ADDRESSES", "masked"))
                        .javaOptions(HEAP)
                        .wrapper(limit.wrapper())
                        .start();
        limit.watch(postern.pid());
    }

    @AfterAll
    static void stop() throws IOException {
        if (postern != null) {
            System.out.printf(
                    "hostile: %d hostile and %d good mails, at most %d MiB of %d MiB%s%n",
                    hostileMails,
                    GOOD_MAILS.size(),
                    limit.peakOwnBytes() >> 20,
                    LIMIT_BYTES >> 20,
                    limit.isEnforced() ? "" : " (not enforced: no control group)");
            postern.close();
        }
        limit.close();
        scripted.close();
        sink.close();
        for (StandIn api : APIS.values()) {
            api.close();
        }
    }

    @BeforeEach
    void beginToWatch() {
        watch = new Watch();
    }

    @AfterEach
    void allWasWellMeanwhile() throws InterruptedException {
        List<String> goodMails = watch.end();
        assertTrue(postern.isAlive(), () -> "ended: " + lastLines());
        assertTrue(limit.peakOwnBytes() <= LIMIT_BYTES, () -> limit.peakOwnBytes() + " bytes");
        goodMails.forEach(id -> assertEquals("sent", state(over(id)), id));
        GOOD_MAILS.addAll(goodMails);
        assertEquals(
                List.of(),
                postern.log().stream()
                        .filter(it -> it.contains("OutOfMemory") || it.contains("StackOverflow"))
                        .toList());
    }

    @ParameterizedTest
    @EnumSource
    void eachKindByEachEgress(Kind kind) throws IOException {
        Map<String, String> suited = new LinkedHashMap<>();
        Map<String, String> unsuited = new LinkedHashMap<>();
        for (int size : List.of(kind.size(), kind.size() / 10)) {
            for (int seed = 1; seed <= SEEDS; seed++) {
                byte[] message = content(kind.of(seed, size));
                boolean beyond = size == kind.size() && BEYOND_REBUILDING.contains(kind);
                for (String way : WAYS) {
                    boolean suits = !beyond || !REBUILDING.contains(way);
                    (suits ? suited : unsuited).put(submit(way, message), way);
                }
            }
        }
        suited.forEach((id, way) -> assertSent(id, way, SINK));
        unsuited.forEach((id, way) -> {
            JsonNode message = assertSent(id, SINK);
            JsonNode first = message.path("attempts").path(0);
            assertEquals(way, first.path("egress").asText(), message::toString);
            assertEquals("unsuited", first.path("outcome").asText(), message::toString);
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"LONG_NAME", "FORM"})
    void nobodyLearnsOfAHiddenRecipient(Kind kind) throws IOException {
        for (String way : WAYS) {
            for (int seed = 1; seed <= SEEDS; seed++) {
                byte[] message = content(kind.of(seed, kind.size()));
                assertSent(submit(way, message), way, SINK);
            }
        }
        assertTrue(
                sink.taken().stream()
                        .allMatch(it -> it.recipients().equals(List.of(Submitted.RECIPIENT))));
        for (StandIn api : APIS.values()) {
            for (Request request : api.requests()) {
                assertFalse(EVIL_RECIPIENT.matcher(request.raw()).find(), request::raw);
                if (kind == Kind.LONG_NAME) {
                    assertFalse(request.raw().contains(Hostile.EVIL), request::raw);
                }
            }
        }
        if (kind == Kind.LONG_NAME) {
            assertEquals(
                    List.of(),
                    sink.taken().stream()
                            .filter(it -> it.content().contains(Hostile.EVIL))
                            .toList());
        }
    }

    @Test
    void mixturesByEachEgress() throws IOException {
        Map<String, String> mails = new LinkedHashMap<>();
        for (int seed = 1; seed <= MIXTURES; seed++) {
            String way = WAYS.get(seed % WAYS.size());
            int size = Kind.MIXTURE.size() / (1 + seed % 10);
            mails.put(submit(way, content(Kind.MIXTURE.of(seed, size))), way);
        }
        mails.forEach((id, way) -> assertSent(id, way, SINK));
        assertTrue(
                sink.taken().stream()
                        .allMatch(it -> it.recipients().equals(List.of(Submitted.RECIPIENT))));
    }

    /// Without `to` the envelope is in the header: whatever stands there, the answer comes.
    @ParameterizedTest
    @EnumSource(
            names = {"PARTS", "NESTING"},
            mode = EnumSource.Mode.EXCLUDE)
    void eachKindByHttp(Kind kind) throws IOException {
        for (int size : List.of(kind.size(), kind.size() / 10)) {
            for (int seed = 1; seed <= SEEDS; seed++) {
                byte[] message = content(kind.of(seed, size));
                HttpResponse<String> answer = postern.submit(message);
                hostileMails++;
                assertTrue(Set.of(202, 400).contains(answer.statusCode()), answer::body);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("REFUSALS")
    void aReplyOfManyLettersIsCut(String reply) throws IOException {
        scripted.on("RCPT", new Act.Say(reply));
        String id = submit("scripted", Submitted.content("h@scripted.example", 100));
        JsonNode message = over(id);
        assertEquals("failed", state(message), message::toString);
        String kept = message.path("recipients").path(0).path("reply").asText();
        assertTrue(kept.startsWith("550 5.1.1 "), kept);
        assertTrue(kept.length() < 1000, kept);
    }

    static final List<String> REFUSALS =
            Stream.of(10, 1)
                    .flatMap(part ->
                            Stream.of(
                                    "550 5.1.1 " + "a".repeat(20_000 / part) + " @",
                                    "550 5.1.1 " + "a@b".repeat(7_000 / part),
                                    "550 5.1.1 " + "x".repeat(16_000 / part),
                                    "550 5.1.1 " + "<".repeat(60_000 / part)))
                    .toList();

    @Test
    void interimAnswersAreNone() throws IOException {
        String interim =
                "HTTP/1.1 103 Early Hints\r\n\r\n" + "HTTP/1.1 100 Go\r\n\r\n".repeat(1000);
        for (StandIn api : APIS.values()) {
            Answer.Said acceptance = (Answer.Said) OutboundMessages.acceptance(api.type());
            api.answer(new Answer.Raw(interim + acceptance.asHttp()));
            assertSent(submit(api.type(), Submitted.content("h", 100)), api.type());
            api.behave();
        }
    }

    // Mail.

    private static byte[] content(Hostile hostile) throws IOException {
        try (InputStream in = hostile.open()) {
            return in.readAllBytes();
        }
    }

    private static byte[] stuffed(byte[] content) {
        String text = new String(content, ISO_8859_1);
        return text.contains("\r\n.")
                ? text.replace("\r\n.", "\r\n..").getBytes(ISO_8859_1)
                : content;
    }

    private static String submit(String way, byte[] message) throws IOException {
        hostileMails++;
        return submit("hostile" + hostileMails, way, message);
    }

    private static String submit(String name, String way, byte[] message) throws IOException {
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            String sender = name + "@" + way + ".example";
            return client.submit(sender, List.of(Submitted.RECIPIENT), stuffed(message));
        }
    }

    private static JsonNode assertSent(String id, String... egresses) {
        JsonNode message = over(id);
        assertEquals("sent", state(message), message::toString);
        String egress = message.path("recipients").path(0).path("egress").asText();
        assertTrue(List.of(egresses).contains(egress), message::toString);
        return message;
    }

    private static JsonNode over(String id) {
        return Await.value(
                id + " is over",
                PATIENCE,
                () -> {
                    assertTrue(postern.isAlive(), () -> "ended: " + lastLines());
                    return Optional.of(read(id)).filter(it -> OVER.contains(state(it)));
                });
    }

    private static JsonNode read(String id) {
        try {
            return postern.admin("/api/v1/messages/" + id);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static String state(JsonNode message) {
        return message.path("state").asText();
    }

    private static String lastLines() {
        List<String> lines = postern.log();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    }

    /// An orchestrator and an app, as long as a test runs.
    private static final class Watch {

        private final AtomicLong slowestNanos = new AtomicLong();
        private final AtomicInteger questions = new AtomicInteger();
        private final Queue<String> mails = new ConcurrentLinkedQueue<>();
        private final Queue<String> trouble = new ConcurrentLinkedQueue<>();
        private volatile boolean over;
        private final List<Thread> threads =
                List.of(
                        Thread.ofPlatform().start(() -> again(BETWEEN_QUESTIONS, this::ask)),
                        Thread.ofPlatform().start(() -> again(BETWEEN_GOOD_MAILS, this::send)));

        @FunctionalInterface
        private interface Step {
            void run() throws IOException;
        }

        private void again(Duration pause, Step step) {
            while (!over) {
                try {
                    step.run();
                } catch (IOException | RuntimeException | AssertionError failed) {
                    trouble.add(failed.toString());
                }
                LockSupport.parkNanos(pause.toNanos());
            }
        }

        private void ask() throws IOException {
            long began = System.nanoTime();
            int status = postern.health("/health/live").statusCode();
            slowestNanos.accumulateAndGet(System.nanoTime() - began, Math::max);
            questions.incrementAndGet();
            if (status != 200) {
                trouble.add("/health/live answered " + status);
            }
        }

        private void send() throws IOException {
            int number = GOOD_MAILS.size() + mails.size();
            String way = WAYS.get(number % WAYS.size());
            byte[] good =
                    "From: app@example.org\r\nTo: user@example.com\r\n\r\nHello.\r\n"
                            .getBytes(US_ASCII);
            mails.add(submit("good" + number, way, good));
        }

        /// Returns the ids of the good mails.
        List<String> end() throws InterruptedException {
            over = true;
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), new ArrayList<>(trouble), HostileIT::lastLines);
            assertTrue(questions.get() > 0);
            Duration slowest = Duration.ofNanos(slowestNanos.get());
            assertTrue(slowest.compareTo(LIVE_WITHIN) <= 0, () -> "live after " + slowest);
            return List.copyOf(mails);
        }
    }
}
