package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// How much is taken of what a server says.
class EndlessAnswersTest {

    private static final String ACCEPTED =
            "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"id\":\"<mg-1>\"}";
    private static final String CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
    private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    private static final int MEBI = 1024 * 1024;

    private static Outcome sent(String answer) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> new FakeApi.Answer.Raw(answer));
                Egress egress = OutboundMessages.egress("mailgun", api.uri())) {
            return egress.send(
                            OutboundMessages.of(
                                    "From: a@example.org\r\n\r\nx\r\n", "b@example.net"),
                            CommitGate.OPEN)
                    .outcomes()
                    .firstEntry()
                    .getValue();
        }
    }

    static Stream<String> endless() {
        return Stream.of(
                CONTINUE.repeat(100_000) + ACCEPTED,
                "HTTP/1.1 103 X\r\nX: " + "x".repeat(MEBI) + "\r\n\r\n" + ACCEPTED,
                "HTTP/1.1 200 OK\r\nX: " + "x".repeat(MEBI) + "\r\n\r\n" + ACCEPTED,
                "HTTP/1.1 200 OK\r\n" + "a:b\r\n".repeat(MEBI / 4) + "\r\n" + ACCEPTED,
                "HTTP/1.1 200 " + "x".repeat(MEBI) + "\r\n\r\n",
                CHUNKED + "7fffffff\r\n" + "x".repeat(MEBI),
                CHUNKED + "1\r\nx\r\n".repeat(MEBI),
                "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n" + "x".repeat(MEBI),
                "HTTP/1.1 200 OK\r\n\r\n" + "[".repeat(MEBI),
                "HTTP/1.1 1");
    }

    @ParameterizedTest
    @MethodSource("endless")
    void anAnswerThatGoesOnForEverIsNone(String answer) throws Exception {
        assertEquals(OutcomeClass.UNCERTAIN, sent(answer).kind());
    }
}
