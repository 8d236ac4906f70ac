package dev.postern.cli;

/// Ends a command with a line for the person who typed it, and an exit status.
final class CliException extends Exception {

    private static final long serialVersionUID = 1;

    private final int exitCode;

    /// @param words what is wrong, where, and what to do
    CliException(int exitCode, String words) {
        super(words, null, false, false);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }

    String words() {
        return String.valueOf(getMessage());
    }
}
