package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.egress.Egress;
import dev.postern.egress.Probe;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Probes send nothing, and a key that may only send passes.
class ProbeTest {

    private static final String SCOPES = "{\"scopes\":[\"mail.send\"]}";
    private static final String OTHER_SCOPES = "{\"scopes\":[\"stats.read\"]}";
    private static final String FORBIDDEN = "{\"errors\":[{\"message\":\"access forbidden\"}]}";

    /// What is answered, and what it shows.
    private record Row(String type, String path, int status, String body, String shows) {}

    private static final List<Row> ROWS =
            List.of(
                    new Row("sendgrid", "GET /v3/scopes", 200, SCOPES, "Passed"),
                    new Row("sendgrid", "GET /v3/scopes", 200, OTHER_SCOPES, "CREDENTIALS"),
                    new Row("sendgrid", "GET /v3/scopes", 401, "{}", "CREDENTIALS"),
                    new Row("sendgrid", "GET /v3/scopes", 403, FORBIDDEN, "Unproven"),
                    new Row("sendgrid", "GET /v3/scopes", 403, "<html>", "INTERCEPTION"),
                    new Row("sendgrid", "GET /v3/scopes", 200, "<html>", "INTERCEPTION"),
                    new Row(
                            "ses",
                            "GET /v2/email/account",
                            200,
                            "{\"SendingEnabled\":true,\"ProductionAccessEnabled\":true}",
                            "Passed"),
                    new Row(
                            "ses",
                            "GET /v2/email/account",
                            200,
                            "{\"SendingEnabled\":false}",
                            "ACCOUNT"),
                    new Row(
                            "ses",
                            "GET /v2/email/account",
                            403,
                            "{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized\"}",
                            "Unproven"),
                    new Row(
                            "ses",
                            "GET /v2/email/account",
                            403,
                            "{\"__type\":\"UnrecognizedClientException\",\"message\":\"no\"}",
                            "CREDENTIALS"),
                    new Row(
                            "mailgun",
                            "POST /v3/mg.example.org/messages.mime",
                            400,
                            "{\"message\":\"to parameter is missing\"}",
                            "Passed"),
                    new Row(
                            "mailgun",
                            "POST /v3/mg.example.org/messages.mime",
                            401,
                            "Forbidden",
                            "CREDENTIALS"),
                    new Row(
                            "mailgun",
                            "POST /v3/mg.example.org/messages.mime",
                            404,
                            "{\"message\":\"Domain not found\"}",
                            "ACCOUNT"),
                    new Row(
                            "resend",
                            "GET /domains",
                            401,
                            "{\"name\":\"restricted_api_key\",\"message\":\"only send\"}",
                            "Passed"),
                    new Row("resend", "GET /domains", 200, "{\"data\":[]}", "Passed"),
                    new Row(
                            "resend",
                            "GET /domains",
                            403,
                            "{\"name\":\"invalid_api_key\",\"message\":\"invalid\"}",
                            "CREDENTIALS"),
                    new Row("brevo", "GET /v3/account", 200, "{\"email\":\"a@b.c\"}", "Passed"),
                    new Row("brevo", "GET /v3/account", 401, "{}", "CREDENTIALS"),
                    new Row("postmark", "GET /server", 200, "{\"ID\":1}", "Passed"),
                    new Row("postmark", "GET /server", 401, "{\"ErrorCode\":10}", "CREDENTIALS"),
                    new Row("postmark", "GET /server", 503, "", "SERVICE"),
                    new Row("postmark", "GET /server", 429, "", "Unproven"));

    @Test
    void whatAnAnswerShows() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (Row row : ROWS) {
            try (FakeApi api = FakeApi.start(_ -> FakeApi.said(row.status(), row.body()));
                    Egress egress = OutboundMessages.egress(row.type(), api.uri())) {
                Probe probe = egress.probe();
                String shows =
                        switch (probe) {
                            case Probe.Passed _ -> "Passed";
                            case Probe.Unproven _ -> "Unproven";
                            case Probe.Failed failed -> failed.trouble().fault().name();
                        };
                FakeApi.Request request = api.requests().getFirst();
                if (!shows.equals(row.shows())
                        || !row.path().equals(request.method() + " " + request.path())) {
                    wrong.add(row + ": " + probe + " " + request.path());
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void whatIsNotThereFails() throws Exception {
        for (String type : OutboundMessages.TYPES) {
            try (FakeApi api = FakeApi.start(_ -> new FakeApi.Answer.Closed());
                    Egress egress = OutboundMessages.egress(type, api.uri())) {
                assertEquals(
                        dev.postern.outcome.Outcome.Fault.NETWORK,
                        ((Probe.Failed) egress.probe()).trouble().fault(),
                        type);
            }
            try (Egress egress = OutboundMessages.egress(type, nobody())) {
                assertEquals(
                        dev.postern.outcome.Outcome.Fault.NETWORK,
                        ((Probe.Failed) egress.probe()).trouble().fault(),
                        type);
            }
        }
    }

    /// Returns an address where nobody listens.
    private static URI nobody() throws IOException {
        try (ServerSocket once = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create("http://127.0.0.1:" + once.getLocalPort());
        }
    }
}
