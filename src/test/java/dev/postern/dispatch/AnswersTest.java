package dev.postern.dispatch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.config.Secret;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.Probe;
import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.egress.http.Framing;
import dev.postern.egress.http.HttpEgresses;
import dev.postern.egress.http.OutboundMessages;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// What an API's answer comes to: status × body × framing × provider, each over a socket and
/// through the dispatcher. The class, what becomes of the message with and without another egress,
/// and how often it is posted within nine minutes.
///
/// The providers' own words are the rows of `http-troubles.tsv`; what others say in their place,
/// and the forms in which all of it comes, are made here.
class AnswersTest {

    private static final Logger QUIET = Logger.getLogger("dev.postern.egress.http.HttpEgress");

    static {
        QUIET.setLevel(Level.OFF);
    }

    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final Duration BEFORE_A_REPEAT = Duration.ofSeconds(295);
    private static final Duration A_WHILE = Duration.ofMinutes(9);

    /// Statuses that somebody between us and a provider answers with, and what of them is no
    /// trouble in general.
    private static final int[] STATUSES =
            IntStream.of(
                            300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405,
                            406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421,
                            422, 423, 424, 425, 426, 428, 429, 431, 444, 451, 460, 494, 495, 496,
                            497, 498, 499, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 521,
                            522, 523, 524, 525, 526, 530, 599, 600, 999)
                    .toArray();

    /// What says nothing in the name of any provider.
    private static final List<String> NOBODYS =
            List.of(
                    "",
                    "<html>\r\n<head><title>X</title></head>\r\n<center>nginx</center></html>\r\n",
                    "Bad Request",
                    "{\"error\":\"blocked\",\"status\":400}",
                    "{}",
                    "[]",
                    "{\"errors\":\"none\",\"ErrorCode\":\"10\",\"Message\":\"x\"",
                    "null");

    /// The fields that name a wait.
    private static final Pattern WAIT =
            Pattern.compile("retry-after|ratelimit-reset", Pattern.CASE_INSENSITIVE);

    /// A class with its fault or unsuitability, as in the data.
    private record Row(String what, Answer answer, String comesTo) {}

    /// What a class means for a message.
    ///
    /// @param alone its state after the first attempt, when there is no other egress
    /// @param beside the same with another egress that takes everything
    /// @param least posts to the API within nine minutes when there is no other
    private record Fate(String alone, String beside, int least, int most) {

        static Fate of(String comesTo) {
            return switch (comesTo) {
                case "accepted -" -> new Fate("sent", "sent api", 1, 1);
                case "rejected -" -> new Fate("failed", "failed api", 1, 1);
                case "unsuited size", "unsuited form" -> new Fate("failed", "sent other", 1, 1);
                case "unsuited sender", "unsuited configuration" ->
                        new Fate("deferred unsuited", "sent other", 2, 5);
                case "deferred -" -> new Fate("deferred recipient", "deferred recipient api", 1, 5);
                // A Retry-After beside a 429 is said to whoever calls (RFC 6585 §4).
                case "deferred all" -> new Fate("deferred limited", "deferred limited api", 1, 5);
                case "uncertain -" ->
                        new Fate("deferred uncertain", "deferred uncertain api", 2, 2);
                default -> {
                    assertTrue(comesTo.startsWith("unavailable "), comesTo);
                    yield new Fate("deferred egress-down", "sent other", 1, 5);
                }
            };
        }
    }

    private static List<Row> rows(String type) throws IOException {
        List<Row> rows = new ArrayList<>();
        rows.addAll(ownWords(type));
        rows.addAll(nobodysWords());
        rows.addAll(successes(type));
        rows.addAll(framings(type));
        return rows;
    }

    private static List<Row> ownWords(String type) throws IOException {
        List<Row> rows = new ArrayList<>();
        try (InputStream in = AnswersTest.class.getResourceAsStream("/outcome/http-troubles.tsv")) {
            for (String line : new String(in.readAllBytes(), UTF_8).lines().toList()) {
                String[] columns = line.split("\t", -1);
                if (columns[0].equals(type) && !columns[1].equals("-")) {
                    Answer answer =
                            new Answer.Said(
                                    Integer.parseInt(columns[1]), fields(columns[2]), columns[3]);
                    String comesTo = columns[4] + " " + columns[5];
                    boolean forAll =
                            comesTo.equals("deferred -") && WAIT.matcher(columns[2]).find();
                    rows.add(new Row(line, answer, forAll ? "deferred all" : comesTo));
                }
            }
        }
        return rows;
    }

