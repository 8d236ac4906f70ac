package dev.postern.admin;

import dev.postern.config.Cidr;
import dev.postern.config.EgressConfig;
import dev.postern.config.HostPort;
import dev.postern.config.PosternConfig.HttpConfig;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.doctor.Report;
import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.egress.EgressView.Way;
import dev.postern.egress.Probe;
import dev.postern.listener.Listener;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.OutcomeClass;
import dev.postern.reception.Reception;
import dev.postern.reception.Rejection;
import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.Reply;
import dev.postern.smtp.UpstreamReply;
import dev.postern.spool.MessageState;
import dev.postern.testing.EgressConfigs;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Both sockets on free ports, with everything behind them played by fields that a test sets.
final class Stage implements AutoCloseable {

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
    volatile Stages.Submission submission = (_, _, _) -> refused("550 5.1.1 no", Rejection.ADDRESS);
    final Metrics metrics = new Metrics(clock);

    private final Stages stages =
            new Stages(
                    () -> new Listener.Status(listening, connections, expiry),
                    spool,
                    () -> List.copyOf(views),
                    this::probe,
                    (envelope, origin, in) -> submission.submit(envelope, origin, in),
                    () -> this.diagnosis);

    private HttpSocket health;
    private HttpSocket admin;

    /// Returns a refusal with the reply of that text.
    static Reception.Result refused(String text, Rejection reason) {
        if (UpstreamReply.parse(text)
                instanceof UpstreamReply.Answered(var code, var status, var lines)) {
            return new Reception.Result.Refused(new Reply(code, status, lines, false), reason);
        }
        throw new AssertionError("no reply: " + text);
    }

    HostPort health() throws IOException {
        if (health == null) {
            metrics.egresses(views.stream().map(EgressView::name).toList());
            metrics.watch(stages);
            health = HealthSocket.of(new HostPort("127.0.0.1", 0), stages, metrics);
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
            admin = AdminSocket.of(http, smtp(), "1.2.3", stages, metrics, clock);
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
                new EgressConfig.Smtp(
                        EgressConfigs.egress(name).common(),
                        new SmtpEgressConfig(
                                "smtp.example.org",
                                OptionalInt.empty(),
                                SmtpEgressConfig.Tls.REQUIRED,
                                null,
                                "hidden-name",
                                null,
                                null,
                                List.of())),
                state,
                state == EgressState.DOWN ? Fault.CREDENTIALS : null,
                new EgressView.LastError(
                        "535 5.7.8 no such user me@example.org (login hidden-name)",
                        NOW.minusSeconds(60),
                        null),
                NOW.minusSeconds(60),
                NOW.plusSeconds(900),
                null,
                List.of(new Way(587, "192.0.2.1", "535 no hidden-name at smtp.example.org")));
    }

    static QueueId id(int number) {
        return QueueId.next(NOW.toEpochMilli() + number, 0);
    }

    static MessageState message(int number, State state, Reason reason) {
        ForwardPath to = new ForwardPath("b@example.net");
        Recipient recipient = new Recipient(to, state, reason, "450 4.2.1 later", "gmail");
        Attempt attempt =
                new Attempt(
                        NOW.minusSeconds(80),
                        "gmail",
                        OutcomeClass.UNAVAILABLE,
                        "421 4.7.0 not now",
                        Duration.ofMillis(1200),
                        List.of(to),
                        List.of("calendar"));
        MessageState.Message message =
                new MessageState.Message(
                        id(number),
                        new Envelope(new ReversePath("a@example.org"), List.of(to), false),
                        new Origin("127.0.0.1", "app", "ESMTP", null),
                        NOW.minusSeconds(90),
                        5120,
                        new ContentTraits(false, false, 78),
                        "Grüße <b>");
        return new MessageState(
                message,
                NOW.minusSeconds(90),
                NOW.plusSeconds(300),
                List.of(recipient),
                List.of(attempt),
                2,
                Set.of());
    }

    private static SmtpConfig smtp() {
        return new SmtpConfig(
                new HostPort("127.0.0.1", 0),
                "mx.test",
                MAX_MESSAGE_BYTES,
                MAX_RECIPIENTS,
                10,
                Duration.ofMinutes(5),
                BareNewline.NORMALIZE,
                SmtpConfig.Auth.OPTIONAL,
                List.of(),
                false,
                List.<Cidr>of(),
                true,
                new SmtpConfig.Tls(null, null, false));
    }

    private Optional<CompletionStage<Probe>> probe(String name) {
        return views.stream().anyMatch(v -> v.name().equals(name))
                ? Optional.of(CompletableFuture.completedFuture(found))
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
