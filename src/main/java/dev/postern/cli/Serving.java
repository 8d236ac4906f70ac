package dev.postern.cli;

import dev.postern.config.ConfigFiles;
import dev.postern.config.Loaded;

/// Runs the forwarder: what `Main` gives to the command line.
@FunctionalInterface
public interface Serving {

    /// Runs until the process is told to end and everything is drained.
    ///
    /// @param files where `loaded` comes from
    /// @return 0 after a clean drain, 1 when it can't go on
    int serve(Loaded.Valid loaded, ConfigFiles files);
}
