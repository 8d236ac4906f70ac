package dev.postern;

/// The command line's root.
public final class Main {

    private Main() {}

    /// Runs a command of `bin/postern`.
    ///
    /// @param args the command and its options, as typed
    public static void main(String[] args) {
        System.exit(2);
    }
}
