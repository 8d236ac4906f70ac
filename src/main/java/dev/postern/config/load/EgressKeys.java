package dev.postern.config.load;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The table of the keys of an egress, by type.
final class EgressKeys {

    /// What to write for `tls`, and what people write, as other programs have it.
    private static final Map<String, Set<String>> TLS_WORDS =
            Map.of(
                    "required (STARTTLS, or TLS at once on 465)",
                    Set.of("starttls", "tls", "true", "yes"),
                    "implicit (TLS at once)",
                    Set.of("ssl", "ssl/tls", "smtps"),
                    "optional (STARTTLS where it is offered)",
                    Set.of("false", "no"));

    /// What is meant, and the names that it has in other programs.
    static final Map<String, Set<String>> ELSEWHERE =
            Map.of(
                    "username", Set.of("user", "login"),
                    "password", Set.of("pass", "passwd"),
                    "host", Set.of("hostname", "server", "address"),
                    "tls: implicit (or required)", Set.of("secure", "ssl"),
                    "tls", Set.of("starttls", "use-tls", "use-ssl", "encryption", "security"),
                    "senders", Set.of("from", "sender"),
                    "api-key", Set.of("key", "token", "api-token"),
                    "type", Set.of("provider", "kind", "driver"));

    // spotless:off
    static final Key<String> NAME = Key.required(
            "name", Types.EGRESS_NAME, "gmail",
            "Unique; lower-case letters, digits and hyphens. It appears in logs and metrics.");
    static final Key<EgressType> TYPE = Key.required(
            "type", Types.word(EgressType.class), "smtp", "How it sends.");

    static final Key<String> HOST = Key.required(
            "host", Types.HOST, "smtp.example.org", "The submission server.");
    static final Key<OptionalInt> PORT = Key.of(
            "port", Types.PORT_OR_AUTO, "auto", "2465",
            "`auto` races the submission ports: 587, 465, 2525 and the provider's alternates.");
    static final Key<SmtpEgressConfig.Tls> TLS = Key.computed(
            "tls", Types.word(SmtpEgressConfig.Tls.class, TLS_WORDS),
            "required with credentials or on 465, 2465 and 8465, else optional", "implicit",
            "`required`: implicit TLS on 465, 2465 and 8465, STARTTLS elsewhere; `implicit`:"
            + " TLS at once, on any port; `optional` and `none` with credentials are for"
            + " loopback hosts only.");
    static final Key<String> TLS_NAME = Key.optional(
            "tls-name", Types.HOST, "mail55.example.org",
            "The name that the certificate must be for, when it is not `host` (shared"
            + " hosting).");
    static final Key<String> USERNAME = Key.optional(
            "username", Types.TEXT, "me@example.org", "For AUTH.");
    static final Key<Secret> PASSWORD = Key.optional(
            "password", Types.SECRET, "app-password", "For AUTH.");
    static final Key<String> EHLO_NAME = Key.optional(
            "ehlo-name", Types.WORD, "client.example.org",
            "What we call ourselves; null: the machine's name.");

    static final Key<Secret> API_KEY = Key.required(
            "api-key", Types.PROVIDERS_KEY, "api-secret", "The provider's key.");
    static final Key<String> REGION = Key.required(
            "region", Types.EGRESS_NAME, "eu-west-1", "The AWS region.");
    static final Key<Secret> ACCESS_KEY_ID = Key.optional(
            "access-key-id", Types.PROVIDERS_KEY, "id-of-key",
            "With `secret-access-key`; null: the AWS default chain.");
    static final Key<Secret> SECRET_ACCESS_KEY = Key.optional(
            "secret-access-key", Types.PROVIDERS_KEY, "key-itself", "Goes with `access-key-id`.");
    static final Key<String> DOMAIN = Key.required(
            "domain", Types.HOST, "mg.example.org", "The sending domain at Mailgun.");
    static final Key<URI> ENDPOINT = Key.optional(
            "endpoint", Types.ENDPOINT, "http://127.0.0.1:8005/v3",
            "Another base address: another region, or an emulator. `http://` for loopback"
            + " only.");

