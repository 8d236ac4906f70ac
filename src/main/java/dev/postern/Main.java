package dev.postern;

import dev.postern.cli.Commands;
import dev.postern.cli.Terminal;
import dev.postern.config.Sources;
import java.util.List;

/// The command line's root.
public final class Main {

    private Main() {}

    /// Runs a command of `bin/postern`.
    ///
    /// @param args the command and its options, as typed
    public static void main(String[] args) {
        Terminal terminal = Terminal.ofProcess();
        Foreground foreground = new Foreground(terminal);
        System.exit(Commands.run(List.of(args), terminal, Sources::ofProcess, foreground));
    }
}
