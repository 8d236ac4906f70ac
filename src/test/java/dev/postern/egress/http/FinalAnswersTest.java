package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import dev.postern.testing.Growth;
import dev.postern.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Interim answers are no answers, however they come and however many.
class FinalAnswersTest {

    private static final String TO = "b@example.net";
    private static final String MESSAGE =
            "From: a@example.org\r\nTo: " + TO + "\r\nSubject: hi\r\n\r\nText.\r\n";

    private static final List<String> INTERIM =
            List.of(
                    "HTTP/1.1 100 Continue\r\n\r\n",
                    "HTTP/1.1 102 Processing\r\n\r\n",
                    "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX: y\r\n\r\n",
                    "HTTP/1.0 199 \r\n\r\n",
                    "HTTP/1.1 104\r\n\r\n");

    private static final List<String> FINAL =
            List.of(
                    "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
                    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                    "HTTP/2 103\r\n\r\n",
                    "220 mail.example ESMTP\r\n",
                    "HTTP/1.1 10",
                    "");

    @Test
    void whatIsLeftIsTheAnswerInWhateverPiecesItComes() {
        Seeds.forEach(
                300,
                random -> {
                    StringBuilder before = new StringBuilder();
                    for (int left = random.nextInt(4); left > 0; left--) {
                        before.append(Seeds.oneOf(random, INTERIM));
                    }
                    String answer = Seeds.oneOf(random, FINAL);
                    assertEquals(answer, read(before + answer, random));
                });
    }

    @Test
    void eachRequestHasItsOwn() {
        String said = INTERIM.get(0) + FINAL.get(0) + INTERIM.get(2) + FINAL.get(0);
        byte[] octets = said.getBytes(ISO_8859_1);
        int second = INTERIM.get(0).length() + FINAL.get(0).length();
        FinalAnswers answers =
                new FinalAnswers(
                        pieces(
                                Arrays.copyOf(octets, second),
                                Arrays.copyOfRange(octets, second, octets.length)));
        answers.expect();
        assertEquals(FINAL.get(0), new String(answers.get(), ISO_8859_1));
        answers.expect();
        assertEquals(FINAL.get(0), new String(answers.get(), ISO_8859_1));
    }

    @Test
    void moreThanTheLimitIsAnError() {
        for (String endless : List.of(INTERIM.get(0), "HTTP/1.1 103 " + "x".repeat(4096))) {
            byte[] octets = endless.getBytes(ISO_8859_1);
            AtomicInteger read = new AtomicInteger();
            FinalAnswers answers =
                    new FinalAnswers(() -> {
                        read.addAndGet(octets.length);
                        return octets;
                    });
            assertThrows(UncheckedIOException.class, answers::get);
            assertEquals(true, read.get() <= FinalAnswers.INTERIM_LIMIT_OCTETS + 2 * octets.length);
        }
    }

    @Test
    void timeIsLinear() {
        Growth.assertLinear(
                "octet by octet",
                FinalAnswers.INTERIM_LIMIT_OCTETS,
                size -> {
                    byte[] octets = ("HTTP/1.1 103 \r\n" + "\n".repeat(size)).getBytes(ISO_8859_1);
                    return () -> {
                        AtomicInteger at = new AtomicInteger();
                        new FinalAnswers(() ->
                                at.get() < Math.min(octets.length, size)
                                        ? new byte[] {octets[at.getAndIncrement()]}
                                        : null)
                                .get();
                    };
                });
    }

    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.Shipments#TYPES")
    void aThousandBeforeTheAcceptanceAreNothing(String type) throws IOException {
        FakeApi.Answer.Said accepted = (FakeApi.Answer.Said) Shipments.acceptance(type);
        for (String interim :
                List.of(INTERIM.get(0).repeat(1000), INTERIM.get(1), INTERIM.get(2))) {
            assertInstanceOf(Outcome.Accepted.class, sent(type, interim + accepted.asHttp()));
        }
    }

    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.Shipments#TYPES")
    void withoutEndTheyLeaveItUncertain(String type) throws IOException {
        String endless = INTERIM.get(1).repeat(FinalAnswers.INTERIM_LIMIT_OCTETS / 10);
        assertInstanceOf(Outcome.Uncertain.class, sent(type, endless));
    }

    /// What a server says unasked must not be taken for the answer to the next message.
    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.Shipments#TYPES")
    void aSecondAnswerIsNobodys(String type) throws IOException {
        String accepted = ((FakeApi.Answer.Said) Shipments.acceptance(type)).asHttp();
        AtomicInteger calls = new AtomicInteger();
        try (FakeApi api =
                        FakeApi.start(_ ->
                                calls.incrementAndGet() == 1
                                        ? new FakeApi.Answer.Open(accepted.repeat(2))
                                        : FakeApi.said(503, "{}"));
                Egress egress = Shipments.egress(type, api.uri())) {
            assertInstanceOf(Outcome.Accepted.class, sent(egress));
            assertInstanceOf(Outcome.Unavailable.class, sent(egress));
            assertEquals(2, calls.get());
        }
    }

    private static Outcome sent(String type, String raw) throws IOException {
        try (FakeApi api = FakeApi.start(_ -> new FakeApi.Answer.Raw(raw));
                Egress egress = Shipments.egress(type, api.uri())) {
            return sent(egress);
        }
    }

    private static Outcome sent(Egress egress) {
        return egress.send(Shipments.of(MESSAGE, TO), () -> true)
                .outcomes()
                .firstEntry()
                .getValue();
    }

    private static String read(String said, RandomGenerator random) {
        byte[] octets = said.getBytes(ISO_8859_1);
        AtomicInteger at = new AtomicInteger();
        FinalAnswers answers =
                new FinalAnswers(() -> {
                    int from = at.get();
                    if (from == octets.length) {
                        return null;
                    }
                    int some = 1 + random.nextInt(Math.min(40, octets.length - from));
                    return Arrays.copyOfRange(octets, from, at.addAndGet(some));
                });
        answers.expect();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] some = answers.get(); some != null; some = answers.get()) {
            all.writeBytes(some);
        }
        return all.toString(ISO_8859_1);
    }

    private static Supplier<byte[]> pieces(byte[]... pieces) {
        AtomicInteger next = new AtomicInteger();
        return () -> next.get() < pieces.length ? pieces[next.getAndIncrement()] : null;
    }
}
