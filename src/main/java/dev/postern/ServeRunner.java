package dev.postern;

import dev.postern.cli.Commands.Forwarding;
import dev.postern.cli.Commands.Version;
import dev.postern.cli.Terminal;
import dev.postern.config.HostPort;
import dev.postern.config.load.ClientSettings.ClientConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.LoopCheck;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.exec.Child;
import dev.postern.exec.Signals;
import dev.postern.listener.Listener;
import dev.postern.log.Logging;
import dev.postern.submit.Endpoint;
import dev.postern.submit.Endpoint.EndpointFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs a forwarder in the foreground, from its start to the end of its drain: the whole of
/// `postern serve` and `postern exec` behind their command lines.
final class ServeRunner implements Forwarding {

    private static final int CLEAN = 0;
    private static final int FAILED = 1;
    private static final int BAD_CONFIGURATION = 2;

    private static final Logger log = LoggerFactory.getLogger(ServeRunner.class);

    private final Terminal terminal;

    ServeRunner(Terminal terminal) {
        this.terminal = terminal;
    }

    /// Runs until SIGTERM or SIGINT and the drain after it.
    ///
    /// @param files where `loaded` comes from; their changes are taken up, at once on SIGHUP
    /// @return the exit status
    @Override
    public int serve(Loaded.Valid loaded, ConfigFiles files) {
        Termination termination = Termination.catching();
        Semaphore hangUps = new Semaphore(0);
        Signals.handle("HUP", hangUps::release);
        return run(
                loaded,
                files,
                hangUps,
                forwarder -> {
                    termination.await();
                    forwarder.drain();
                    return CLEAN;
                });
    }

    /// Runs beside a command: listens before it starts, and drains once it has ended.
    ///
    /// @param files where `loaded` comes from; their changes are taken up
    /// @param command the program and its arguments
    /// @param environment the command's variables that differ from ours, given the listener's port;
    ///   it gets none of our settings but those that tell it where we are
    /// @return the command's exit status
    @Override
    public int exec(
            Loaded.Valid loaded,
            ConfigFiles files,
            List<String> command,
            IntFunction<Map<String, String>> environment) {
        Child child = Child.of(command);
        return run(
                loaded,
                files,
                new Semaphore(0),
                forwarder -> {
                    try {
                        child.start(
                                ClientConfig::mayBeSeen,
                                environment.apply(forwarder.smtp().port()));
                    } catch (IOException trouble) {
                        return notStarted(command, child.statusOfFailure(), trouble);
                    }
                    int status = child.await();
                    log.atInfo().addKeyValue("status", status).log("command ended");
                    forwarder.drainAtOnce(Duration.ofNanos(child.nanosSinceEndWasAsked()));
                    return status;
                });
    }

    private int notStarted(List<String> command, int status, IOException trouble) {
        String why =
                status == Child.NOT_FOUND
                        ? "not found; is it installed, and in PATH?"
                        : "can't be executed: " + trouble.getMessage();
        terminal.complain(command.getFirst() + ": " + why);
        return status;
    }

    /// @param running what happens between the start of the forwarder and its close; returns the
    ///   exit status
    private int run(
            Loaded.Valid loaded,
            ConfigFiles files,
            Semaphore wishes,
            ToIntFunction<Forwarder> running) {
        loaded.remarks()
                .forEach(remark ->
                        log.atInfo().addKeyValue("remark", remark).log("configuration remark"));
        HostPort configured = loaded.config().smtp().listen();
        if (configured.port() != 0 && leadsBack(loaded, configured)) {
            return BAD_CONFIGURATION;
        }
        try (Forwarder forwarder = Forwarder.start(loaded.config(), Version.ofProgram().number())) {
            if (leadsBack(loaded, forwarder.smtp())) {
                return BAD_CONFIGURATION;
            }
            Path endpoint = tellWhere(forwarder, loaded.config().spool().path());
            HostPort listening = forwarder.smtp();
            try (var _ =
                    new ConfigReload(
                                    files,
                                    loaded,
                                    wishes,
                                    next -> loops(next, listening),
                                    forwarder::use)
                            .start()) {
                int status = running.applyAsInt(forwarder);
                forget(endpoint, place(forwarder));
                return status;
            }
        } catch (Listener.UnusableCertificate mistake) {
            terminal.complain(String.valueOf(mistake.getMessage()));
            return BAD_CONFIGURATION;
        } catch (IOException trouble) {
            terminal.complain(String.valueOf(trouble.getMessage()));
            return FAILED;
        }
    }

    private static List<ConfigProblem> loops(Loaded.Valid loaded, HostPort listening) {
        return new LoopCheck(listening).problems(loaded);
    }

    private boolean leadsBack(Loaded.Valid loaded, HostPort listening) {
        List<ConfigProblem> loops = loops(loaded, listening);
        loops.forEach(problem -> terminal.complain(problem.toString()));
        return !loops.isEmpty();
    }

    /// Without the file the other commands fall back on the configuration: a warning is enough.
    private static @Nullable Path tellWhere(Forwarder forwarder, Path spool) {
        try {
            return new EndpointFile(spool).write(place(forwarder));
        } catch (IOException trouble) {
            log.atWarn()
                    .addKeyValue("error", trouble.getMessage())
                    .log(
                            "the endpoint file can't be written; send, sendmail and queue go by"
                                    + " the configuration");
            return null;
        }
    }

    private static Endpoint place(Forwarder forwarder) {
        return new Endpoint(forwarder.smtp(), forwarder.health(), forwarder.admin());
    }

    private static void forget(@Nullable Path endpoint, Endpoint ours) {
        if (endpoint == null) {
            return;
        }
        try {
            EndpointFile.remove(endpoint, ours);
        } catch (IOException trouble) {
            log.atWarn()
                    .addKeyValue("error", trouble.getMessage())
                    .log("the endpoint file can't be removed");
        }
    }

    /// The request to end: SIGTERM or SIGINT.
    ///
    /// A shutdown hook would be the other way to notice them, but hooks run beside those of the
    /// JDK, one of which silences the log at once, and the process could not end with status 0.
    static final class Termination {

        /// Exit status of an end without a drain.
        private static final int AT_ONCE = 1;

        private final CountDownLatch requested = new CountDownLatch(1);

        private Termination() {}

        /// Catches the signals from now on. The first one asks for an orderly end; after it the
        /// next ends the process at once, as somebody who presses Ctrl-C twice wants.
        static Termination catching() {
            Termination termination = new Termination();
            Signals.handle("TERM", termination::caught);
            Signals.handle("INT", termination::caught);
            return termination;
        }

        private void caught() {
            if (requested.getCount() == 0) {
                Logging.stop();
                Runtime.getRuntime().halt(AT_ONCE);
            }
            requested.countDown();
        }

        /// Blocks until one of them came.
        void await() {
            while (true) {
                try {
                    requested.await();
                    return;
                } catch (InterruptedException _) {
                    // Nobody has a reason to interrupt the main thread.
                }
            }
        }
    }
}
