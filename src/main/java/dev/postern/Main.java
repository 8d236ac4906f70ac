package dev.postern;

import dev.postern.cli.Commands;
import dev.postern.cli.Terminal;
import dev.postern.config.Sources;
import dev.postern.log.Logging;
import java.util.List;

/// The command line's root.
public final class Main {

    private static final int FAILED = 1;

    private Main() {}

    /// Runs a command of `bin/postern`.
    ///
    /// @param args the command and its options, as typed
    public static void main(String[] args) {
        Terminal terminal = Terminal.ofProcess();
        CachedJar.trouble(System.getProperty(CachedJar.PROPERTY, ""))
                .ifPresent(trouble -> {
                    terminal.complain(trouble);
                    System.exit(FAILED);
                });
        Foreground foreground = new Foreground(terminal);
        int status = Commands.run(List.of(args), terminal, Sources::ofProcess, foreground);
        Logging.stop();
        System.exit(status);
    }
}
