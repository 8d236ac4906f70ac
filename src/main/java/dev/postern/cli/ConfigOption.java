package dev.postern.cli;

import dev.postern.config.load.ClientSettings;
import dev.postern.config.load.ClientSettings.ClientConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The option `--config`, which most commands have, and what comes of it.
final class ConfigOption {

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = {
                "The configuration. Without it: POSTERN_CONFIG,",
                "else ./postern.yaml, else /etc/postern/postern.yaml."
            })
    private @Nullable Path file;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    void help(boolean asked) {}

    /// Returns the files that the configuration comes from.
    ConfigFiles files(Function<@Nullable Path, Sources> sources) {
        return new ConfigFiles(sources.apply(file));
    }

    /// Returns the configuration, or tells all that is wrong with it and returns nothing.
    Optional<Loaded.Valid> load(Function<@Nullable Path, Sources> sources, Terminal terminal) {
        return load(files(sources), terminal);
    }

    /// Returns what a command needs that talks to a running forwarder, as far as the caller may
    /// read it; or tells all that is wrong and returns nothing.
    Optional<ClientConfig> forClient(Function<@Nullable Path, Sources> sources, Terminal terminal) {
        return switch (ClientSettings.load(sources.apply(file))) {
            case ClientConfig config -> Optional.of(config);
            case Loaded.Invalid unusable -> {
                unusable.lines().forEach(terminal::complain);
                yield Optional.empty();
            }
        };
    }

    /// Returns the configuration of `files` in the same way.
    static Optional<Loaded.Valid> load(ConfigFiles files, Terminal terminal) {
        return switch (files.load()) {
            case Loaded.Valid valid -> Optional.of(valid);
            case Loaded.Invalid invalid -> {
                invalid.lines().forEach(terminal::complain);
                yield Optional.empty();
            }
        };
    }
}
