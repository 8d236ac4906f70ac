package dev.postern.config;

import dev.postern.config.EgressConfig.Common;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/// The table of the keys of an egress, by type.
final class EgressKeys {

    /// The type words.
    enum EgressType {
        SMTP,
        SENDGRID,
        RESEND,
        BREVO,
        POSTMARK,
        SES,
        MAILGUN;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final String IMPLICIT = "implicit (TLS at once)";
    private static final String OPTIONAL = "optional (STARTTLS where it is offered)";
    private static final String REQUIRED = "required (STARTTLS, or TLS at once on 465)";

    /// What people write for `tls`, as other programs have it.
    private static final Map<String, String> TLS_WORDS =
            Map.of(
                    "starttls", REQUIRED,
                    "tls", REQUIRED,
                    "true", REQUIRED,
                    "yes", REQUIRED,
                    "ssl", IMPLICIT,
                    "ssl/tls", IMPLICIT,
                    "smtps", IMPLICIT,
                    "false", OPTIONAL,
                    "no", OPTIONAL);

    /// Names of keys in other programs, and the key that is meant.
    static final Map<String, String> ELSEWHERE =
            Map.ofEntries(
                    Map.entry("user", "username"),
                    Map.entry("login", "username"),
                    Map.entry("pass", "password"),
                    Map.entry("passwd", "password"),
                    Map.entry("hostname", "host"),
                    Map.entry("server", "host"),
                    Map.entry("address", "host"),
                    Map.entry("secure", "tls: implicit (or required)"),
                    Map.entry("ssl", "tls: implicit (or required)"),
                    Map.entry("starttls", "tls"),
                    Map.entry("use-tls", "tls"),
                    Map.entry("use-ssl", "tls"),
                    Map.entry("encryption", "tls"),
                    Map.entry("security", "tls"),
                    Map.entry("from", "senders"),
                    Map.entry("sender", "senders"),
                    Map.entry("key", "api-key"),
                    Map.entry("token", "api-key"),
                    Map.entry("api-token", "api-key"),
                    Map.entry("provider", "type"),
                    Map.entry("kind", "type"),
                    Map.entry("driver", "type"));

    static final Key<String> NAME =
            Key.required(
                    "name",
                    Types.EGRESS_NAME,
                    "Unique; lower-case letters, digits and hyphens. It appears in logs and"
                            + " metrics.",
                    "gmail");
    static final Key<EgressType> TYPE =
            Key.required("type", Types.word(EgressType.class), "How it sends.", "smtp");

    static final Key<String> HOST =
            Key.required("host", Types.HOST, "The submission server.", "smtp.example.org");
    static final Key<OptionalInt> PORT =
            Key.of(
                    "port",
                    Types.PORT_OR_AUTO,
                    "auto",
                    "`auto` races the submission ports: 587, 465, 2525 and the provider's"
                            + " alternates.",
                    "2465");
    static final Key<SmtpEgressConfig.Tls> TLS =
            Key.computed(
                    "tls",
                    Types.word(SmtpEgressConfig.Tls.class, TLS_WORDS),
                    "required with credentials or on 465, 2465 and 8465, else optional",
                    "`required`: implicit TLS on 465, 2465 and 8465, STARTTLS elsewhere;"
                            + " `implicit`: TLS at once, on any port; `optional` and `none` with"
                            + " credentials are for loopback hosts only.",
                    "implicit");
    static final Key<String> TLS_NAME =
            Key.optional(
                    "tls-name",
                    Types.HOST,
                    "The name that the certificate must be for, when it is not `host` (shared"
                            + " hosting).",
                    "mail55.example.org");
    static final Key<String> USERNAME =
            Key.optional("username", Types.TEXT, "For AUTH.", "me@example.org");
    static final Key<Secret> PASSWORD =
            Key.optional("password", Types.SECRET, "For AUTH.", "app-password");
    static final Key<String> EHLO_NAME =
            Key.optional(
                    "ehlo-name",
                    Types.WORD,
                    "What we call ourselves; null: the machine's name.",
                    "client.example.org");

