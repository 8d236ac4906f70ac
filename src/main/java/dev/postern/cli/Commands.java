package dev.postern.cli;

import dev.postern.config.HostPort;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.ConfigReference;
import dev.postern.config.load.ConfigShow;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.LoopCheck;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.config.load.Sources;
import dev.postern.log.Logging;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// The root of all commands.
@Command(
        name = "postern",
        description = {
            "A local SMTP forwarder: takes mail on localhost durably, gets it out by the way that"
                    + " works.",
            ""
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "First steps:",
            "  postern serve                          listens on 127.0.0.1:2525; holds mail until"
                    + " it knows a way out",
            "  POSTERN_EGRESS='smtp://USER:PASSWORD@smtp.example.org:587' postern serve",
            "  postern doctor                         says which ways out work here, and why not",
            "  postern send --to you@example.org      sends a test message and follows it",
            "",
            "`postern COMMAND --help` tells more; `postern config reference` tells every key."
        })
public final class Commands implements Runnable {

    private final CommandLine line;

    private Commands(
            Map<String, Supplier<Object>> commands, @Nullable String named, Terminal terminal) {
        line = new CommandLine(this);
        Supplier<Object> only = named == null ? null : commands.get(named);
        if (named != null && only != null) {
            // To read the annotations of all of them would cost `serve` its start.
            line.addSubcommand(named, only.get());
        } else {
            commands.forEach((name, command) -> line.addSubcommand(name, command.get()));
        }
        line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler((bad, _) -> usage(bad, terminal));
        line.setExecutionExceptionHandler((failure, _, _) -> failed(failure, terminal));
        line.setAbbreviatedOptionsAllowed(false);
        // A word that begins with @ is one of exec's command, or a text.
        line.setExpandAtFiles(false);
        line.setUsageHelpAutoWidth(true);
    }

    /// Runs one command.
    ///
    /// @param words as typed, after the program's name
    /// @param sources where the configuration comes from, given `--config`
    /// @param forwarding runs the forwarder
    /// @return the exit status
    public static int run(
            List<String> words,
            Terminal terminal,
            Function<@Nullable Path, Sources> sources,
            Forwarding forwarding) {
        if (!words.isEmpty() && words.getFirst().equals("sendmail")) {
            // Its options are older than POSIX; picocli only knows its help.
            return new SendmailCommand(terminal, sources).run(words.subList(1, words.size()));
        }
        String named = words.isEmpty() ? null : words.getFirst();
        Commands commands = new Commands(all(terminal, sources, forwarding), named, terminal);
        return commands.line.execute(words.toArray(String[]::new));
    }

    private static Map<String, Supplier<Object>> all(
            Terminal terminal, Function<@Nullable Path, Sources> sources, Forwarding forwarding) {
        Map<String, Supplier<Object>> all = new LinkedHashMap<>();
        all.put("serve", () -> new ServeCommand(terminal, sources, forwarding));
        all.put("exec", () -> new ExecCommand(terminal, sources, forwarding));
        all.put("send", () -> new SendCommand(terminal, sources));
        all.put("sendmail", () -> new SendmailCommand(terminal, sources));
        all.put("queue", () -> QueueCommand.line(terminal, sources));
        all.put("doctor", () -> new DoctorCommand(terminal, sources));
        all.put("config", () -> ConfigCommand.line(terminal, sources));
        all.put("version", () -> new VersionCommand(terminal));
        return all;
    }

    @Override
    public void run() {
        throw new ParameterException(line, "a command is missing; `postern --help` lists them");
    }

    @CommandLine.Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    void help(boolean asked) {}

    private static int usage(ParameterException bad, Terminal terminal) {
        String command = bad.getCommandLine().getCommandSpec().qualifiedName();
        List<String> near = suggestions(bad);
        String hint = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
        terminal.complain(bad.getMessage() + hint + " (see `" + command + " --help`)");
        return ExitCode.BAD_USAGE;
    }

    private static List<String> suggestions(ParameterException bad) {
        if (bad instanceof UnmatchedArgumentException unmatched) {
            return unmatched.getSuggestions().stream().limit(2).toList();
        }
        return List.of();
    }

    private static int failed(Exception failure, Terminal terminal) {
        if (failure instanceof CliException trouble) {
            terminal.complain(trouble.words());
            return trouble.exitCode();
        }
        terminal.complain("failed: " + failure);
        return ExitCode.FAILED;
    }

    /// `postern serve`.
    @Command(
            name = "serve",
            description = "Runs the forwarder in the foreground until SIGTERM or SIGINT.",
            footer = {
                "",
                "Changes of the configuration's files are taken up; SIGHUP has them read at once.",
                "The log goes to standard output: text on a terminal, else JSON (log.format).",
                "Exit status: 0 after a clean drain, 1 failure, 2 bad configuration or usage."
            })
    static final class ServeCommand implements Callable<Integer> {

        private final Terminal terminal;
        private final Function<@Nullable Path, Sources> sources;
        private final Forwarding forwarding;

        @Mixin private ConfigOption config = new ConfigOption();

        ServeCommand(
                Terminal terminal,
                Function<@Nullable Path, Sources> sources,
                Forwarding forwarding) {
            this.terminal = terminal;
            this.sources = sources;
            this.forwarding = forwarding;
        }

