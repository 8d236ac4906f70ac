package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.Egress;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.outcome.Outcome;
import dev.postern.testing.Growth;
import dev.postern.testing.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/// Answers are read in whatever form they come, but not where it is open which octets they are;
/// interim answers are none.
class AnswerReaderTest {

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

    private static final List<String> NONE =
            List.of(
                    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                    "HTTP/x 200\r\n\r\n",
                    "HTTP/1.1 20\r\n\r\n",
                    "HTTP/1.1 2000 OK\r\n\r\n",
                    "HTTP/1.1 OK\r\n\r\n",
                    "HTTP/1.1 200 OK\r\nContent-Length: 5",
                    "220 mail.example ESMTP\r\n",
                    "HTTP/1.1 10",
                    "");

    @ParameterizedTest
    @EnumSource
    void isReadInEveryFormThatTellsWhereItEnds(Framing framing) {
        Seeds.forEach(
                20,
                random -> {
                    String body = "x\u00fc\r\n\u20ac0".repeat(random.nextInt(50));
                    Map<String, String> fields = Map.of("X-Message-Id", "sg-1", "X-A", "a b");
                    int status = 400 + random.nextInt(100);
                    String raw = framing.of(status, fields, body);
                    HttpAnswer answer = read(raw, random);
                    assertEquals(status, answer.status());
                    assertEquals("sg-1", answer.header("x-message-id"));
                    assertEquals("a b", answer.header("X-A"));
                    assertEquals(framing.isReadable(), answer.whole());
                    if (framing.isReadable()) {
                        assertEquals(body, answer.body());
                    } else if (framing.isContradiction()) {
                        assertEquals("", answer.body());
                    }
                });
    }

    @Test
    void aChunkThatIsNotAsLongAsItSaysBreaksTheBodyOff() throws IOException {
        String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (String body :
                List.of(
                        "3\r\nabcd\r\n0\r\n\r\n",
                        "-3\r\nabc\r\n0\r\n\r\n",
                        "0x3\r\nabc\r\n0\r\n\r\n",
                        "\r\nabc\r\n0\r\n\r\n",
                        "ffffffffffffffffffff\r\nabc\r\n0\r\n\r\n")) {
            HttpAnswer answer = new AnswerReader(stream(head + body)).read();
            assertFalse(answer.whole(), body);
        }
    }

    @Test
    void interimAnswersArePassedOverInWhateverPiecesTheyCome() {
        Seeds.forEach(
                300,
                random -> {
                    StringBuilder before = new StringBuilder();
                    for (int left = random.nextInt(4); left > 0; left--) {
                        before.append(Seeds.oneOf(random, INTERIM));
                    }
                    String said = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHTTP/1.1 100";
                    HttpAnswer answer = read(before + said, random);
                    assertEquals("200 HTTP/1.1 100", answer.status() + " " + answer.body());
                    String none = before + Seeds.oneOf(random, NONE);
                    assertThrows(IOException.class, () -> read(none, random));
                });
    }

    @Test
    void eachRequestHasItsOwn() throws IOException {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        AnswerReader reader = new AnswerReader(stream((INTERIM.getFirst() + answer).repeat(2)));
        assertEquals(200, reader.read().status());
        assertTrue(reader.isReusable());
        assertEquals(200, reader.read().status());
    }

    @Test
    void noAnswerFollowsOneThatTellsNoEnd() throws IOException {
        for (String last :
                List.of(
                        "HTTP/1.1 200 OK\r\n\r\nx",
                        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
                        "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n")) {
            AnswerReader reader = new AnswerReader(stream(last));
            assertEquals(200, reader.read().status());
            assertFalse(reader.isReusable(), last);
        }
    }

    @Test
    void moreThanTheLimitIsAnError() {
        for (String endless : List.of(INTERIM.get(0), "X: y\r\n", "x")) {
            String begun = endless.startsWith("HTTP") ? "" : "HTTP/1.1 200 OK\r\nA: ";
            AtomicInteger read = new AtomicInteger();
            InputStream in =
                    new InputStream() {
                        @Override
                        public int read() {
                            int at = read.getAndIncrement();
                            return at < begun.length()
                                    ? begun.charAt(at)
                                    : endless.charAt((at - begun.length()) % endless.length());
                        }
                    };
            assertThrows(IOException.class, () -> new AnswerReader(in).read());
            int most = AnswerReader.INTERIM_LIMIT_OCTETS + AnswerReader.HEAD_LIMIT_OCTETS;
            assertTrue(read.get() <= most, endless + " " + read);
        }
    }

