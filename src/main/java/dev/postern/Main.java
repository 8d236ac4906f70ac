package dev.postern;

import dev.postern.cli.Commands;
import dev.postern.cli.Terminal;
import dev.postern.config.load.Sources;
import dev.postern.log.Logging;
import java.util.List;

/// The command line's root.
public final class Main {

    private static final int FAILED = 1;

    /// Virtual threads share carriers and give them back only when they wait. With one carrier for
    /// each processor, a few of them that compute (an attempt that rebuilds a large message) would
    /// keep all others from any, the answers to `/health/live` included. Of more carriers the
    /// system lets each have its turn; they are made when they are needed.
    private static final int CARRIERS = 32;

    private static final String CARRIERS_SETTING = "jdk.virtualThreadScheduler.parallelism";

    private Main() {}

    /// Runs a command of `bin/postern`.
    ///
    /// @param args the command and its options, as typed
    public static void main(String[] args) {
        if (System.getProperty(CARRIERS_SETTING) == null) {
            System.setProperty(CARRIERS_SETTING, String.valueOf(CARRIERS));
        }
        Terminal terminal = Terminal.ofProcess();
        AotCacheCheck.trouble(System.getProperty(AotCacheCheck.PROPERTY, ""))
                .ifPresent(trouble -> {
                    terminal.complain(trouble);
                    System.exit(FAILED);
                });
        ServeRunner foreground = new ServeRunner(terminal);
        int status = Commands.run(List.of(args), terminal, Sources::ofProcess, foreground);
        Logging.stop();
        System.exit(status);
    }
}