    static final Key<Path> CA = Key.optional(
            "ca", Types.PATH, "/etc/postern/ca.pem",
            "A PEM file of extra trust anchors, for a private CA.");
    static final Key<Integer> CONCURRENCY = Key.of(
            "concurrency", Types.number(1, 1000), "8", "2", "The most connections at once.");
    static final Key<Duration> CONNECT_TIMEOUT = Key.of(
            "connect-timeout", Types.DURATION_ABOVE_ZERO, "10s", "3s", "For the TCP connection.");
    static final Key<Duration> COMMAND_TIMEOUT = Key.of(
            "command-timeout", Types.DURATION_ABOVE_ZERO, "20s", "15s",
            "Greeting to RCPT; for HTTP until the request is written.");
    static final Key<Duration> DATA_TIMEOUT = Key.of(
            "data-timeout", Types.DURATION_ABOVE_ZERO, "3m", "1m",
            "Between two writes of content.");
    static final Key<Duration> ANSWER_TIMEOUT_SMTP = Key.of(
            "answer-timeout", Types.DURATION_ABOVE_ZERO, "10m", "5m",
            "For type smtp: after the final dot (RFC 5321 §4.5.3.2.6).");
    static final Key<Duration> ANSWER_TIMEOUT_HTTP = Key.of(
            "answer-timeout", Types.DURATION_ABOVE_ZERO, "60s", "45s",
            "For the other types: after the last byte of the request.");
    static final Key<List<String>> SENDERS = Key.of(
            "senders", Types.list("[\"@example.org\", me@example.com]", Types.SENDER, true),
            "", "@example.org,me@example.com",
            "Only mail from these addresses and domains; empty: any. Mail without an envelope"
            + " sender (bounces, cron's) counts as from the first address of its From field;"
            + " with none it takes egresses without `senders` only.");
    static final Key<Common.Rate> RATE = Key.optional(
            "rate", Types.RATE_LIMIT, "30/m", "The most messages in a short time.");
    static final Key<Common.Rate> QUOTA = Key.optional(
            "quota", Types.RATE_LIMIT, "500/d", "The most messages in a long time.");
    static final Key<Common.WhenLimited> WHEN_LIMITED = Key.of(
            "when-limited", Types.word(Common.WhenLimited.class), "wait", "next",
            "What mail above rate or quota does: `wait`, or take the `next` egress.");
    static final Key<Common.Fidelity> FIDELITY = Key.of(
            "fidelity", Types.word(Common.Fidelity.class), "best-effort", "strict",
            "`strict`: a message of which this egress would lose something goes elsewhere.");
    static final Key<Boolean> SIGN_SMTP = Key.of(
            "sign", Types.BOOL, "true", "false",
            "For type smtp: whether mail that leaves here gets DKIM signatures, where `dkim` has a"
            + " key for the From domain.");
    static final Key<Boolean> SIGN_API = Key.of(
            "sign", Types.BOOL, "false", "true",
            "For the other types: the same. Not for APIs that make a new message, which no"
            + " signature outlives.");
    private static final Key<Boolean> SIGN_REBUILT = Key.of(
            "sign", Types.BOOL, "false", "false", SIGN_API.meaning());
    // spotless:on

    private static final List<Key<?>> COMMON =
            List.of(CA, CONCURRENCY, CONNECT_TIMEOUT, COMMAND_TIMEOUT, DATA_TIMEOUT);
    private static final List<Key<?>> LIMITS =
            List.of(SENDERS, RATE, QUOTA, WHEN_LIMITED, FIDELITY);

    private EgressKeys() {}

    /// Returns the keys of a type, in the order in which the reference tells them.
    static List<Key<?>> of(EgressType type) {
        List<Key<?>> keys = new ArrayList<>(List.of(NAME, TYPE));
        keys.addAll(own(type));
        keys.addAll(COMMON);
        keys.add(answerTimeout(type));
        keys.addAll(LIMITS);
        keys.add(sign(type));
        return List.copyOf(keys);
    }

    /// Returns the keys that a type has beside those of every type.
    static List<Key<?>> own(EgressType type) {
        return switch (type) {
            case SMTP -> List.of(HOST, PORT, TLS, TLS_NAME, USERNAME, PASSWORD, EHLO_NAME);
            case SENDGRID, RESEND, BREVO, POSTMARK -> List.of(API_KEY, ENDPOINT);
            case SES -> List.of(REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY, ENDPOINT);
            case MAILGUN -> List.of(DOMAIN, API_KEY, ENDPOINT);
        };
    }

    /// Returns the first type that has a key beside those of every type; null when none has.
    static @Nullable EgressType owner(String path) {
        return Arrays.stream(EgressType.values())
                .filter(type -> own(type).stream().anyMatch(key -> key.path().equals(path)))
                .findFirst()
                .orElse(null);
    }

    static Key<Boolean> sign(EgressType type) {
        if (type == EgressType.SMTP) {
            return SIGN_SMTP;
        }
        return type.takesRaw() ? SIGN_API : SIGN_REBUILT;
    }

    static Key<Duration> answerTimeout(EgressType type) {
        return type == EgressType.SMTP ? ANSWER_TIMEOUT_SMTP : ANSWER_TIMEOUT_HTTP;
    }
}
