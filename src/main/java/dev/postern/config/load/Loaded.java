package dev.postern.config.load;

import dev.postern.config.PosternConfig;
import dev.postern.config.load.EgressLoader.EgressEntry;
import dev.postern.config.load.Problems.ConfigProblem;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What loading the configuration brought.
public sealed interface Loaded {

    /// A configuration to run with.
    ///
    /// @param config its values
    /// @param remarks lines for the log: which conventional variables made an egress, what looks
    ///   unintended
    /// @param file the file that was read; null: none
    /// @param settings every key's value and source, for [ConfigShow]
    /// @param egress those of the egress list
    record Valid(
            PosternConfig config,
            List<String> remarks,
            @Nullable Path file,
            Settings settings,
            List<EgressEntry> egress)
            implements Loaded {
        public Valid {
            remarks = List.copyOf(remarks);
            egress = List.copyOf(egress);
        }
    }

    /// A configuration that must not be run with.
    ///
    /// @param problems all that is wrong, in the order of the file; never empty
    record Invalid(List<ConfigProblem> problems) implements Loaded, ClientSettings {
        public Invalid {
            problems = List.copyOf(problems);
        }

        /// Returns what to tell the user, a line a problem.
        public List<String> lines() {
            return problems.stream().map(ConfigProblem::toString).toList();
        }
    }
}
