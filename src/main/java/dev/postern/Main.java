package dev.postern;

import dev.postern.cli.Commands;
import dev.postern.cli.Terminal;
import dev.postern.config.load.Sources;
import dev.postern.log.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

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
        ServeRunner runner = new ServeRunner(terminal);
        int status = Commands.run(List.of(args), terminal, Sources::ofProcess, runner);
        Logging.stop();
        System.exit(status);
    }

    /// Keeps an image whose jar was replaced from running the old code: the JVM runs what is in the
    /// AOT cache, whatever became of the jar, and without a word when it is as old as the old one.
    ///
    /// `bin/postern` looks before it starts java. An image has no shell; its options set the
    /// property [#PROPERTY] to `CRC:PATH` of the jar that the cache was made from, the CRC-32 in
    /// decimal. This class may itself come from an old cache: it does not matter, the old one looks
    /// as well.
    static final class AotCacheCheck {

        static final String PROPERTY = "postern.cached-jar";

        private AotCacheCheck() {}

        /// Returns what is wrong, in one line, if the jar isn't the one that the cache was made
        /// from.
        ///
        /// @param expected the property's value; empty where there is nothing to look at
        static Optional<String> trouble(String expected) {
            if (expected.isEmpty()) {
                return Optional.empty();
            }
            int colon = expected.indexOf(':');
            String jar = expected.substring(colon + 1);
            try {
                CRC32 sum = new CRC32();
                sum.update(Files.readAllBytes(Path.of(jar)));
                if (Long.toString(sum.getValue()).equals(expected.substring(0, colon))) {
                    return Optional.empty();
                }
                return Optional.of(
                        jar
                                + " is not the one that the AOT cache was made from: build the"
                                + " image anew");
            } catch (IOException trouble) {
                return Optional.of(jar + " can't be read: " + trouble.getMessage());
            }
        }
    }
}
