package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressView.Way;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.egress.net.IdleConnections;
import dev.postern.egress.smtp.NextHopSocket.Watchdog;
import dev.postern.egress.smtp.SmtpCommands.Offers;
import dev.postern.egress.smtp.SmtpDialer.ConnectResult;
import dev.postern.egress.smtp.SmtpDialer.Credentials;
import dev.postern.egress.smtp.Transmission.Ended;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/// Submission to one server (RFC 6409).
///
/// **Purpose.** Carries a message to the configured server, octet for octet, and says what became
/// of each recipient.
///
/// **Contract.** [#send] blocks, at most `concurrency` at a time use a connection, the others wait
/// for their turn. A connection is reused for the next message while it is fresh, made with the
/// present credentials, and not worn out; one that turns out stale at MAIL is replaced once without
/// a word. Interrupting the thread breaks off what has not reached the final dot.
///
/// **Diagnostics.** All trouble is an outcome of the trouble table ([Trouble]). Thrown are only
/// content that can't be read (`UncheckedIOException`), content that was not made CRLF and
/// addresses that can't exist (`IllegalStateException`); the connection is closed then. Logs one
/// line with advice for each trouble that concerns the egress as a whole; never secrets, never
/// content.
///
/// **Limits.** Time-outs and concurrency as configured; [Reuse]. Two buffers of 16 KiB a message
/// under way, whatever its size.
///
/// See also: [SmtpDialer] (how connections are made), [SmtpTransaction] (what is said over them).
public final class SmtpEgress implements Egress {

    /// Named by the interface: Jakarta Mail logs under this package, and is silenced there.
    private static final Logger LOG = LoggerFactory.getLogger(Egress.class);

    private final Common common;
    private final SmtpEgressConfig config;
    private final SmtpDialer dialer;
    private final LoginGuard logIns;
    private final Reuse reuse;
    private final IdleConnections<SmtpConnection> idle;
    private final Semaphore turns;
    private volatile @Nullable Offers lastOffers;

    /// When connections are reused.
    ///
    /// @param freshFor a connection idle for less is used without asking whether it is still there
    /// @param idleFor a connection idle for longer is closed
    /// @param messagesMax messages that one connection carries
    record Reuse(Duration freshFor, Duration idleFor, int messagesMax) {

        /// SparkPost takes 100 messages a connection and closes it after a minute of idleness;
        /// others are no stricter.
        static final Reuse USUAL = new Reuse(Duration.ofSeconds(3), Duration.ofSeconds(10), 100);
    }

    /// @param egress the configuration
    /// @param hostname what we call ourselves in EHLO where the configuration does not say
    public SmtpEgress(EgressConfig.Smtp egress, String hostname) {
        this(egress, hostname, SmtpDialer.Network.REAL, System::nanoTime, Reuse.USUAL);
    }

    /// @param nanoTime the clock that measures idleness
    SmtpEgress(
            EgressConfig.Smtp egress,
            String hostname,
            SmtpDialer.Network network,
            LongSupplier nanoTime,
            Reuse reuse) {
        this.common = egress.common();
        this.config = egress.smtp();
        this.reuse = reuse;
        this.idle = new IdleConnections<>(nanoTime, SmtpConnection::quitAside);
        Duration shortest =
                Collections.min(
                        List.of(
                                common.commandTimeout(),
                                common.dataTimeout(),
                                common.answerTimeout()));
        Watchdog watchdog = new Watchdog(shortest, () -> idle.endIdleFor(reuse.idleFor()));
        this.dialer = new SmtpDialer(egress, hostname, network, watchdog);
        this.logIns = new LoginGuard(dialer::dial);
        this.turns = new Semaphore(common.concurrency());
    }

    @Override
    public String name() {
        return common.name();
    }

    @Override
    public Delivery send(OutboundMessage outbound, CommitGate gate) {
        Transmission transmission = new Transmission(common, outbound, gate);
        try {
            turns.acquire();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            transmission.settleRest(brokenOff().outcome());
            return transmission.delivery();
        }
        try {
            send(transmission);
            return transmission.delivery();
        } finally {
            turns.release();
        }
    }

    private void send(Transmission transmission) {
        Credentials credentials;
        try {
            credentials = credentials();
        } catch (UncheckedIOException e) {
            Verdict verdict = unreadable(e);
            report(verdict);
            transmission.settleRest(verdict.outcome());
            return;
        }
        SmtpConnection old = idle.take((each, time) -> isFit(each, time, credentials));
        if (old == null || use(old, transmission) == Ended.STALE) {
            sendAfresh(transmission, credentials);
        }
    }

    /// One that was made with other credentials is of no use, and what was idle for long may be
    /// closed by now.
    private boolean isFit(
            SmtpConnection connection, Duration idleness, @Nullable Credentials credentials) {
        if (!Objects.equals(connection.credentials(), credentials)) {
            connection.quitAside();
            return false;
        }
        boolean fresh = idleness.compareTo(reuse.freshFor()) < 0;
        boolean awake = connection.isAwake(fresh ? null : common.commandTimeout());
        if (!awake) {
            connection.close();
        }
        return awake;
    }

    private void sendAfresh(Transmission transmission, @Nullable Credentials credentials) {
        transmission.waiting();
        switch (dial(credentials)) {
            case ConnectResult.Connected fresh -> {
                lastOffers = fresh.connection().offers();
                use(fresh.connection(), transmission);
            }
            case ConnectResult.Failed failed -> {
                Verdict verdict =
                        Thread.currentThread().isInterrupted() ? brokenOff() : failed.verdict();
                report(verdict);
                transmission.settleRest(verdict.outcome());
            }
        }
    }