        @Override
        public Integer call() {
            ConfigFiles files = config.files(sources);
            Optional<Loaded.Valid> loaded = ConfigOption.load(files, terminal);
            if (loaded.isEmpty()) {
                return ExitCode.BAD_USAGE;
            }
            Logging.start(
                    loaded.get().config().log(),
                    terminal.out(),
                    Logging.standardOutputIsTerminal());
            return forwarding.serve(loaded.get(), files);
        }
    }

    /// `postern version`.
    @Command(name = "version", description = "Prints version, commit and Java.")
    static final class VersionCommand implements Callable<Integer> {

        private final Terminal terminal;

        @Option(
                names = {"-h", "--help"},
                usageHelp = true,
                description = "Shows this help.")
        void help(boolean asked) {}

        VersionCommand(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() {
            Version version = Version.ofProgram();
            terminal.say("postern " + version.number());
            terminal.say("commit  " + version.commit());
            terminal.say(
                    "java    "
                            + System.getProperty("java.runtime.version")
                            + " ("
                            + System.getProperty("java.vendor")
                            + ")");
            return ExitCode.OK;
        }
    }

    /// Runs the forwarder: what `Main` gives to the command line.
    public interface Forwarding {

        /// Runs until the process is told to end and everything is drained.
        ///
        /// @param files where `loaded` comes from; their changes are taken up
        /// @return 0 after a clean drain, 1 when it can't go on, 2 for a configuration that turns
        ///   out bad
        int serve(Loaded.Valid loaded, ConfigFiles files);

        /// Runs beside a command, which is started once mail is accepted; drains once it has ended.
        ///
        /// @param files where `loaded` comes from; their changes are taken up
        /// @param command the program and its arguments
        /// @param environment the command's variables that differ from ours, given the listener's
        ///   port
        /// @return the command's exit status, 127 or 126 when it can't be started; before that as
        ///   [#serve]
        int exec(
                Loaded.Valid loaded,
                ConfigFiles files,
                List<String> command,
                IntFunction<Map<String, String>> environment);
    }

    /// Which program this is.
    ///
    /// @param number such as `0.1.0`
    /// @param commit the commit that it was built from; `unknown` outside a checkout
    public record Version(String number, String commit) {

        private static final String RESOURCE = "/dev/postern/version.properties";

        /// Returns what the build wrote down.
        public static Version ofProgram() {
            Properties properties = new Properties();
            try (InputStream in = Version.class.getResourceAsStream(RESOURCE)) {
                if (in != null) {
                    properties.load(in);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Version(
                    properties.getProperty("version", "unknown"),
                    properties.getProperty("commit", "unknown"));
        }
    }

    /// `postern config check|show|reference`.
    @Command(
            name = "config",
            description = "Checks, shows or explains the configuration.",
            synopsisSubcommandLabel = "COMMAND",
            footer = {"", "Exit status: 0, or 2 when the configuration is wrong."})
    static final class ConfigCommand implements Runnable {

        private final Terminal terminal;
        private final Function<@Nullable Path, Sources> sources;
        private final CommandLine line = new CommandLine(this);

        @Option(
                names = {"-h", "--help"},
                usageHelp = true,
                description = "Shows this help.")
        void help(boolean asked) {}

        private ConfigCommand(Terminal terminal, Function<@Nullable Path, Sources> sources) {
            this.terminal = terminal;
            this.sources = sources;
        }

        static CommandLine line(Terminal terminal, Function<@Nullable Path, Sources> sources) {
            return new ConfigCommand(terminal, sources).line;
        }

        @Override
        public void run() {
            throw new ParameterException(line, "say check, show or reference");
        }

        @Command(name = "check", description = "Validates; tells all problems at once.")
        int check(@Mixin ConfigOption config) {
            Optional<Loaded.Valid> loaded = config.load(sources, terminal);
            if (loaded.isEmpty()) {
                return ExitCode.BAD_USAGE;
            }
            HostPort listening = loaded.get().config().smtp().listen();
            List<ConfigProblem> loops =
                    new LoopCheck(listening, LoopCheck.HostLookup.ofMachine())
                            .problems(loaded.get());
            if (!loops.isEmpty()) {
                loops.forEach(problem -> terminal.complain(problem.toString()));
                return ExitCode.BAD_USAGE;
            }
            loaded.get().remarks().forEach(terminal::say);
            Path file = loaded.get().file();
            terminal.say((file == null ? "built-in defaults and environment" : file) + ": good");
            return ExitCode.OK;
        }

        @Command(
                name = "show",
                description =
                        "Prints the effective configuration with its sources, secrets masked.")
        int show(@Mixin ConfigOption config) {
            Optional<Loaded.Valid> loaded = config.load(sources, terminal);
            if (loaded.isEmpty()) {
                return ExitCode.BAD_USAGE;
            }
            terminal.out().print(ConfigShow.render(loaded.get()));
            terminal.out().flush();
            return ExitCode.OK;
        }

        @Command(
                name = "reference",
                description = "Prints all keys with type, default and meaning.",
                mixinStandardHelpOptions = false)
        int reference(
                @Option(
                                names = {"-h", "--help"},
                                usageHelp = true,
                                description = "Shows this help.")
                        boolean asked) {
            terminal.out().print(ConfigReference.render());
            terminal.out().flush();
            return ExitCode.OK;
        }
    }
}
