package dev.postern.cli;

import dev.postern.config.ConfigFiles;
import dev.postern.config.Loaded;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// Runs the forwarder: what `Main` gives to the command line.
public interface Forwarding {

    /// Runs until the process is told to end and everything is drained.
    ///
    /// @param files where `loaded` comes from; their changes are taken up
    /// @return 0 after a clean drain, 1 when it can't go on, 2 for a configuration that turns out
    ///   bad
    int serve(Loaded.Valid loaded, ConfigFiles files);

    /// Runs beside a command, which is started once mail is accepted; drains once it has ended.
    ///
    /// @param files where `loaded` comes from; their changes are taken up
    /// @param command the program and its arguments
    /// @param environment the command's variables that differ from ours, given the listener's port
    /// @return the command's exit status, 127 or 126 when it can't be started; before that as
    ///   [#serve]
    int exec(
            Loaded.Valid loaded,
            ConfigFiles files,
            List<String> command,
            IntFunction<Map<String, String>> environment);
}
