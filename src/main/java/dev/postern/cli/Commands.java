package dev.postern.cli;

import dev.postern.config.EgressConfig;
import dev.postern.config.Machine;
import dev.postern.config.PosternConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.ConfigReference;
import dev.postern.config.load.ConfigShow;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.LoopCheck;
import dev.postern.config.load.Problems;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.config.load.Sources;
import dev.postern.exec.Adoption;
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
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
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
public final class Commands implements Runnable, CommandLine.IFactory {

    private final Terminal terminal;
    private final Function<@Nullable Path, Sources> sources;
    private final Forwarding forwarding;
    @Spec private CommandSpec spec = CommandSpec.create();

    private Commands(
            Terminal terminal, Function<@Nullable Path, Sources> sources, Forwarding forwarding) {
        this.terminal = terminal;
        this.sources = sources;
        this.forwarding = forwarding;
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
        String named = words.isEmpty() ? "" : words.getFirst();
        // Its options are older than POSIX; picocli, which takes its time, only knows its help.
        if (named.equals("sendmail") && !words.contains("--help")) {
            return new SendmailCommand(terminal, sources).run(words.subList(1, words.size()));
        }
        Commands commands = new Commands(terminal, sources, forwarding);
        return commands.execute(named, named.equals("sendmail") ? List.of(named, "--help") : words);
    }

    private int execute(String named, List<String> words) {
        CommandLine line = new CommandLine(this, this);
        Map<String, Supplier<Object>> all = all();
        if (all.containsKey(named)) {
            // To read the annotations of all of them would cost `serve` its start.
            all.keySet().retainAll(Set.of(named));
        }
        all.forEach((name, command) -> line.addSubcommand(name, command.get()));
        line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler((bad, _) -> usage(bad));
        line.setExecutionExceptionHandler((failure, _, _) -> failed(failure));
        line.registerConverter(Path.class, Commands::path);
        line.setAbbreviatedOptionsAllowed(false);
        // A word that begins with @ is one of exec's command, or a text.
        line.setExpandAtFiles(false);
        line.setUsageHelpAutoWidth(true);
        return line.execute(words.toArray(String[]::new));
    }

    private static Path path(String text) {
        Path path = Machine.path(text);
        if (path == null) {
            throw new TypeConversionException(
                    "'" + text + "' is no path in the locale's charset; set LC_ALL=C.UTF-8");
        }
        return path;
    }

    private Map<String, Supplier<Object>> all() {
        Map<String, Supplier<Object>> all = new LinkedHashMap<>();
        all.put("serve", ServeCommand::new);
        all.put("exec", ExecCommand::new);
        all.put("send", () -> new SendCommand(terminal, new ConfigOption(sources)));
        all.put("sendmail", () -> new SendmailCommand(terminal, sources));
        all.put("queue", () -> new QueueCommand(terminal));
        all.put("doctor", () -> new DoctorCommand(terminal, new ConfigOption(sources)));
        all.put("config", ConfigCommand::new);
        all.put("version", VersionCommand::new);
        return all;
    }