    /// A little gzip may stand for very much.
    @Test
    void whatIsUnzippedIsBounded() throws IOException {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
            out.write(new byte[16 * 1024 * 1024]);
        }
        String head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
        HttpAnswer answer = new AnswerReader(stream(head + zipped.toString(ISO_8859_1))).read();
        assertFalse(answer.whole());
        assertTrue(answer.body().length() < 2 * AnswerReader.BODY_LIMIT_OCTETS);
    }

    @Test
    void timeIsLinear() {
        Growth.assertLinear(
                "octet by octet",
                AnswerReader.HEAD_LIMIT_OCTETS,
                size -> {
                    String head = "HTTP/1.1 200 \r\na:\r\n" + " \r\n".repeat(size / 3) + "\r\n";
                    return () -> {
                        try {
                            new AnswerReader(stream(head)).read();
                        } catch (IOException e) {
                            assertTrue(
                                    head.length() > AnswerReader.HEAD_LIMIT_OCTETS, e.toString());
                        }
                    };
                });
    }

    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void aThousandBeforeTheAcceptanceAreNothing(String type) throws IOException {
        FakeApi.Answer.Said accepted = (FakeApi.Answer.Said) OutboundMessages.acceptance(type);
        for (String interim :
                List.of(INTERIM.get(0).repeat(1000), INTERIM.get(1), INTERIM.get(2))) {
            assertInstanceOf(Outcome.Accepted.class, sent(type, interim + accepted.asHttp()));
        }
    }

    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void withoutEndTheyLeaveItUncertain(String type) throws IOException {
        String endless = INTERIM.get(1).repeat(AnswerReader.INTERIM_LIMIT_OCTETS / 10);
        assertInstanceOf(Outcome.Uncertain.class, sent(type, endless));
    }

    /// What a server says unasked must not be taken for the answer to the next message.
    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void aSecondAnswerIsNobodys(String type) throws IOException {
        String accepted = ((FakeApi.Answer.Said) OutboundMessages.acceptance(type)).asHttp();
        AtomicInteger calls = new AtomicInteger();
        try (FakeApi api =
                        FakeApi.start(_ ->
                                calls.incrementAndGet() == 1
                                        ? new FakeApi.Answer.Open(accepted.repeat(2))
                                        : FakeApi.said(503, "{}"));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            assertInstanceOf(Outcome.Accepted.class, sent(egress));
            assertInstanceOf(Outcome.Unavailable.class, sent(egress));
            assertEquals(2, calls.get());
        }
    }

    /// What we ask in the head, and what goes to proxies only.
    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void nothingIsAskedForThatIsNotRead(String type) throws IOException {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            assertInstanceOf(Outcome.Accepted.class, sent(egress));
            Map<String, String> asked = api.requests().getFirst().headers();
            assertEquals("identity", asked.get("accept-encoding"));
            assertFalse(asked.containsKey("proxy-connection"), asked.toString());
            assertFalse(asked.containsKey("te"), asked.toString());
        }
    }

    private static Outcome sent(String type, String raw) throws IOException {
        try (FakeApi api = FakeApi.start(_ -> new FakeApi.Answer.Raw(raw));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            return sent(egress);
        }
    }

    private static Outcome sent(Egress egress) {
        return egress.send(OutboundMessages.of(MESSAGE, TO), () -> true)
                .outcomes()
                .firstEntry()
                .getValue();
    }

    private static InputStream stream(String octets) {
        return new ByteArrayInputStream(octets.getBytes(ISO_8859_1));
    }

    /// Reads what comes in pieces of any length.
    private static HttpAnswer read(String said, RandomGenerator random) throws IOException {
        InputStream whole = stream(said);
        InputStream pieces =
                new InputStream() {
                    @Override
                    public int read() throws IOException {
                        return whole.read();
                    }

                    @Override
                    public int read(byte[] to, int offset, int length) throws IOException {
                        return whole.read(to, offset, Math.min(length, 1 + random.nextInt(40)));
                    }
                };
        return new AnswerReader(new java.io.BufferedInputStream(pieces)).read();
    }
}
