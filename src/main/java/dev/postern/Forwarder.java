package dev.postern;

import dev.postern.admin.AdminSocket;
import dev.postern.admin.HealthSocket;
import dev.postern.admin.HttpSocket;
import dev.postern.admin.Metrics;
import dev.postern.admin.Stages;
import dev.postern.config.EgressConfig;
import dev.postern.config.HostPort;
import dev.postern.config.PosternConfig;
import dev.postern.config.PosternConfig.Acknowledge;
import dev.postern.dispatch.Dispatcher;
import dev.postern.egress.Egress;
import dev.postern.listener.Listener;
import dev.postern.log.Logging;
import dev.postern.reception.Reception;
import dev.postern.spool.FileDisk;
import dev.postern.spool.Spool;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running forwarder: the one place that knows every stage. It builds them in the order of the
/// path, opens the door to mail, then those for operators, and drains them forward.
///
/// ```
///   listener ─▶ reception ─▶ spool ─▶ dispatcher ─▶ egresses
/// ```
///
/// *Contract.* [#start] returns once mail is accepted. [#drain] returns once nothing more is
/// accepted or under way; what could not leave in time is in the spool. [#close] may follow at any
/// time.
///
/// *Diagnostics.* What keeps it from starting is an `IOException` whose message is one line with
/// the fix.
public final class Forwarder implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Forwarder.class);

    private volatile PosternConfig config;
    private volatile boolean started;
    private final Deque<AutoCloseable> opened = new ConcurrentLinkedDeque<>();
    private final EgressRegistry registry;
    private final Dispatcher dispatcher;
    private final LiveDoctor doctor;
    private final Metrics metrics;
    private final Reception reception;
    private final HttpSocket health;
    private final HttpSocket admin;
    private final Listener listener;

    private Forwarder(PosternConfig config, String version) throws IOException {
        this.config = config;
        try {
            Clock clock = SteadyClock.system();
            metrics = new Metrics(clock);
            Spool spool =
                    opened(Spool.open(config.spool(), clock, new FileDisk(), metrics::synced));
            registry = opened(new EgressRegistry(config.smtp().hostname(), clock));
            registry.use(config.egress(), config.dkim());
            dispatcher =
                    opened(
                            Dispatcher.of(
                                    config, spool.queue(), registry.egresses(), metrics, clock));
            Dispatcher immediate = config.acknowledge() == Acknowledge.SENT ? dispatcher : null;
            reception = new Reception(config, spool.intakes(), immediate, metrics, clock);
            listener = new Listener(config.smtp(), reception, metrics);
            doctor = new LiveDoctor(config, dispatcher);
            Stages stages =
                    new Stages(
                            listener::status,
                            spool.admin(),
                            dispatcher::egresses,
                            dispatcher::probe,
                            reception::receive,
                            doctor);
            metrics.egresses(names(config));
            metrics.watch(stages);
            opened(listener).start();
            // The web server takes longer than all before it, and mail need not wait for it.
            health = started(HealthSocket.of(config.http().health(), stages, metrics));
            admin =
                    started(
                            AdminSocket.of(
                                    config.http(), config.smtp(), version, stages, metrics, clock));
            dispatcher.start();
            doctor.summarize();
        } catch (IOException | RuntimeException | Error trouble) {
            close();
            throw trouble;
        }
    }

    private static List<String> names(PosternConfig config) {
        return config.egress().stream().map(EgressConfig::name).toList();
    }

    /// Starts everything.
    ///
    /// @param version is shown to operators
    /// @throws IOException when a socket can't be bound or the spool can't be used
    public static Forwarder start(PosternConfig config, String version) throws IOException {
        Forwarder forwarder = new Forwarder(config, version);
        forwarder.started = true;
        forwarder.report(version);
        return forwarder;
    }

    private <T extends AutoCloseable> T opened(T stage) {
        opened.push(stage);
        return stage;
    }

    private HttpSocket started(HttpSocket socket) throws IOException {
        socket.start();
        opened(socket::stop);
        return socket;
    }

    /// Goes on with another configuration, as far as a running program can: by which egresses, when
    /// to try again, who may submit, aliases, how to log, how long to drain. One thread at a time.
    ///
    /// @return the names of the egresses that are new, or made anew
    List<String> use(PosternConfig next) {
        List<Egress> before = registry.egresses();
        List<String> made = registry.use(next.egress(), next.dkim());
        PosternConfig last = config;
        config = next;
        Logging.use(next.log());
        reception.use(next);
        listener.use(next.smtp());
        boolean sameDispatch =
                registry.egresses().equals(before)
                        && last.retry().equals(next.retry())
                        && last.acknowledgeTimeout().equals(next.acknowledgeTimeout());
        if (!sameDispatch) {
            metrics.egresses(names(next));
            dispatcher.use(Dispatcher.Settings.of(next), registry.egresses(), registry::retire);
        }
        doctor.use(next);
        return made;
    }

    private void report(String version) {
        log.atInfo()
                .addKeyValue("version", version)
                .addKeyValue("smtp", smtp())
                .addKeyValue("health", health())
                .addKeyValue("admin", admin())
                .addKeyValue("spool", config.spool().path())
                .addKeyValue("acknowledge", config.acknowledge().name().toLowerCase(Locale.ROOT))
                .addKeyValue("egress", names(config))
                .log("started");
    }

    /// Returns where mail is taken.
    public HostPort smtp() {
        return listener.address();
    }

    /// Returns where the health endpoints are.
    public HostPort health() {
        return health.address();
    }

    /// Returns where the page and the API are.
    public HostPort admin() {
        return admin.address();
    }

    /// Ends in order: goes on accepting for `drain-delay`, then answers 421, finishes what is
    /// coming in, and sends what is due for up to `drain-timeout`. Blocks.
    public void drain() {
        log.atInfo().addKeyValue("delay", config.drainDelay()).log("stopping");
        pause(config.drainDelay());
        drain(config.drainTimeout());
    }

    /// Drains at once, since nobody is left who could hand mail in.
    ///
    /// @param passed what of `drain-timeout` is over already
    public void drainAtOnce(Duration passed) {
        log.atInfo().log("stopping");
        Duration left = config.drainTimeout().minus(passed);
        drain(left.isNegative() ? Duration.ZERO : left);
    }

    private void drain(Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        reception.stop();
        try {
            listener.stopAccepting()
                    .toCompletableFuture()
                    .get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            log.atWarn().log("some sessions did not end within drain-timeout");
        } catch (ExecutionException | InterruptedException trouble) {
            throw new IllegalStateException(trouble);
        }
        dispatcher.drain(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Stops at once and releases the spool. Each stage is closed before the ones that it uses.
    @Override
    public void close() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception trouble) {
                log.atError().setCause(trouble).log("a stage did not close");
            }
        }
        if (started) {
            log.atInfo().log("stopped");
        }
    }
}