    /// Makes what picocli needs for a command.
    @Override
    public <K> K create(Class<K> type) throws Exception {
        return type == ConfigOption.class
                ? type.cast(new ConfigOption(sources))
                : CommandLine.defaultFactory().create(type);
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "a command is missing; `postern --help` lists them");
    }

    /// Every command has it.
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help.")
    void help(boolean asked) {}

    private int usage(ParameterException bad) {
        String command = bad.getCommandLine().getCommandSpec().qualifiedName();
        List<String> near =
                bad instanceof UnmatchedArgumentException unmatched
                        ? unmatched.getSuggestions().stream().limit(2).toList()
                        : List.of();
        String hint = near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
        terminal.complain(bad.getMessage() + hint + " (see `" + command + " --help`)");
        return ExitCode.BAD_USAGE;
    }

    private int failed(Exception failure) {
        if (failure instanceof CliException trouble) {
            return trouble.tell(terminal);
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
    final class ServeCommand implements Callable<Integer> {

        @Mixin private final ConfigOption config = new ConfigOption(sources);

        @Override
        public Integer call() throws CliException {
            ConfigFiles files = new ConfigFiles(config.sources());
            Loaded.Valid loaded = ConfigOption.load(files);
            Logging.start(
                    loaded.config().log(), terminal.out(), Logging.standardOutputIsTerminal());
            return forwarding.serve(loaded, files);
        }
    }

    /// `postern exec`.
    @Command(
            name = "exec",
            description = {
                "Runs the forwarder and CMD as its child, for containers that hold one service.",
                "",
                "It listens before CMD starts, gives CMD the signals TERM INT HUP USR1 USR2 TTIN"
                        + " TTOU WINCH, reaps orphans when it is process 1, and once CMD has ended"
                        + " sends what is due (drain-timeout, counted from the signal)."
            },
            customSynopsis = {"postern exec [--adopt] [--config FILE] -- CMD [ARG...]"},
            footer = {
                "",
                "  postern exec -- gunicorn app.wsgi              the app's mail settings name"
                        + " 127.0.0.1:2525",
                "  postern exec --adopt -- python manage.py ...   they stay as they are",
                "",
                "The log goes to standard error; standard output is CMD's. Of POSTERN_* variables"
                        + " CMD gets",
                "those only that tell `postern sendmail` and the like where the forwarder is.",
                "Exit status: that of CMD (128+n for signal n; 127 not found, 126 not executable);",
                "before CMD starts: 1 when it can't listen, 2 bad configuration or usage. When"
                        + " Postern",
                "itself is killed: 128+n, and CMD gets TERM (by setpriv of util-linux, if in PATH)."
            })
    final class ExecCommand implements Callable<Integer> {

        private static final Logger log = LoggerFactory.getLogger(ExecCommand.class);

        @Mixin private final ConfigOption config = new ConfigOption(sources);

        @Option(
                names = "--adopt",
                description = {
                    "Takes over the mail settings in the environment (EMAIL_*, SMTP_*, MAIL_*,",
                    "MAILER_DSN, SPRING_MAIL_*, EMAIL_SERVER): the server that they name becomes",
                    "the last egress, and CMD gets them pointing at the local listener."
                })
        private boolean adopt;

        @Parameters(
                arity = "1..*",
                paramLabel = "CMD",
                description = "The command and its arguments.")
        private List<String> command = List.of();

        @Override
        public Integer call() throws CliException {
            for (String word : command) {
                if (Machine.isSpoiled(word)) {
                    throw new CliException(
                            ExitCode.BAD_USAGE,
                            "CMD can't be given "
                                    + Problems.quoted(word)
                                    + " as it is: it is no"
                                    + " text in the locale's charset; write it in UTF-8");
                }
            }
            Adoption adoption = adopt ? Adoption.of(config.sources()) : null;
            ConfigFiles files = files(adoption);
            Loaded.Valid loaded = ConfigOption.load(files);
            boolean loop = loops(loaded.config());
            if (loop && adoption != null) {
                adoption = adoption.declined();
                files = files(adoption);
                loaded = ConfigOption.load(files);
            }
            Logging.start(loaded.config().log(), terminal.err(), Logging.standardErrorIsTerminal());
            if (loop) {
                log.atWarn().log("the app's mail settings lead to our own listener: not adopted");
            } else if (adoption != null && !adoption.isFound()) {
                log.atWarn()
                        .log("nothing to adopt: no mail settings in the environment name a server");
            }
            Adoption adopted = adoption;
            IntFunction<Map<String, String>> environment =
                    port -> adopted == null ? Map.of() : adopted.pointedAt(port);
            return forwarding.exec(loaded, files, command, environment);
        }

        private ConfigFiles files(@Nullable Adoption adoption) {
            Sources plain = config.sources();
            return new ConfigFiles(adoption == null ? plain : plain.adopting(adoption.adopted()));
        }

        private static boolean loops(PosternConfig config) {
            LoopCheck check = new LoopCheck(config.smtp().listen());
            return config.egress().stream()
                    .anyMatch(egress ->
                            egress instanceof EgressConfig.Smtp smtp
                                    && smtp.name().equals(Adoption.EGRESS)
                                    && check.loops(smtp.smtp()));
        }
    }

    /// `postern version`.
    @Command(name = "version", description = "Prints version, commit and Java.")
    final class VersionCommand implements Runnable {

        @Override
        public void run() {
            Version version = Version.ofProgram();
            terminal.say("postern " + version.number());
            terminal.say("commit  " + version.commit());
            terminal.say(
                    "java    %s (%s)"
                            .formatted(
                                    System.getProperty("java.runtime.version"),
                                    System.getProperty("java.vendor")));
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
    final class ConfigCommand implements Runnable {

        @Spec private CommandSpec spec = CommandSpec.create();

        @Override
        public void run() {
            throw new ParameterException(spec.commandLine(), "say check, show or reference");
        }

        @Command(name = "check", description = "Validates; tells all problems at once.")
        void check(@Mixin ConfigOption config) throws CliException {
            Loaded.Valid loaded = config.load();
            List<ConfigProblem> loops =
                    new LoopCheck(loaded.config().smtp().listen()).problems(loaded);
            if (!loops.isEmpty()) {
                throw new CliException(
                        ExitCode.BAD_USAGE, loops.stream().map(ConfigProblem::toString).toList());
            }
            loaded.remarks().forEach(terminal::say);
            Path file = loaded.file();
            terminal.say((file == null ? "built-in defaults and environment" : file) + ": good");
        }

        @Command(
                name = "show",
                description =
                        "Prints the effective configuration with its sources, secrets masked.")
        void show(@Mixin ConfigOption config) throws CliException {
            terminal.out().print(ConfigShow.render(config.load()));
            terminal.out().flush();
        }

        @Command(
                name = "reference",
                description = "Prints all keys with type, default and meaning.")
        void reference() {
            terminal.out().print(ConfigReference.render());
            terminal.out().flush();
        }
    }
}
