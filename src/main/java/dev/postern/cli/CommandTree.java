package dev.postern.cli;

import dev.postern.config.Machine;
import dev.postern.config.load.ConfigReference;
import dev.postern.config.load.ConfigShow;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.LoopCheck;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.config.load.Sources;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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

/// The root of all commands, as picocli reads them: their options, help and usage errors.
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
final class CommandTree implements Runnable, CommandLine.IFactory {

    private final Commands commands;
    private final Terminal terminal;
    private final Function<@Nullable Path, Sources> sources;
    @Spec private CommandSpec spec = CommandSpec.create();

    /// @param commands what is run
    /// @param sources where the configuration comes from, given `--config`
    CommandTree(Commands commands, Terminal terminal, Function<@Nullable Path, Sources> sources) {
        this.commands = commands;
        this.terminal = terminal;
        this.sources = sources;
    }

    /// Runs the command of these words.
    ///
    /// @return the exit status
    int execute(List<String> words) {
        String named = words.isEmpty() ? "" : words.getFirst();
        CommandLine line = new CommandLine(this, this);
        Map<String, Supplier<Object>> all = all();
        if (all.containsKey(named)) {
            // To read the annotations of all of them takes its time.
            all.keySet().retainAll(Set.of(named));
        }
        all.forEach((name, command) -> line.addSubcommand(name, command.get()));
        line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler((bad, _) -> usage(bad));
        line.setExecutionExceptionHandler((failure, _, _) -> commands.failed(failure));
        line.registerConverter(Path.class, CommandTree::path);
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
        all.put("dkim", () -> new DkimCommand(terminal));
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
            return commands.serve(config.sources());
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
            return commands.exec(config.sources(), adopt, command);
        }
    }

    /// `postern version`.
    @Command(name = "version", description = "Prints version, commit and Java.")
    final class VersionCommand implements Runnable {

        @Override
        public void run() {
            commands.version();
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
