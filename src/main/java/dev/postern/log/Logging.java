package dev.postern.log;

import dev.postern.config.PosternConfig.LogConfig;
import dev.postern.log.LineFormatter.JsonFormatter;
import dev.postern.log.LineFormatter.TextFormatter;
import dev.postern.mail.AddressMask;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/// Sets up where facts go. `serve` logs to standard output, as a service whose log is its output
/// should; whoever shares standard output with another program (`exec`) passes standard error
/// instead.
public final class Logging {

    /// Third parties talk too much below this.
    private static final Level THIRD_PARTY_LEVEL = Level.WARNING;

    private static final List<String> THIRD_PARTIES =
            List.of("io com org jakarta java javax jdk sun software kotlin".split(" "));

    /// It warns, stack trace and all, of every garbled request that a client sends.
    private static final Logger HTTP_PARSER =
            Logger.getLogger("io.helidon.webserver.http1.Http1Connection");

    /// It logs a stack trace when an address is in use, which is told in one line elsewhere.
    private static final Logger HTTP_START = Logger.getLogger("io.helidon.webserver.LoomServer");

    /// `java.util.logging` forgets the level of a logger that nobody holds.
    private static final List<Logger> HELD = THIRD_PARTIES.stream().map(Logger::getLogger).toList();

    private static volatile boolean toTerminal;

    private Logging() {}

    /// Sends every fact of `config.level()` and above to `out`, from now on and in place of what
    /// was set before.
    ///
    /// @param terminal whether `out` is one, which decides the format `auto`
    public static void start(LogConfig config, OutputStream out, boolean terminal) {
        LogManager.getLogManager().reset();
        toTerminal = terminal;
        Handler handler = new LineHandler(out, formatter(config));
        handler.setLevel(Level.ALL);
        Logger.getLogger("").addHandler(handler);
        use(config);
    }

    /// Goes on by another configuration, at the same place.
    public static void use(LogConfig config) {
        Level least = level(config.level());
        Level others = least.intValue() > THIRD_PARTY_LEVEL.intValue() ? least : THIRD_PARTY_LEVEL;
        HELD.forEach(logger -> logger.setLevel(others));
        HTTP_PARSER.setLevel(Level.SEVERE);
        HTTP_START.setLevel(Level.OFF);
        Logger root = Logger.getLogger("");
        root.setLevel(least);
        for (Handler handler : root.getHandlers()) {
            handler.setFormatter(formatter(config));
        }
    }

    /// Writes what was logged so far, if its reader lets it in a short time, and is silent from now
    /// on: before the process ends, and for commands that talk to people.
    public static void stop() {
        LogManager.getLogManager().reset();
        Logger.getLogger("").setLevel(Level.OFF);
    }

    /// Returns whether this process's standard output is a terminal.
    public static boolean standardOutputIsTerminal() {
        return isTerminal("/proc/self/fd/1");
    }

    /// Returns whether this process's standard error is a terminal.
    public static boolean standardErrorIsTerminal() {
        return isTerminal("/proc/self/fd/2");
    }

    private static boolean isTerminal(String stream) {
        try {
            String target = Files.readSymbolicLink(Path.of(stream)).toString();
            return target.startsWith("/dev/pts/")
                    || target.startsWith("/dev/tty")
                    || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException _) {
            // No /proc here: the JDK knows only whether input and output both are.
            return Objects.requireNonNull(System.console()).isTerminal();
        }
    }

    private static LineFormatter formatter(LogConfig config) {
        UnaryOperator<String> mask =
                switch (config.addresses()) {
                    case FULL -> UnaryOperator.identity();
                    case MASKED -> AddressMask::apply;
                };
        boolean text =
                switch (config.format()) {
                    case AUTO -> toTerminal;
                    case TEXT -> true;
                    case JSON -> false;
                };
        return text ? new TextFormatter(mask) : new JsonFormatter(mask);
    }

    /// Returns how `java.util.logging` calls a level.
    static Level level(org.slf4j.event.Level level) {
        return switch (level) {
            case ERROR -> Level.SEVERE;
            case WARN -> Level.WARNING;
            case INFO -> Level.INFO;
            case DEBUG -> Level.FINE;
            case TRACE -> Level.FINEST;
        };
    }
}
