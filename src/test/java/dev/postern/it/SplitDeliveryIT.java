package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.OutboundMessages;
import dev.postern.testing.Await;
import dev.postern.testing.Postern;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A message that goes in several calls: what one of them brought is known after a kill in the
/// next.
@Timeout(180)
class SplitDeliveryIT {

    private static final int RECIPIENTS = 60;
    private static final int IN_ONE_CALL = 50;
    private static final Pattern TO = Pattern.compile("r\\d+@example\\.net");

    private boolean silent = true;

    @Test
    void afterAKillOnlyThoseOfTheSecondCallAreMailedAgain(@TempDir Path directory)
            throws IOException {
        try (FakeApi api = FakeApi.start(this::answer);
                Postern postern = Postern.in(directory)) {
            postern.egress(
                            """
                              - {name: api, type: postmark, api-key: test, endpoint: '%s'}
                            """
                                    .formatted(api.uri()))
                    .start();
            String id = submit(postern);
            awaitSecondCall(api, postern);
            postern.kill9();
            silent = false;
            postern.start();
            postern.awaitEmpty();
            List<Set<String>> mails = mails(api);
            assertEquals(3, mails.size());
            assertEquals(IN_ONE_CALL, mails.get(0).size());
            assertEquals(RECIPIENTS - IN_ONE_CALL, mails.get(1).size());
            assertEquals(mails.get(1), mails.get(2));
            JsonNode message = postern.admin("/api/v1/messages/" + id);
            assertEquals("sent", message.path("state").asText());
            assertEquals(2, message.path("attempts").size(), message::toString);
            postern.awaitLine("possible duplicate", id);
            assertTrue(postern.lines().stream().noneMatch(line -> line.contains("suspected")));
        }
    }

    private static void awaitSecondCall(FakeApi api, Postern postern) {
        try {
            Await.until("the second call is made", () -> mails(api).size() == 2);
        } catch (AssertionError missing) {
            throw new AssertionError(String.join("\n", postern.log()) + api.requests(), missing);
        }
    }

    private FakeApi.Answer answer(FakeApi.Request request) {
        if (request.method().equals("GET")) {
            return FakeApi.said(200, "{\"ID\": 1}");
        }
        boolean second = recipients(request).size() == RECIPIENTS - IN_ONE_CALL;
        return second && silent
                ? new FakeApi.Answer.Silence()
                : OutboundMessages.acceptance("postmark");
    }

    private static List<Set<String>> mails(FakeApi api) {
        return api.requests().stream()
                .map(SplitDeliveryIT::recipients)
                .filter(to -> !to.isEmpty())
                .toList();
    }

    private static Set<String> recipients(FakeApi.Request request) {
        Set<String> found = new TreeSet<>();
        Matcher to = TO.matcher(request.text());
        while (to.find()) {
            found.add(to.group());
        }
        return found;
    }

    private static String submit(Postern postern) throws IOException {
        List<String> to =
                IntStream.range(0, RECIPIENTS).mapToObj(i -> "r" + i + "@example.net").toList();
        String content =
                "From: a@example.org\r\nSubject: x\r\nTo: "
                        + String.join(",\r\n ", to)
                        + "\r\n\r\nHello.\r\n";
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            return client.submit("a@example.org", to, content.getBytes(US_ASCII));
        }
    }
}