    private static Map<String, String> fields(String text) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String field : text.split(" \\| ")) {
            int colon = field.indexOf(": ");
            if (colon > 0) {
                String value = field.substring(colon + 2).replace("@now+120", "120");
                fields.put(field.substring(0, colon), value);
            }
        }
        return fields;
    }

    /// Each status with one of the bodies, and each body with some of the statuses.
    private static List<Row> nobodysWords() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < STATUSES.length; i++) {
            rows.add(nobodys(STATUSES[i], NOBODYS.get(i % NOBODYS.size())));
        }
        for (String body : NOBODYS) {
            for (int status : new int[] {400, 403, 413, 422, 429, 500, 502}) {
                rows.add(nobodys(status, body));
            }
        }
        return rows;
    }

    private static Row nobodys(int status, String body) {
        String comesTo =
                switch (status) {
                    case 401 -> "unavailable credentials";
                    case 404, 405, 406, 415 -> "unavailable account";
                    case 407 -> "unavailable network";
                    case 429 -> "deferred -";
                    case 502, 504 -> "uncertain -";
                    default ->
                            status / 100 == 5 ? "unavailable service" : "unavailable interception";
                };
        Answer answer = new Answer.Said(status, Map.of("Content-Type", "text/html"), body);
        return new Row(status + " " + body, answer, comesTo);
    }

    /// Every success but the one that the provider documents, with any body: perhaps taken.
    private static List<Row> successes(String type) {
        List<Row> rows = new ArrayList<>();
        Answer.Said accepted = (Answer.Said) OutboundMessages.acceptance(type);
        String refusal = refusal(type, "whatever");
        List<String> bodies = new ArrayList<>(NOBODYS);
        bodies.add(refusal);
        bodies.add(accepted.body().isEmpty() ? "" : accepted.body().substring(1));
        for (int status : new int[] {200, 201, 202, 203, 204, 205, 206, 207, 226, 299}) {
            for (String body : bodies) {
                rows.add(success(status, Map.of(), body));
            }
            if (status != accepted.status()) {
                rows.add(success(status, accepted.headers(), accepted.body()));
            }
        }
        return rows;
    }

    private static Row success(int status, Map<String, String> fields, String body) {
        // 204 has no body, whatever is said (RFC 9112 §6.3).
        Answer answer = new Answer.Said(status, fields, status == 204 ? "" : body);
        return new Row(status + " " + body, answer, "uncertain -");
    }

    /// Returns how a provider refuses.
    private static String refusal(String type, String words) {
        return switch (type) {
            case "sendgrid" -> "{\"errors\":[{\"message\":\"" + words + "\"}]}";
            case "ses" -> "{\"__type\":\"BadRequestException\",\"message\":\"" + words + "\"}";
            case "mailgun" -> "{\"message\":\"" + words + "\"}";
            case "resend" -> "{\"name\":\"validation_error\",\"message\":\"" + words + "\"}";
            case "brevo" -> "{\"code\":\"invalid_parameter\",\"message\":\"" + words + "\"}";
            case "postmark" -> "{\"ErrorCode\":9999,\"Message\":\"" + words + "\"}";
            default -> throw new IllegalArgumentException(type);
        };
    }

    /// An acceptance, a refusal that nobody knows, and a proxy's page in every form.
    private static List<Row> framings(String type) {
        List<Row> rows = new ArrayList<>();
        Answer.Said accepted = (Answer.Said) OutboundMessages.acceptance(type);
        for (Framing framing : Framing.values()) {
            boolean whole = framing.isReadable() || framing == Framing.NO_LAST_CHUNK;
            // SendGrid's acceptance is all in its head.
            boolean readable = whole || type.equals("sendgrid");
            Map<String, String> fields = new LinkedHashMap<>(accepted.headers());
            // Else the next call may begin before the end of the connection is seen.
            fields.put("Connection", "close");
            String raw = framing.of(accepted.status(), fields, accepted.body());
            rows.add(framed(framing, raw, readable ? "accepted -" : "uncertain -"));
            fields.keySet().retainAll(Set.of("Connection"));
            raw = framing.of(400, fields, refusal(type, "of unheard words"));
            rows.add(
                    framed(
                            framing,
                            raw,
                            whole ? "unsuited configuration" : "unavailable interception"));
            raw = framing.of(503, fields, "<html>away</html>");
            rows.add(framed(framing, raw, "unavailable service"));
        }
        return rows;
    }

    private static Row framed(Framing framing, String raw, String comesTo) {
        return new Row(framing + " " + raw, new Answer.Raw(raw), comesTo);
    }

    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void everyAnswerComesToItsFate(String type) throws Exception {
        List<Row> rows = rows(type);
        List<String> wrong = new ArrayList<>();
        Answer[] now = new Answer[1];
        try (FakeApi api = FakeApi.start(_ -> now[0]);
                Egress egress = HttpEgresses.of(config(type, api.uri()))) {
            for (Row row : rows) {
                now[0] = row.answer();
                Played played = new Played(egress);
                String came = played.alone() + "; " + played.beside();
                if (!came.equals(right(row))) {
                    wrong.add(row.what() + "\n  came to " + came + "\n  and not " + right(row));
                }
            }
        }
        assertEquals(List.of(), wrong, wrong.size() + " wrong");
        assertTrue(rows.size() >= 350, type + " rows: " + rows.size());
    }

    private static String right(Row row) {
        Fate fate = Fate.of(row.comesTo());
        boolean later = fate.least() > 1;
        return row.comesTo()
                + ", "
                + fate.alone()
                + (row.comesTo().startsWith("uncertain") ? ", once" : "")
                + (later ? ", again" : "")
                + "; "
                + fate.beside();
    }

    /// An answer that an API always gives.
    private static final class Played {

        private final Egress api;
        private String comesTo = "nothing";
        private int posts;

        Played(Egress api) {
            this.api = api;
        }

        String alone() {
            Rig rig = rig("api");
            QueueId id = rig.send("b@example.net");
            String state = state(rig.fate(id), false);
            String came = comesTo + ", " + state;
            assertEquals(1, posts, "posts at once");
            rig.scheduler.pass(BEFORE_A_REPEAT);
            if (comesTo.startsWith("uncertain")) {
                came += posts == 1 ? ", once" : ", " + posts + " times";
            }
            rig.scheduler.pass(A_WHILE.minus(BEFORE_A_REPEAT));
            Fate fate = Fate.of(comesTo);
            if (posts < fate.least() || posts > fate.most()) {
                return came + ", posted " + posts + " times";
            }
            return came + (fate.least() > 1 ? ", again" : "");
        }

        String beside() {
            Rig rig = rig("api", "other");
            QueueId id = rig.send("b@example.net");
            String came = state(rig.fate(id), true);
            return posts == 1 ? came : came + ", posted " + posts + " times";
        }

        private Rig rig(String... names) {
            Rig rig = Rig.of(names);
            rig.egress("api")
                    .usually((outbound, gate) -> {
                        posts++;
                        Delivery delivery = api.send(outbound, gate);
                        comesTo = words(delivery.outcomes().firstEntry().getValue());
                        return delivery;
                    });
            posts = 0;
            rig.start();
            rig.egress("api").probing(new Probe.Failed("down", Fault.NETWORK, null));
            return rig;
        }

        /// Returns `state reason egress`, the egress where it is asked for.
        private static String state(String fate, boolean withEgress) {
            String state = fate.substring(0, fate.indexOf(':'));
            return withEgress ? state : state.replace(" api", "");
        }
    }

    private static String words(Outcome outcome) {
        String kind =
                switch (outcome) {
                    case Outcome.Unavailable down -> down.fault().word();
                    case Outcome.Unsuited unsuited ->
                            unsuited.unsuitability().name().toLowerCase(Locale.ROOT);
                    case Outcome.Deferred deferred when deferred.forAll() -> "all";
                    default -> "-";
                };
        return outcome.kind().word() + " " + kind;
    }

    private static EgressConfig config(String type, URI endpoint) {
        Common common =
                new Common(
                        "api",
                        endpoint,
                        null,
                        2,
                        TIMEOUT,
                        TIMEOUT,
                        TIMEOUT,
                        TIMEOUT,
                        List.of(),
                        null,
                        null,
                        WhenLimited.WAIT,
                        Fidelity.BEST_EFFORT,
                        false);
        Secret key = Secret.of("key-for-nothing");
        return switch (type) {
            case "ses" -> new EgressConfig.Ses(common, "eu-west-1", Secret.of("AKIATEST"), key);
            case "mailgun" -> new EgressConfig.Mailgun(common, "mg.example.org", key);
            default -> new EgressConfig.Api(common, type, key);
        };
    }
}
