package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.mail.ALabels;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import dev.postern.testing.Seeds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The envelope is law: who is mailed is exactly the envelope's recipients, whatever the header
/// says.
class EnvelopeTest {

    private static final int TRIALS = 150;
    private static final List<String> NAMES =
            List.of(
                    "",
                    "Jane Doe",
                    "\"Doe, Jane\"",
                    "=?UTF-8?Q?J=C3=BCrgen?=",
                    "\"a <b@c>\"",
                    "Zoë");

    /// One domain, in letters and as DNS knows it.
    private static final List<String> FORMS_OF_ONE =
            List.of("u@bücher.example", "u@BÜCHER.example", "u@xn--bcher-kva.example");

    static List<String> types() {
        return OutboundMessages.TYPES;
    }

    @ParameterizedTest
    @MethodSource("types")
    void whoIsMailedIsTheEnvelope(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            Seeds.forEach(TRIALS, random -> trial(type, api::requests, egress, random));
        }
    }

    /// @param requests returns what was asked so far
    static void trial(
            String type,
            Supplier<List<FakeApi.Request>> requests,
            Egress egress,
            RandomGenerator random) {
        String[] envelope = addresses(random, 1 + random.nextInt(8));
        StringBuilder header = new StringBuilder("From: author@example.org\r\n");
        for (String field : List.of("To", "Cc", "To", "X-SMTPAPI")) {
            if (random.nextInt(4) > 0) {
                header.append(field(field, envelope, random));
            }
        }
        int before = requests.get().size();
        String message = header + "Subject: hi\r\n\r\nText.\r\n";
        Delivery delivery =
                egress.send(
                        OutboundMessages.of(
                                OutboundMessages.content(message.getBytes(UTF_8)), envelope),
                        CommitGate.OPEN);
        delivery.outcomes()
                .values()
                .forEach(outcome -> assertInstanceOf(Outcome.Accepted.class, outcome));
        List<String> mailed = new ArrayList<>();
        List<FakeApi.Request> all = requests.get();
        for (FakeApi.Request request : all.subList(before, all.size())) {
            List<String> one = Mailed.by(type, request);
            assertEquals(keys(one).size(), one.size(), "none twice in a call: " + one);
            assertTrue(one.stream().allMatch(ALabels::isAscii), one::toString);
            mailed.addAll(one);
        }
        assertEquals(keys(List.of(envelope)), keys(mailed), message);
        assertEquals(keys(mailed).size(), mailed.size(), "none twice: " + mailed);
    }

    private static Set<String> keys(List<String> addresses) {
        Set<String> keys = new TreeSet<>();
        addresses.forEach(address -> keys.add(Recipients.key(address)));
        return keys;
    }

    private static String[] addresses(RandomGenerator random, int count) {
        Set<String> addresses = new LinkedHashSet<>();
        while (addresses.size() < count) {
            String address = (char) ('a' + random.nextInt(6)) + "@example.net";
            if (random.nextInt(8) == 0) {
                address = Seeds.oneOf(random, FORMS_OF_ONE);
            }
            addresses.add(
                    random.nextInt(4) == 0 ? address.toUpperCase(java.util.Locale.ROOT) : address);
            if (addresses.size() >= 6) {
                addresses.add("more" + random.nextInt(99) + "@example.net");
            }
        }
        return addresses.toArray(String[]::new);
    }

    private static String field(String name, String[] envelope, RandomGenerator random) {
        if (name.equals("X-SMTPAPI")) {
            return "X-SMTPAPI: {\"to\": [\"victim@example.com\"], \"category\": \"c\"}\r\n";
        }
        List<String> mailboxes = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            String address =
                    random.nextBoolean()
                            ? envelope[random.nextInt(envelope.length)]
                            : "outsider" + random.nextInt(5) + "@example.com";
            String display = Seeds.oneOf(random, NAMES);
            mailboxes.add(display.isEmpty() ? address : display + " <" + address + ">");
        }
        String list = String.join(random.nextBoolean() ? ", " : ",\r\n ", mailboxes);
        return switch (random.nextInt(8)) {
            case 0 -> name + ": undisclosed-recipients:;\r\n";
            case 1 -> name + ": group: " + list + ";\r\n";
            case 2 -> name + ": broken <" + mailboxes.getFirst() + " ,, @\r\n";
            default -> name + ": " + list + "\r\n";
        };
    }

    /// What no API can be given spoils nothing for the others.
    @ParameterizedTest
    @MethodSource("types")
    void aDomainThatIsNoneIsNotTaken(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            String[] envelope = {"a@-ü-.example", "u@bücher.example", "b@ü＠x.example"};
            Delivery delivery =
                    egress.send(
                            OutboundMessages.of("From: a@example.org\r\n\r\nText.\r\n", envelope),
                            CommitGate.OPEN);
            assertEquals(
                    List.of(OutcomeClass.UNSUITED, OutcomeClass.ACCEPTED, OutcomeClass.UNSUITED),
                    delivery.outcomes().values().stream().map(Outcome::kind).toList());
            assertEquals(
                    List.of("u@xn--bcher-kva.example"), Mailed.by(type, api.requests().getFirst()));
            delivery =
                    egress.send(
                            OutboundMessages.of(
                                    "From: a@example.org\r\n\r\nText.\r\n", envelope[0]),
                            CommitGate.OPEN);
            assertEquals(OutcomeClass.UNSUITED, delivery.outcomes().firstEntry().getValue().kind());
            assertEquals(1, api.requests().size());
        }
    }

    /// An app that speaks SMTPUTF8 has its From in letters; an API has members for it.
    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "resend", "brevo", "postmark"})
    void everyAddressOfTheRequestIsAscii(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            String message =
                    "From: Ann <ann@bücher.example>\r\nReply-To: r@bücher.example\r\n"
                            + "To: u@bücher.example\r\nSubject: s\r\n\r\nText.\r\n";
            egress.send(
                    OutboundMessages.of(
                            OutboundMessages.content(message.getBytes(UTF_8)), "u@bücher.example"),
                    CommitGate.OPEN);
            String request = api.requests().getFirst().text();
            assertTrue(ALabels.isAscii(request), request);
            for (String local : List.of("ann", "r", "u")) {
                assertTrue(request.contains(local + "@xn--bcher-kva.example"), request);
            }
        }
    }

    @Test
    void toAndCcStayWhereTheyAreAndTheRestIsBlind() throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("sendgrid"));
                Egress egress = OutboundMessages.egress("sendgrid", api.uri())) {
            Delivery delivery =
                    egress.send(
                            OutboundMessages.of(
                                    "From: a@example.org\r\nTo: \"Doe, Jane\" <JANE@example.net>,"
                                            + " Out <out@example.com>\r\nCc: joe@example.net,"
                                            + " jane@example.net\r\nSubject: x\r\n\r\ny\r\n",
                                    "blind@example.net",
                                    "joe@example.net",
                                    "jane@example.net"),
                            CommitGate.OPEN);
            Outcome.Accepted accepted =
                    (Outcome.Accepted) delivery.outcomes().firstEntry().getValue();
            assertEquals(
                    List.of("To: out@example.com", "second Cc: jane@example.net"),
                    accepted.notCarried());
            JsonNode json = JsonAnswer.read(api.requests().getFirst().text());
            ((ObjectNode) json.path("personalizations").path(0)).remove("custom_args");
            assertEquals(
                    "[{\"to\":[{\"name\":\"Doe, Jane\",\"email\":\"jane@example.net\"}],"
                            + "\"cc\":[{\"email\":\"joe@example.net\"}],"
                            + "\"bcc\":[{\"email\":\"blind@example.net\"}]}]",
                    json.path("personalizations").toString());
        }
    }

    @Test
    void blindOnesDoNotSeeEachOther() throws Exception {
        for (String type : List.of("sendgrid", "resend", "brevo", "postmark")) {
            try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                    Egress egress = OutboundMessages.egress(type, api.uri())) {
                egress.send(
                        OutboundMessages.of(
                                "From: a@example.org\r\nSubject: x\r\n\r\ny\r\n",
                                "b@example.net",
                                "c@example.net"),
                        CommitGate.OPEN);
                int shown = 0;
                for (FakeApi.Request request : api.requests()) {
                    JsonNode json = JsonAnswer.read(request.text());
                    if (type.equals("sendgrid")) {
                        assertEquals(2, json.path("personalizations").size());
                        shown += json.path("personalizations").path(0).path("to").size();
                        shown += json.path("personalizations").path(1).path("to").size();
                    } else {
                        shown += Mailed.by(type, request).size();
                        assertEquals(1, Mailed.by(type, request).size(), type);
                    }
                }
                assertEquals(2, shown, type);
            }
        }
    }

    @Test
    void aBatchIsAsLargeAsTheProviderTakes() throws Exception {
        String[] many =
                IntStream.range(0, 1100)
                        .mapToObj(i -> "r" + i + "@example.net")
                        .toArray(String[]::new);
        String message = "From: a@example.org\r\nTo: r0@example.net\r\nSubject: x\r\n\r\ny\r\n";
        for (String type : List.of("sendgrid", "ses", "mailgun")) {
            try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                    Egress egress = OutboundMessages.egress(type, api.uri())) {
                egress.send(OutboundMessages.of(message, many), CommitGate.OPEN);
                Set<String> mailed = new HashSet<>();
                int limit = type.equals("ses") ? 50 : 1000;
                for (FakeApi.Request request : api.requests()) {
                    List<String> one = Mailed.by(type, request);
                    assertTrue(one.size() <= limit, type + ": " + one.size());
                    mailed.addAll(one);
                }
                assertEquals(1100, mailed.size(), type);
            }
        }
    }

    @Test
    void oneBadAddressIsFoundAndTheOthersGo() throws Exception {
        String[] eight =
                IntStream.range(0, 8)
                        .mapToObj(i -> "r" + i + "@example.net")
                        .toArray(String[]::new);
        try (FakeApi api =
                        FakeApi.start(request ->
                                Mailed.by("mailgun", request).contains("r5@example.net")
                                        ? FakeApi.said(
                                                400,
                                                "{\"message\":\"to parameter is not a"
                                                        + " valid address\"}")
                                        : OutboundMessages.acceptance("mailgun"));
                Egress egress = OutboundMessages.egress("mailgun", api.uri())) {
            Delivery delivery =
                    egress.send(
                            OutboundMessages.of("From: a@example.org\r\n\r\nx\r\n", eight),
                            CommitGate.OPEN);
            delivery.outcomes()
                    .forEach((recipient, outcome) ->
                            assertEquals(
                                    recipient.address().startsWith("r5")
                                            ? OutcomeClass.REJECTED
                                            : OutcomeClass.ACCEPTED,
                                    outcome.kind(),
                                    recipient.address()));
        }
    }

    @Test
    void aSuccessCanHideARefusedRecipient() throws Exception {
        String words =
                "{\"ErrorCode\":0,\"MessageID\":\"pm-1\",\"Message\":\"Message OK, but will not"
                        + " deliver to these inactive addresses: b@example.net.\"}";
        try (FakeApi api = FakeApi.start(_ -> FakeApi.said(200, words));
                Egress egress = OutboundMessages.egress("postmark", api.uri())) {
            Delivery delivery =
                    egress.send(
                            OutboundMessages.of(
                                    "From: a@example.org\r\nTo: b@example.net, c@example.net\r\n"
                                            + "Subject: x\r\n\r\ny\r\n",
                                    "b@example.net",
                                    "c@example.net"),
                            CommitGate.OPEN);
            assertInstanceOf(Outcome.Rejected.class, delivery.outcomes().firstEntry().getValue());
            assertInstanceOf(Outcome.Accepted.class, delivery.outcomes().lastEntry().getValue());
        }
    }

    @Test
    void whoIsInactiveDoesNotHoldUpTheOthers() throws Exception {
        String words =
                "{\"ErrorCode\":406,\"Message\":\"You tried to send to recipient(s) that have been"
                        + " marked as inactive. Found inactive addresses: b@example.net.\"}";
        try (FakeApi api =
                        FakeApi.start(request ->
                                request.text().contains("b@example.net")
                                        ? FakeApi.said(422, words)
                                        : OutboundMessages.acceptance("postmark"));
                Egress egress = OutboundMessages.egress("postmark", api.uri())) {
            Delivery delivery =
                    egress.send(
                            OutboundMessages.of(
                                    "From: a@example.org\r\nSubject: x\r\nTo: c@example.net,"
                                            + " d@example.net\r\n\r\ny\r\n",
                                    "b@example.net",
                                    "c@example.net",
                                    "d@example.net"),
                            CommitGate.OPEN);
            assertInstanceOf(Outcome.Rejected.class, delivery.outcomes().firstEntry().getValue());
            assertInstanceOf(Outcome.Accepted.class, delivery.outcomes().lastEntry().getValue());
            assertEquals(2, api.requests().size());
        }
    }
}
