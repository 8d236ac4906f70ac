package dev.postern.cli;

import java.util.List;

/// Ends a command with what to tell the person who typed it, and an exit status.
final class CliException extends Exception {

    private static final long serialVersionUID = 1;

    private final int exitCode;
    private final transient List<String> lines;

    /// @param words what is wrong, where, and what to do
    CliException(int exitCode, String words) {
        this(exitCode, List.of(words));
    }

    /// @param lines all that is wrong
    CliException(int exitCode, List<String> lines) {
        super(String.join("; ", lines), null, false, false);
        this.exitCode = exitCode;
        this.lines = List.copyOf(lines);
    }

    int exitCode() {
        return exitCode;
    }

    /// Tells what is wrong.
    ///
    /// @return the exit status
    int tell(Terminal terminal) {
        lines.forEach(terminal::complain);
        return exitCode;
    }
}