    private ConnectResult dial(@Nullable Credentials credentials) {
        try {
            return logIns.dial(credentials);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return new ConnectResult.Failed(brokenOff(), Stage.CONNECT);
        }
    }

    private Ended use(SmtpConnection connection, Transmission transmission) {
        Ended ended = Ended.BROKEN;
        try {
            ended = transmission.over(connection);
        } finally {
            if (ended != Ended.REUSABLE) {
                connection.close();
            } else if (connection.messages() >= reuse.messagesMax()) {
                connection.quitAside();
            } else {
                idle.keep(connection);
            }
        }
        Verdict trouble = transmission.trouble();
        if (ended != Ended.STALE && trouble != null) {
            report(trouble);
        }
        return ended;
    }

    @Override
    public boolean maySpoil(ContentTraits traits) {
        Offers offers = lastOffers;
        return offers != null && traits.eightBit() && !offers.eightBit();
    }

    /// Dispatch logs every attempt; what it can't know is which row decided and what to do.
    private void report(Verdict verdict) {
        if (!verdict.isOurDoing() && verdict.outcome() instanceof Outcome.Unavailable unavailable) {
            LoggingEventBuilder line =
                    LOG.atWarn()
                            .addKeyValue("egress", common.name())
                            .addKeyValue("fault", unavailable.fault().word())
                            .addKeyValue("trouble", verdict.row())
                            .addKeyValue("reply", unavailable.reply());
            (verdict.advice().isEmpty() ? line : line.addKeyValue("advice", verdict.advice()))
                    .log("egress unavailable");
        }
    }

    private Verdict brokenOff() {
        return Trouble.ofFinding(context(Stage.CONNECT), Symptom.BROKEN_OFF, "interrupted");
    }

    private Verdict unreadable(UncheckedIOException e) {
        return Trouble.ofFinding(
                context(Stage.AUTH), Symptom.PASSWORD_UNREADABLE, String.valueOf(e.getMessage()));
    }

    private Context context(Stage stage) {
        return Context.ofSmtp(stage, config.host(), config.host(), Duration.ZERO);
    }

    /// Returns user name and password as they are now; null without.
    ///
    /// @throws UncheckedIOException when a mounted file can't be read
    private @Nullable Credentials credentials() {
        String username = config.username();
        Secret password = config.password();
        return username == null || password == null
                ? null
                : new Credentials(username, password.reveal());
    }

    @Override
    public Probe probe() {
        Credentials credentials;
        try {
            credentials = credentials();
        } catch (UncheckedIOException e) {
            return failed(unreadable(e));
        }
        return switch (dial(credentials)) {
            case ConnectResult.Connected(SmtpConnection connection) -> {
                String detail = connection.description();
                lastOffers = connection.offers();
                connection.quit();
                yield new Probe.Passed(detail + (credentials == null ? "" : ", logged in"));
            }
            case ConnectResult.Failed(Verdict verdict, _) -> failed(verdict);
        };
    }

    private Probe failed(Verdict verdict) {
        report(verdict);
        return new Probe.Failed(verdict.unavailable());
    }

    @Override
    public List<Way> candidates() {
        return dialer.candidates();
    }

    @Override
    public void close() {
        dialer.close();
        idle.close();
    }

    /// Lets one caller at a time log in with credentials that were not accepted yet. Whoever waited
    /// for it shares its failure: a mistyped password is said once, however many messages wait, and
    /// not so often at once that the provider bans this address.
    ///
    /// Credentials that were accepted are used freely, until they are refused or others come.
    /// Thread-safe.
    static final class LoginGuard {

        private final Function<@Nullable Credentials, ConnectResult> dialer;
        private final ReentrantLock turn = new ReentrantLock();
        private volatile @Nullable Credentials accepted;
        private volatile @Nullable Failure last;

        /// @param dialer makes a connection and logs in
        LoginGuard(Function<@Nullable Credentials, ConnectResult> dialer) {
            this.dialer = dialer;
        }

        /// A try that failed; each is another object.
        private static final class Failure {
            private final Credentials credentials;
            private final ConnectResult.Failed dialed;

            Failure(Credentials credentials, ConnectResult.Failed dialed) {
                this.credentials = credentials;
                this.dialed = dialed;
            }
        }

        /// Makes a connection and logs in, or tells the failure of who just tried.
        ///
        /// @param credentials null: without log-in
        ConnectResult dial(@Nullable Credentials credentials) throws InterruptedException {
            if (credentials == null) {
                return dialer.apply(null);
            }
            if (!credentials.equals(accepted)) {
                Failure before = last;
                turn.lockInterruptibly();
                try {
                    Failure now = last;
                    if (now != null && now != before && credentials.equals(now.credentials)) {
                        return now.dialed;
                    }
                    if (!credentials.equals(accepted)) {
                        return noted(credentials, dialer.apply(credentials));
                    }
                } finally {
                    turn.unlock();
                }
            }
            return noted(credentials, dialer.apply(credentials));
        }

        private ConnectResult noted(Credentials credentials, ConnectResult dialed) {
            switch (dialed) {
                case ConnectResult.Connected _ -> accepted = credentials;
                case ConnectResult.Failed failed -> {
                    if (!failed.verdict().isOurDoing() && !Thread.currentThread().isInterrupted()) {
                        last = new Failure(credentials, failed);
                    }
                    if (failed.verdict().outcome() instanceof Outcome.Unavailable trouble
                            && trouble.fault() == Fault.CREDENTIALS) {
                        accepted = null;
                    }
                }
            }
            return dialed;
        }

        /// Returns how many wait for somebody else's try.
        int waiting() {
            return turn.getQueueLength();
        }
    }
}