    static final Key<Secret> API_KEY =
            Key.required("api-key", Types.PROVIDERS_KEY, "The provider's key.", "api-secret");
    static final Key<String> REGION =
            Key.required("region", Types.EGRESS_NAME, "The AWS region.", "eu-west-1");
    static final Key<Secret> ACCESS_KEY_ID =
            Key.optional(
                    "access-key-id",
                    Types.PROVIDERS_KEY,
                    "With `secret-access-key`; null: the AWS default chain.",
                    "id-of-key");
    static final Key<Secret> SECRET_ACCESS_KEY =
            Key.optional(
                    "secret-access-key",
                    Types.PROVIDERS_KEY,
                    "Goes with `access-key-id`.",
                    "key-itself");
    static final Key<String> DOMAIN =
            Key.required("domain", Types.HOST, "The sending domain at Mailgun.", "mg.example.org");
    static final Key<URI> ENDPOINT =
            Key.optional(
                    "endpoint",
                    Types.ENDPOINT,
                    "Another base address: another region, or an emulator. `http://` for loopback"
                            + " only.",
                    "http://127.0.0.1:8005/v3");

    static final Key<Path> CA =
            Key.optional(
                    "ca",
                    Types.PATH,
                    "A PEM file of extra trust anchors, for a private CA.",
                    "/etc/postern/ca.pem");
    static final Key<Integer> CONCURRENCY =
            Key.of("concurrency", Types.number(1, 1000), "8", "The most connections at once.", "2");
    static final Key<Duration> CONNECT_TIMEOUT =
            Key.of(
                    "connect-timeout",
                    Types.DURATION_ABOVE_ZERO,
                    "10s",
                    "For the TCP connection.",
                    "3s");
    static final Key<Duration> COMMAND_TIMEOUT =
            Key.of(
                    "command-timeout",
                    Types.DURATION_ABOVE_ZERO,
                    "20s",
                    "Greeting to RCPT; for HTTP until the request is written.",
                    "15s");
    static final Key<Duration> DATA_TIMEOUT =
            Key.of(
                    "data-timeout",
                    Types.DURATION_ABOVE_ZERO,
                    "3m",
                    "Between two writes of content.",
                    "1m");
    static final Key<Duration> ANSWER_TIMEOUT_SMTP =
            Key.of(
                    "answer-timeout",
                    Types.DURATION_ABOVE_ZERO,
                    "10m",
                    "For type smtp: after the final dot (RFC 5321 §4.5.3.2.6).",
                    "5m");
    static final Key<Duration> ANSWER_TIMEOUT_HTTP =
            Key.of(
                    "answer-timeout",
                    Types.DURATION_ABOVE_ZERO,
                    "60s",
                    "For the other types: after the last byte of the request.",
                    "45s");
    static final Key<List<String>> SENDERS =
            Key.of(
                    "senders",
                    Types.list("[\"@example.org\", me@example.com]", Types.SENDER),
                    "",
                    "Only mail from these addresses and domains; empty: any. Mail without an"
                            + " envelope sender (bounces, cron's) counts as from the first address"
                            + " of its From field; with none it takes egresses without `senders`"
                            + " only.",
                    "@example.org,me@example.com");
    static final Key<Common.Rate> RATE =
            Key.optional("rate", Types.RATE_LIMIT, "The most messages in a short time.", "30/m");
    static final Key<Common.Rate> QUOTA =
            Key.optional("quota", Types.RATE_LIMIT, "The most messages in a long time.", "500/d");
    static final Key<Common.WhenLimited> WHEN_LIMITED =
            Key.of(
                    "when-limited",
                    Types.word(Common.WhenLimited.class),
                    "wait",
                    "What mail above rate or quota does: `wait`, or take the `next` egress.",
                    "next");
    static final Key<Common.Fidelity> FIDELITY =
            Key.of(
                    "fidelity",
                    Types.word(Common.Fidelity.class),
                    "best-effort",
                    "`strict`: a message of which this egress would lose something goes elsewhere.",
                    "strict");

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

    static Key<Duration> answerTimeout(EgressType type) {
        return type == EgressType.SMTP ? ANSWER_TIMEOUT_SMTP : ANSWER_TIMEOUT_HTTP;
    }
}
