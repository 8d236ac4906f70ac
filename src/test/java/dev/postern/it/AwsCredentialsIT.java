package dev.postern.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.egress.http.FakeApi.Request;
import dev.postern.testing.Postern;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// SES with the credentials that AWS's containers have instead of keys, each from a server that is
/// played; and what of the SDKs is loaded.
@Timeout(120)
class AwsCredentialsIT {

    private static final String ID = "ASIABORROWED00000001";
    private static final String SECRET = "borrowed/secret+of.role";
    private static final String SESSION = "borrowed+session/token==";
    private static final String PASS = "pass-of-the-container.0123456789";
    private static final String ROLE = "arn:aws:iam::123456789012:role/mailer";

    @TempDir Path directory;

    /// Whom EKS calls a role of a service account (IRSA).
    @Test
    void aWebIdentityIsChangedForARolesKeys() throws IOException {
        Path pass = Files.writeString(directory.resolve("pass"), PASS);
        try (FakeApi sts = FakeApi.start(_ -> role());
                StandIn ses = StandIn.start("ses")) {
            Map<String, String> variables =
                    Map.of(
                            "AWS_ROLE_ARN",
                            ROLE,
                            "AWS_WEB_IDENTITY_TOKEN_FILE",
                            pass.toString(),
                            "AWS_REGION",
                            "eu-west-1",
                            "AWS_ENDPOINT_URL_STS",
                            sts.uri().toString());
            sendWith(variables, ses);
            Request asked = sts.requests().getFirst();
            assertTrue(asked.text().contains("Action=AssumeRoleWithWebIdentity"), asked.text());
            assertTrue(asked.text().contains("WebIdentityToken=" + PASS), asked.text());
        }
    }

    private static Answer role() {
        return new Answer.Said(
                200,
                Map.of("Content-Type", "text/xml"),
                """
                <AssumeRoleWithWebIdentityResponse \
                xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
                <AssumeRoleWithWebIdentityResult><Credentials>
                <AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey>
                <SessionToken>%s</SessionToken><Expiration>%s</Expiration>
                </Credentials></AssumeRoleWithWebIdentityResult>
                </AssumeRoleWithWebIdentityResponse>
                """
                        .formatted(ID, SECRET, SESSION, inAnHour()));
    }

    private static Instant inAnHour() {
        return Instant.now().plus(1, ChronoUnit.HOURS).truncatedTo(ChronoUnit.SECONDS);
    }

    /// Whom EKS calls a Pod Identity; ECS is alike.
    @Test
    void aContainersAgentGivesKeys() throws IOException {
        Path pass = Files.writeString(directory.resolve("pass"), PASS);
        String json =
                """
                {"AccessKeyId": "%s", "SecretAccessKey": "%s", "Token": "%s", "Expiration": "%s"}
                """
                        .formatted(ID, SECRET, SESSION, inAnHour());
        try (FakeApi agent = FakeApi.start(_ -> FakeApi.said(200, json));
                StandIn ses = StandIn.start("ses")) {
            Map<String, String> variables =
                    Map.of(
                            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                            agent.uri() + "/v1/credentials",
                            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                            pass.toString());
            sendWith(variables, ses);
            Request asked = agent.requests().getFirst();
            assertEquals("/v1/credentials", asked.path());
            assertEquals(PASS, asked.header("Authorization"));
        }
    }

    /// Sends a message with these credentials, then one that SES refuses with what it would have
    /// signed, and sees that nothing of them is told.
    private void sendWith(Map<String, String> credentials, StandIn ses) throws IOException {
        Map<String, String> variables = new HashMap<>(credentials);
        variables.put("AWS_EC2_METADATA_DISABLED", "true");
        variables.put("POSTERN_LOG_LEVEL", "trace");
        try (Postern postern =
                Postern.in(directory).environment(variables).egress(withoutKeys(ses)).start()) {
            Submitted letter = Submitted.to(postern, "a@ses.example", 1);
            letter.awaitState("sent");
            Request mail = ses.mail(letter).getFirst();
            assertTrue(mail.header("Authorization").contains("Credential=" + ID), mail::toString);
            assertEquals(SESSION, mail.header("X-Amz-Security-Token"));
            ses.answer(FakeApi.said(403, refusal()));
            Submitted refused = Submitted.to(postern, "b@ses.example", 1);
            String status = refused.awaitState("deferred") + "" + postern.admin("/api/v1/status");
            assertTrue(status.contains("SignatureDoesNotMatch"), status);
            assertEquals(0, postern.stop());
            String all = status + String.join("\n", postern.log()) + spooled();
            for (String secret : List.of(SECRET, SESSION, PASS)) {
                assertFalse(all.contains(secret), secret);
            }
        }
    }

    private static String refusal() {
        return "{\"__type\":\"SignatureDoesNotMatch\",\"message\":\"The Canonical String should be"
                + " 'POST /v2/email/outbound-emails x-amz-security-token:"
                + SESSION
                + " host;x-amz-date'\"}";
    }

    private static String withoutKeys(StandIn ses) {
        return "  - {name: ses, type: ses, region: eu-west-1, endpoint: '%s'}\n"
                .formatted(ses.endpoint());
    }

    private String spooled() throws IOException {
        StringBuilder all = new StringBuilder();
        try (Stream<Path> files = Files.walk(directory.resolve("spool"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(Files.readString(file, ISO_8859_1));
            }
        }
        return all.toString();
    }

    /// Their classes cost memory and time.
    @Test
    void theSdksAreLoadedOnlyWhereTheyAreConfigured() throws IOException {
        assertEquals(List.of(), loaded("resend", "software.amazon.awssdk", "com.sendgrid"));
        assertEquals(List.of(), loaded("sendgrid", "software.amazon.awssdk"));
        assertEquals(
                List.of(),
                loaded(
                        "ses",
                        "com.sendgrid",
                        "software.amazon.awssdk.services.sts",
                        "software.amazon.awssdk.http.urlconnection"));
        assertFalse(loaded("ses", "software.amazon.awssdk.services.sesv2").isEmpty());
    }

    private List<String> loaded(String type, String... packages) throws IOException {
        Path own = Files.createDirectories(directory.resolve(type));
        Path classes = own.resolve("classes");
        // With an AOT cache what it was made with is there from the start, at next to no cost.
        try (StandIn api = StandIn.start(type);
                Postern postern =
                        Postern.in(own)
                                .environment(Map.of("POSTERN_AOT", "off"))
                                .javaOptions("-Xlog:class+load:file=" + classes)
                                .egress(api.egress(""))
                                .start()) {
            Submitted.to(postern, "a@" + type + ".example", 1).awaitState("sent");
            assertEquals(0, postern.stop());
            return Files.readAllLines(classes).stream()
                    .filter(line -> Stream.of(packages).anyMatch(it -> line.contains(" " + it)))
                    .toList();
        }
    }
}
