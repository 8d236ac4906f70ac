package dev.postern.cli;

import dev.postern.config.ConfigFiles;
import dev.postern.config.Loaded;
import dev.postern.config.Sources;
import dev.postern.log.Logging;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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

    private final Terminal terminal;
    private final Function<@Nullable Path, Sources> sources;
    private final Forwarding forwarding;

    @Mixin private ConfigOption config = new ConfigOption();

    ServeCommand(
            Terminal terminal, Function<@Nullable Path, Sources> sources, Forwarding forwarding) {
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
                loaded.get().config().log(), terminal.out(), Logging.standardOutputIsTerminal());
        return forwarding.serve(loaded.get(), files);
    }
}
