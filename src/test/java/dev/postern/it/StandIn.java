package dev.postern.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.egress.http.FakeApi.Request;
import dev.postern.egress.http.OutboundMessages;
import java.io.IOException;
import java.net.URLEncoder;
import java.util.Base64;
import java.util.List;

/// A provider, played on loopback: it answers who asks whether a key works that it does, and takes
/// mail or says what it is told to say. Mail from `@TYPE.example` goes to it.
public final class StandIn implements AutoCloseable {

    static final List<String> TYPES = OutboundMessages.TYPES;

    private static final int PROBE_MOST_BYTES = 300;

    private static final String ID = "AKIAPOSTERNTEST00000";

    private final String type;
    private final FakeApi api;
    private volatile Answer answer;
    private volatile Answer probed;

    private StandIn(String type) throws IOException {
        this.type = type;
        this.answer = OutboundMessages.acceptance(type);
        this.probed = works(type);
        this.api = FakeApi.start(request -> isProbe(type, request) ? probed : answer);
    }

    public static StandIn start(String type) throws IOException {
        return new StandIn(type);
    }

    /// Returns a type's key, which has every character that somebody might escape.
    static String key(String type) {
        return type + ".kEy+of/some=thing~that_Nobody-may&see";
    }

    /// Returns the header field and its value by which a type's key must come, as an expression.
    String login() {
        return switch (type) {
            case "sendgrid", "resend" -> "authorization: Bearer " + key(type);
            case "mailgun" -> "authorization: Basic " + base64("api:" + key(type));
            case "brevo" -> "api-key: " + key(type);
            case "postmark" -> "x-postmark-server-token: " + key(type);
            default -> "authorization: AWS4-HMAC-SHA256 Credential=" + ID;
        };
    }

    /// Returns whether a request has the right key.
    boolean isLoggedIn(Request request) {
        String[] field = login().split(": ", 2);
        String value = request.header(field[0]);
        return type.equals("ses") ? value.startsWith(field[1]) : value.equals(field[1]);
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    String type() {
        return type;
    }

    String endpoint() {
        return api.uri().toString();
    }

    /// Returns the egress as an item of the configuration.
    ///
    /// @param more further keys, as items of a YAML flow mapping
    public String egress(String more) {
        String own =
                switch (type) {
                    case "ses" ->
                            "region: eu-west-1, access-key-id: %s, secret-access-key: '%s'"
                                    .formatted(ID, key(type));
                    case "mailgun" -> "domain: mg.example.org, api-key: '%s'".formatted(key(type));
                    default -> "api-key: '%s'".formatted(key(type));
                };
        return "  - {name: %s, type: %s, endpoint: '%s', senders: ['@%s.example'], %s%s}\n"
                .formatted(type, type, api.uri(), type, own, more);
    }

    /// Returns the egress as a URL of `POSTERN_EGRESS`.
    String url() {
        String key = URLEncoder.encode(key(type), UTF_8);
        String place =
                switch (type) {
                    case "ses" -> ID + ":" + key + "@eu-west-1";
                    case "mailgun" -> key + "@mg.example.org";
                    default -> key + "@";
                };
        return "%s://%s?endpoint=%s&senders=%%40%s.example"
                .formatted(type, place, URLEncoder.encode(api.uri().toString(), UTF_8), type);
    }

    /// Answers all mail like this from now on.
    void answer(Answer what) {
        answer = what;
    }

    /// Answers whoever asks whether a key works like this from now on.
    void answerProbes(Answer what) {
        probed = what;
    }

    /// Takes mail again.
    void behave() {
        probed = works(type);
        answer = OutboundMessages.acceptance(type);
    }

    /// Counts bodies from now on without keeping them.
    StandIn forgettingBodies() {
        api.forgettingBodies();
        return this;
    }

    /// Keeps no larger bodies than that from now on.
    StandIn keepingBodiesUpTo(long bytes) {
        api.keepingBodiesUpTo(bytes);
        return this;
    }

    /// Returns everything that was asked, probes too.
    List<Request> requests() {
        return api.requests();
    }

    /// Returns the mail that came, taken or not, of this message.
    List<Request> mail(Submitted letter) {
        return api.requests().stream()
                .filter(request -> !isProbe(type, request) && has(request, letter.sender()))
                .toList();
    }

    /// SES gets the message in base64.
    private boolean has(Request request, String word) {
        String body = request.raw();
        if (type.equals("ses")) {
            String data = body.replaceFirst("(?s).*\"Data\":\"([^\"]*)\".*", "$1");
            body = new String(Base64.getDecoder().decode(data), UTF_8);
        }
        return body.contains(word);
    }

    /// Returns whether somebody asks if a key works.
    public static boolean isProbe(String type, Request request) {
        return request.method().equals("GET")
                || (type.equals("mailgun")
                        && request.length() < PROBE_MOST_BYTES
                        && !request.raw().contains("name=\"to\""));
    }

    /// Returns the answer that a type gives then, if the key does.
    public static Answer works(String type) {
        return switch (type) {
            case "sendgrid" -> FakeApi.said(200, "{\"scopes\":[\"mail.send\"]}");
            case "ses" -> FakeApi.said(200, "{\"SendingEnabled\":true}");
            case "mailgun" -> FakeApi.said(400, "{\"message\":\"to parameter is missing\"}");
            case "resend" -> FakeApi.said(200, "{\"data\":[]}");
            case "brevo" -> FakeApi.said(200, "{\"email\":\"a@example.org\"}");
            default -> FakeApi.said(200, "{\"ID\":1}");
        };
    }

    @Override
    public void close() throws IOException {
        api.close();
    }
}
