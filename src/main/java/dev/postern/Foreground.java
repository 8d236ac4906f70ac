package dev.postern;

import dev.postern.cli.Terminal;
import dev.postern.cli.Version;
import dev.postern.config.HostPort;
import dev.postern.config.Loaded;
import dev.postern.config.LoopCheck;
import dev.postern.config.Problem;
import dev.postern.listener.UnusableCertificate;
import dev.postern.submit.Endpoint;
import dev.postern.submit.EndpointFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs a forwarder in the foreground, from its start to the end of its drain: the whole of
/// `postern serve` behind its command line.
final class Foreground {

    private static final int CLEAN = 0;
    private static final int FAILED = 1;
    private static final int BAD_CONFIGURATION = 2;

    private static final Logger log = LoggerFactory.getLogger(Foreground.class);

    private final Terminal terminal;

    Foreground(Terminal terminal) {
        this.terminal = terminal;
    }

    /// Runs until SIGTERM or SIGINT and the drain after it.
    ///
    /// @return the exit status
    int serve(Loaded.Valid loaded) {
        loaded.remarks().forEach(remark -> log.atInfo().log(remark));
        HostPort configured = loaded.config().smtp().listen();
        if (configured.port() != 0 && leadsBack(loaded, configured)) {
            return BAD_CONFIGURATION;
        }
        Termination termination = Termination.catching();
        try (Forwarder forwarder = Forwarder.start(loaded.config(), Version.ofProgram().number())) {
            if (leadsBack(loaded, forwarder.smtp())) {
                return BAD_CONFIGURATION;
            }
            Path endpoint = tellWhere(forwarder, loaded.config().spool().path());
            termination.await();
            forwarder.drain();
            forget(endpoint);
            return CLEAN;
        } catch (UnusableCertificate mistake) {
            terminal.complain(String.valueOf(mistake.getMessage()));
            return BAD_CONFIGURATION;
        } catch (IOException trouble) {
            terminal.complain(String.valueOf(trouble.getMessage()));
            return FAILED;
        }
    }

    private boolean leadsBack(Loaded.Valid loaded, HostPort listening) {
        List<Problem> loops =
                new LoopCheck(listening, LoopCheck.Network.ofMachine()).problems(loaded);
        loops.forEach(problem -> terminal.complain(problem.toString()));
        return !loops.isEmpty();
    }

    /// Without the file the other commands fall back on the configuration: a warning is enough.
    private static @Nullable Path tellWhere(Forwarder forwarder, Path spool) {
        Endpoint endpoint = new Endpoint(forwarder.smtp(), forwarder.health(), forwarder.admin());
        try {
            return new EndpointFile(spool).write(endpoint);
        } catch (IOException trouble) {
            log.atWarn()
                    .addKeyValue("error", trouble.getMessage())
                    .log(
                            "the endpoint file can't be written; send, sendmail and queue go by"
                                    + " the configuration");
            return null;
        }
    }

    private static void forget(@Nullable Path endpoint) {
        if (endpoint == null) {
            return;
        }
        try {
            EndpointFile.remove(endpoint);
        } catch (IOException trouble) {
            log.atWarn()
                    .addKeyValue("error", trouble.getMessage())
                    .log("the endpoint file can't be removed");
        }
    }
}
