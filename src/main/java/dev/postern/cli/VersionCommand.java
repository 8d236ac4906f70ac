package dev.postern.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `postern version`.
@Command(name = "version", description = "Prints version, commit and Java.")
final class VersionCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    void help(boolean asked) {}

    VersionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Version version = Version.ofProgram();
        terminal.say("postern " + version.number());
        terminal.say("commit  " + version.commit());
        terminal.say(
                "java    "
                        + System.getProperty("java.runtime.version")
                        + " ("
                        + System.getProperty("java.vendor")
                        + ")");
        return ExitCode.OK;
    }
}
