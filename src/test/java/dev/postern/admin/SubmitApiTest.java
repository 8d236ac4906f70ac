package dev.postern.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.Origin;
import dev.postern.reception.Reception.Result;
import dev.postern.reception.Rejection;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SubmitApiTest {

    private static final String MAIL =
            "From: Ann <ann@example.org>\r\n"
                    + "To: Bob <bob@example.net>,\r\n"
                    + " \"C, d\" <cd@example.net>\r\n"
                    + "Cc: eve@example.com\r\n"
                    + "Bcc: hidden@example.com, bob@example.net\r\n\r\n"
                    + "Hello\r\n";

    private final Stage stage = new Stage();
    private volatile Envelope envelope;
    private volatile Origin origin;
    private volatile String content;

    @AfterEach
    void close() {
        stage.close();
    }

    private Raw post(String query) throws IOException {
        return Raw.request(stage.admin(), "POST", "/api/v1/messages" + query)
                .header("Content-Type", "message/rfc822");
    }

    private void answerWith(Result result) {
        stage.submission =
                (given, from, in) -> {
                    content = new String(in.readAllBytes(), UTF_8);
                    envelope = given;
                    origin = from;
                    return result;
                };
    }

    private List<String> recipients() {
        return envelope.recipients().stream().map(ForwardPath::address).toList();
    }

    @Test
    void theEnvelopeComesFromTheQuery() throws IOException {
        answerWith(new Result.Queued(Stage.id(1)));

        Raw.Answer answer =
                post("?from=app@example.org&to=x@example.net,y@example.net&to=z@example.net")
                        .body(MAIL)
                        .send();

        assertEquals(202, answer.status());
        assertEquals(Stage.id(1).toString(), answer.json().get("id").asText());
        assertEquals("app@example.org", envelope.sender().address());
        assertEquals(List.of("x@example.net", "y@example.net", "z@example.net"), recipients());
        assertEquals(new Origin("127.0.0.1", "", "HTTP", null), origin);
        assertEquals(MAIL, content);
    }

    @Test
    void theEnvelopeComesFromTheHeader() throws IOException {
        answerWith(new Result.Queued(Stage.id(1)));

        post("").body(MAIL).chunked().send();

        assertEquals("ann@example.org", envelope.sender().address());
        assertEquals(
                List.of(
                        "bob@example.net",
                        "cd@example.net",
                        "eve@example.com",
                        "hidden@example.com"),
                recipients());
        assertEquals(MAIL, content, "every octet goes on, those that were read ahead too");
    }

    /// A bare CR is a blank: nobody is added by what looks like a line.
    @Test
    void aCarriageReturnInASubjectAddsNobody() throws IOException {
        answerWith(new Result.Queued(Stage.id(1)));

        post("").body(
                        "From: a@example.org\r\nTo: bob@example.net\r\n"
                                + "Subject: s\rBcc: evil@example.com\r\nX: y\r\n\r\nx\r\n")
                .send();

        assertEquals(List.of("bob@example.net"), recipients());
    }

    @Test
    void aMessageSentAgainIsForItsNewRecipientsAlone() throws IOException {
        answerWith(new Result.Queued(Stage.id(1)));

        post("").body(
                        "Resent-From: ann@example.org\r\nResent-To: r@example.net\r\n"
                                + "Resent-Bcc: hidden@example.net\r\n"
                                + "From: orig@example.org\r\nTo: first@example.org\r\n\r\nx\r\n")
                .send();

        assertEquals(List.of("r@example.net", "hidden@example.net"), recipients());
        assertEquals("ann@example.org", envelope.sender().address());
    }

    @Test
    void aPlusSignIsAPlusSign() throws IOException {
        answerWith(new Result.Queued(Stage.id(1)));

        post("?from=a+b@example.org&to=c+d@example.net&to=e%2Bf%40example.net").body(MAIL).send();

        assertEquals("a+b@example.org", envelope.sender().address());
        assertEquals(List.of("c+d@example.net", "e+f@example.net"), recipients());
    }

    @ParameterizedTest
    @CsvSource({"?from=%zz&to=a@b.test", "?from=%ff&to=a@b.test", "?from=a@b.test&to=%4"})
    void aQueryThatIsNotPercentEncodedIsTold(String query) throws IOException {
        assertEquals(400, post(query).body(MAIL).send().status());
        assertNull(envelope);
    }

    @Test
    void anEmptySenderIsTheNullReversePath() throws IOException {
        answerWith(new Result.Queued(Stage.id(1)));

        post("?from=").body(MAIL).send();

        assertTrue(envelope.sender().isNull());
    }

    static List<Arguments> results() {
        return List.of(
                Arguments.of(new Result.Sent(Stage.id(1), "gmail", "250 ok"), 200, null),
                Arguments.of(Stage.refused("550 5.1.1 no", Rejection.ADDRESS), 422, "550 5.1.1 no"),
                Arguments.of(
                        Stage.refused("451 4.4.1 later", Rejection.NOT_SENT),
                        503,
                        "451 4.4.1 later"),
                Arguments.of(Stage.refused("552 5.3.4 big", Rejection.SIZE), 413, null));
    }

    @ParameterizedTest
    @MethodSource("results")
    void theResultDecidesTheStatus(Result result, int status, String detail) throws IOException {
        answerWith(result);

        Raw.Answer answer = post("").body(MAIL).send();

        assertEquals(status, answer.status());
        if (detail != null) {
            assertEquals(detail, answer.json().get("detail").asText());
        }
        assertEquals(
                status == 200 ? "application/json" : "application/problem+json",
                answer.header("content-type"));
        assertEquals(status == 503 ? "30" : "", answer.header("retry-after"));
    }

    @ParameterizedTest
    @CsvSource({
        "'?to=not an address', 'a@example.org'",
        "'', 'nobody at all <>'",
        "?to=a@b.test&to=c@b.test&to=d@b.test&to=e@b.test&to=f@b.test&to=g@b.test, a@b.test"
    })
    void badEnvelopesAreTold(String query, String from) throws IOException {
        Raw.Answer answer =
                post(query.replace(" ", "%20")).body("From: " + from + "\r\n\r\nx\r\n").send();

        assertEquals(400, answer.status(), answer.text());
        assertNull(envelope);
    }

    @Test
    void aMessageWithoutRecipientsIsTold() throws IOException {
        Raw.Answer answer = post("").body("From: a@example.org\r\n\r\nx\r\n").send();

        assertEquals(400, answer.status());
        assertTrue(answer.text().contains("No recipient"));
    }

    @Test
    void otherTypesAreRefused() throws IOException {
        for (String type : List.of("text/plain", "application/x-www-form-urlencoded")) {
            Raw.Answer answer =
                    Raw.request(stage.admin(), "POST", "/api/v1/messages?to=a@example.org")
                            .header("Content-Type", type)
                            .body(MAIL)
                            .send();
            assertEquals(415, answer.status(), type);
        }
    }

    @Test
    void tooMuchIsRefusedDeclaredOrNot() throws IOException {
        answerWith(new Result.Queued(Stage.id(1)));
        String large = MAIL + "x".repeat(Stage.MAX_MESSAGE_BYTES);

        assertEquals(413, post("").body(large).send().status());
        assertEquals(413, post("").body(large).chunked().send().status());
        assertNull(envelope);
    }

    @Test
    void aMissingBodyIsTold() throws IOException {
        assertEquals(400, post("?from=a@b.example&to=a@b.example").send().status());
    }
}
