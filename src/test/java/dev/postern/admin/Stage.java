package dev.postern.admin;

import dev.postern.config.Cidr;
import dev.postern.config.HostPort;
import dev.postern.config.HttpConfig;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.doctor.Report;
import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView.Way;
import dev.postern.egress.Probe;
import dev.postern.mail.ContentTraits;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Reason;
import dev.postern.mail.Recipient;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import dev.postern.spool.MessageHistory;
import dev.postern.spool.QueuedMessage;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Both sockets on free ports, with everything behind them played by fields that a test sets.
final class Stage implements AutoCloseable, ListenerView, Egresses {

    static final Instant NOW = Instant.parse("2026-11-22T04:05:06Z");
    static final int MAX_MESSAGE_BYTES = 20_000;
    static final int MAX_RECIPIENTS = 5;

    final ListSpool spool = new ListSpool();
    final List<EgressView> views = new ArrayList<>();
    final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    volatile String listening = "127.0.0.1:2525";
    volatile int connections = 7;
    volatile Instant expiry;
    volatile Probe found = new Probe.Passed("smtp.example.org:587, logged in");
    volatile Submission submission = (_, _, _) -> new Submission.Receipt.Refused("550 no");
    volatile Metrics metrics;

    static final List<String> REJECTIONS = List.of("too-large", "loop");

    private HealthSocket health;
    private AdminSocket admin;

    HostPort health() throws IOException {
        if (health == null) {
            metrics =
                    new Metrics(
                            spool::status,
                            REJECTIONS,
                            views.stream().map(EgressView::name).toList(),
                            this,
                            this,
                            clock);
            health =
                    new HealthSocket(
                            new HostPort("127.0.0.1", 0), this, spool::status, this, metrics);
            health.start();
        }
        return health.address();
    }

    /// What the doctor says.
    Report diagnosis;

    HostPort admin() throws IOException {
        return admin(null);
    }

    HostPort admin(String token) throws IOException {
        if (admin == null) {
            HostPort free = new HostPort("127.0.0.1", 0);
            HttpConfig http = new HttpConfig(free, free, token == null ? null : Secret.of(token));
            admin =
                    new AdminSocket(
                            http,
                            smtp(),
                            "1.2.3",
                            spool,
                            this,
                            this,
                            (envelope, origin, in) -> submission.submit(envelope, origin, in),
                            () -> diagnosis,
                            clock);
            admin.start();
        }
        return admin.address();
    }

    Raw.Answer get(String target) throws IOException {
        return Raw.request(admin(), "GET", target).send();
    }

    Raw.Answer post(String target) throws IOException {
        return Raw.request(admin(), "POST", target).send();
    }

    static EgressView egress(String name, EgressState state) {
        return new EgressView(
                name,
                "smtp",
                state,
                state == EgressState.DOWN ? "credentials" : null,
                "535 5.7.8 no such user me@example.org (login hidden-name)",
                NOW.minusSeconds(60),
                NOW.plusSeconds(900),
                "hidden-name",
                List.of(new Way(587, "192.0.2.1", "535 no hidden-name at smtp.example.org")));
    }

    static QueueId id(int number) {
        return QueueId.next(NOW.toEpochMilli() + number, 0);
    }

    static MessageHistory message(int number, State state, Reason reason) {
        ForwardPath to = new ForwardPath("b@example.net");
        Recipient recipient = new Recipient(to, state, reason, "450 4.2.1 later", "gmail");
        QueuedMessage message =
                new QueuedMessage(
                        id(number),
                        new Envelope(new ReversePath("a@example.org"), List.of(to), false),
                        new Origin("127.0.0.1", "app", "ESMTP", null),
                        NOW.minusSeconds(90),
                        NOW.minusSeconds(90),
                        5120,
                        new ContentTraits(false, false, 78),
                        "Grüße <b>",
                        List.of(recipient),
                        2,
                        NOW.plusSeconds(300),
                        false);
        Attempt attempt =
                new Attempt(
                        NOW.minusSeconds(80),
                        "gmail",
                        OutcomeClass.UNAVAILABLE,
                        "421 4.7.0 not now",
                        Duration.ofMillis(1200),
                        List.of(to),
                        List.of("calendar"));
        return new MessageHistory(message, List.of(attempt));
    }

    private static SmtpConfig smtp() {
        return new SmtpConfig(
                new HostPort("127.0.0.1", 0),
                "mx.test",
                MAX_MESSAGE_BYTES,
                MAX_RECIPIENTS,
                10,
                Duration.ofMinutes(5),
                SmtpConfig.BareNewline.NORMALIZE,
                SmtpConfig.Auth.OPTIONAL,
                List.of(),
                false,
                List.<Cidr>of(),
                true,
                new SmtpConfig.Tls(null, null, false));
    }

    @Override
    public String address() {
        return listening;
    }

    @Override
    public int connections() {
        return connections;
    }

    @Override
    public Instant certificateExpiry() {
        return expiry;
    }

    @Override
    public List<EgressView> views() {
        return List.copyOf(views);
    }

    @Override
    public Optional<Probe> probe(String name) {
        return views.stream().anyMatch(v -> v.name().equals(name))
                ? Optional.of(found)
                : Optional.empty();
    }

    @Override
    public void close() {
        if (health != null) {
            health.stop();
        }
        if (admin != null) {
            admin.stop();
        }
    }
}
