package dev.postern.cli;

import dev.postern.config.ConfigProblem;
import dev.postern.config.ConfigReference;
import dev.postern.config.ConfigShow;
import dev.postern.config.HostPort;
import dev.postern.config.Loaded;
import dev.postern.config.LoopCheck;
import dev.postern.config.Sources;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `postern config check|show|reference`.
@Command(
        name = "config",
        description = "Checks, shows or explains the configuration.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "Exit status: 0, or 2 when the configuration is wrong."})
final class ConfigCommand implements Runnable {

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
                new LoopCheck(listening, LoopCheck.Network.ofMachine()).problems(loaded.get());
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
            description = "Prints the effective configuration with its sources, secrets masked.")
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
