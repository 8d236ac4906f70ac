package dev.postern.cli;

import dev.postern.config.load.ClientSettings;
import dev.postern.config.load.ClientSettings.ClientConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The option `--config`, which most commands have, and what comes of it.
final class ConfigOption {

    private final Function<@Nullable Path, Sources> sources;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = {
                "The configuration. Without it: POSTERN_CONFIG,",
                "else ./postern.yaml, else /etc/postern/postern.yaml."
            })
    private @Nullable Path file;

    /// @param sources where the configuration comes from, given the option's value
    ConfigOption(Function<@Nullable Path, Sources> sources) {
        this.sources = sources;
    }

    /// Returns what the configuration comes from.
    Sources sources() {
        return sources.apply(file);
    }

    /// Returns the configuration.
    ///
    /// @throws CliException with all that is wrong with it
    Loaded.Valid load() throws CliException {
        return load(new ConfigFiles(sources()));
    }

    /// Returns the configuration of `files` in the same way.
    static Loaded.Valid load(ConfigFiles files) throws CliException {
        Loaded loaded = files.load();
        if (loaded instanceof Loaded.Invalid invalid) {
            throw new CliException(ExitCode.BAD_USAGE, invalid.lines());
        }
        return (Loaded.Valid) loaded;
    }

    /// Returns the running forwarder, found by as much of the configuration as the caller may read.
    ///
    /// @param more lines behind those that say what is wrong
    /// @throws CliException with all that is wrong with the configuration
    RunningForwarder running(String... more) throws CliException {
        return switch (ClientSettings.load(sources())) {
            case ClientConfig config -> RunningForwarder.find(config);
            case Loaded.Invalid unusable ->
                    throw new CliException(
                            ExitCode.BAD_USAGE,
                            Stream.concat(unusable.lines().stream(), Stream.of(more)).toList());
        };
    }
}
