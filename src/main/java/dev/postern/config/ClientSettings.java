package dev.postern.config;

import dev.postern.config.ConfigLoader.FileSearch;
import dev.postern.config.Problems.Problem;
import dev.postern.config.Sources.TextReader;
import java.util.List;
import java.util.stream.Stream;

/// What loading the configuration brought for a command that talks to a running forwarder, on
/// behalf of any user of the machine: cron's root, `www-data`.
///
/// *Contract.* What the caller may not read (a secret, the whole file) or has not in its
/// environment is left out rather than being a problem: the forwarder has it. What is wrong with
/// the rest is a problem, as it is for [ConfigLoader].
public sealed interface ClientSettings permits ClientConfig, ClientSettings.Unusable {

    /// Settings that no command can work with.
    ///
    /// @param problems all that is wrong; never empty
    record Unusable(List<Problem> problems) implements ClientSettings {
        public Unusable {
            problems = List.copyOf(problems);
        }

        /// Returns what to tell the user, a line a problem.
        public List<String> lines() {
            return problems.stream().map(Problem::toString).toList();
        }
    }

    /// Loads the settings. Reads files, and nothing but files.
    static ClientSettings load(Sources sources) {
        TextReader reader = sources.absoluteReader();
        Problems problems = new Problems();
        Problems unread = new Problems();
        Interpolation interpolation = new Interpolation(sources.environment(), reader, unread);
        FileSearch search = FileSearch.pastForbidden(sources, reader, problems);
        FileSearch.Found file = search.find();
        Settings settings = ConfigLoader.settings(sources, file, interpolation, problems);
        if (!problems.isEmpty()) {
            return new Unusable(problems.list());
        }
        if (!settings.know(ClientConfig.NEEDED)) {
            return new Unusable(unread.list());
        }
        boolean hidden = file == null && !search.forbidden().isEmpty();
        List<String> lines =
                Stream.concat(
                                search.forbidden().stream(),
                                unread.list().stream().map(Problem::toString))
                        .toList();
        return ClientConfig.of(settings, ConfigLoader.hostname(sources), hidden, lines);
    }
}
