package dev.postern.config;

import dev.postern.config.Problems.Problem;
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
    /// @param effective what `config show` shows
    record Valid(
            PosternConfig config, List<String> remarks, @Nullable Path file, Effective effective)
            implements Loaded {
        public Valid {
            remarks = List.copyOf(remarks);
        }
    }

    /// A configuration that must not be run with.
    ///
    /// @param problems all that is wrong, in the order of the file; never empty
    record Invalid(List<Problem> problems) implements Loaded {
        public Invalid {
            problems = List.copyOf(problems);
        }

        /// Returns what to tell the user, a line a problem.
        public List<String> lines() {
            return problems.stream().map(Problem::toString).toList();
        }
    }

    /// Every key's value and source, for [ConfigShow].
    public static final class Effective {

        private final Settings settings;
        private final List<EgressLoader.Entry> egress;

        Effective(Settings settings, List<EgressLoader.Entry> egress) {
            this.settings = settings;
            this.egress = List.copyOf(egress);
        }

        Settings settings() {
            return settings;
        }

        List<EgressLoader.Entry> egress() {
            return egress;
        }
    }
}
