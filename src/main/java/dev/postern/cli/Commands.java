package dev.postern.cli;

import dev.postern.config.EgressConfig;
import dev.postern.config.Machine;
import dev.postern.config.PosternConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.LoopCheck;
import dev.postern.config.load.Problems;
import dev.postern.config.load.Sources;
import dev.postern.exec.Adoption;
import dev.postern.log.Logging;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The commands, run.
///
/// What services and mailers start (`serve`, `exec`, `sendmail`, `version`) is understood here if
/// it is spelt plainly. Everything else, help and mistakes among it, is for the [CommandTree],
/// whose library would take a third of the start of any of these.
public final class Commands {

    private static final Logger log = LoggerFactory.getLogger(Commands.class);

    private final Terminal terminal;
    private final Forwarding forwarding;

    Commands(Terminal terminal, Forwarding forwarding) {
        this.terminal = terminal;
        this.forwarding = forwarding;
    }

    /// Runs one command.
    ///
    /// @param words as typed, after the program's name
    /// @param sources where the configuration comes from, given `--config`
    /// @param forwarding runs the forwarder
    /// @return the exit status
    public static int run(
            List<String> words,
            Terminal terminal,
            Function<@Nullable Path, Sources> sources,
            Forwarding forwarding) {
        Commands commands = new Commands(terminal, forwarding);
        boolean sendmail = !words.isEmpty() && words.getFirst().equals("sendmail");
        // Its options are older than POSIX; the tree only knows its help.
        if (sendmail && !words.contains("--help")) {
            return new SendmailCommand(terminal, sources).run(words.subList(1, words.size()));
        }
        Plain plain = Plain.of(words);
        return plain == null
                ? new CommandTree(commands, terminal, sources)
                        .execute(sendmail ? List.of("sendmail", "--help") : words)
                : commands.run(plain, sources);
    }

    private int run(Plain plain, Function<@Nullable Path, Sources> sources) {
        try {
            return switch (plain.name()) {
                case "serve" -> serve(sources.apply(plain.config()));
                case "exec" -> exec(sources.apply(plain.config()), plain.adopt(), plain.command());
                default -> version();
            };
        } catch (CliException | RuntimeException failure) {
            return failed(failure);
        }
    }

    /// Tells what a command failed of.
    ///
    /// @return the exit status
    int failed(Exception failure) {
        if (failure instanceof CliException trouble) {
            return trouble.tell(terminal);
        }
        terminal.complain("failed: " + failure);
        return ExitCode.FAILED;
    }

    /// A command that is spelt without anything to think about.
    ///
    /// @param config the value of `--config`; null: not given
    /// @param command the words behind `--`
    private record Plain(String name, @Nullable Path config, boolean adopt, List<String> command) {

        /// Returns what the words say; null when they need to be looked at more closely.
        static @Nullable Plain of(List<String> words) {
            String name = words.isEmpty() ? "" : words.getFirst();
            boolean exec = name.equals("exec");
            if (!exec && !name.equals("serve")) {
                return words.equals(List.of("version"))
                        ? new Plain(name, null, false, List.of())
                        : null;
            }
            Path config = null;
            boolean adopt = false;
            int at = 1;
            for (; at < words.size() && !words.get(at).equals("--"); at++) {
                String word = words.get(at);
                boolean named = word.equals("-c") || word.equals("--config");
                if (named && config == null && at + 1 < words.size()) {
                    config = path(words.get(++at));
                    if (config == null) {
                        return null;
                    }
                } else if (exec && word.equals("--adopt") && !adopt) {
                    adopt = true;
                } else {
                    return null;
                }
            }
            boolean whole = exec ? at + 1 < words.size() : at == words.size();
            return whole
                    ? new Plain(
                            name,
                            config,
                            adopt,
                            exec ? words.subList(at + 1, words.size()) : List.of())
                    : null;
        }

        private static @Nullable Path path(String word) {
            return word.isEmpty() || word.charAt(0) == '-' ? null : Machine.path(word);
        }
    }

    /// Runs the forwarder.
    ///
    /// @return the exit status
    /// @throws CliException when the configuration is wrong
    int serve(Sources sources) throws CliException {
        ConfigFiles files = new ConfigFiles(sources);
        Loaded.Valid loaded = ConfigOption.load(files);
        Logging.start(loaded.config().log(), terminal.out(), Logging.standardOutputIsTerminal());
        return forwarding.serve(loaded, files);
    }

    /// Runs the forwarder and a command beside it.
    ///
    /// @param adopt whether the app's own mail settings are taken over
    /// @return the exit status
    /// @throws CliException when the configuration is wrong
    int exec(Sources sources, boolean adopt, List<String> command) throws CliException {
        for (String word : command) {
            if (Machine.isSpoiled(word)) {
                throw new CliException(
                        ExitCode.BAD_USAGE,
                        "CMD can't be given "
                                + Problems.quoted(word)
                                + " as it is: it is no text in the locale's charset; write it in"
                                + " UTF-8");
            }
        }
        Adoption adoption = adopt ? Adoption.of(sources) : null;
        ConfigFiles files = files(sources, adoption);
        Loaded.Valid loaded = ConfigOption.load(files);
        boolean loop = adoptedLoops(loaded.config());
        if (loop && adoption != null) {
            adoption = adoption.declined();
            files = files(sources, adoption);
            loaded = ConfigOption.load(files);
        }
        Logging.start(loaded.config().log(), terminal.err(), Logging.standardErrorIsTerminal());
        if (loop) {
            log.atWarn().log("the app's mail settings lead to our own listener: not adopted");
        } else if (adoption != null && !adoption.isFound()) {
            log.atWarn().log("nothing to adopt: no mail settings in the environment name a server");
        }
        Adoption adopted = adoption;
        IntFunction<Map<String, String>> environment =
                port -> adopted == null ? Map.of() : adopted.pointedAt(port);
        return forwarding.exec(loaded, files, command, environment);
    }

    private static ConfigFiles files(Sources plain, @Nullable Adoption adoption) {
        return new ConfigFiles(adoption == null ? plain : plain.adopting(adoption.adopted()));
    }

    private static boolean adoptedLoops(PosternConfig config) {
        LoopCheck check = new LoopCheck(config.smtp().listen());
        return config.egress().stream()
                .anyMatch(egress ->
                        egress instanceof EgressConfig.Smtp smtp
                                && smtp.name().equals(Adoption.EGRESS)
                                && check.loops(smtp.smtp()));
    }

    /// Says which program this is.
    ///
    /// @return the exit status
    int version() {
        Version version = Version.ofProgram();
        terminal.say("postern " + version.number());
        terminal.say("commit  " + version.commit());
        terminal.say(
                "java    %s (%s)"
                        .formatted(
                                System.getProperty("java.runtime.version"),
                                System.getProperty("java.vendor")));
        return ExitCode.OK;
    }

    /// Runs the forwarder: what `Main` gives to the command line.
    public interface Forwarding {

        /// Runs until the process is told to end and everything is drained.
        ///
        /// @param files where `loaded` comes from; their changes are taken up
        /// @return 0 after a clean drain, 1 when it can't go on, 2 for a configuration that turns
        ///   out bad
        int serve(Loaded.Valid loaded, ConfigFiles files);

        /// Runs beside a command, which is started once mail is accepted; drains once it has ended.
        ///
        /// @param files where `loaded` comes from; their changes are taken up
        /// @param command the program and its arguments
        /// @param environment the command's variables that differ from ours, given the listener's
        ///   port
        /// @return the command's exit status, 127 or 126 when it can't be started; before that as
        ///   [#serve]
        int exec(
                Loaded.Valid loaded,
                ConfigFiles files,
                List<String> command,
                IntFunction<Map<String, String>> environment);
    }

    /// Which program this is.
    ///
    /// @param number such as `0.1.0`
    /// @param commit the commit that it was built from; `unknown` outside a checkout
    public record Version(String number, String commit) {

        private static final String RESOURCE = "/dev/postern/version.properties";

        /// Returns what the build wrote down.
        public static Version ofProgram() {
            Properties properties = new Properties();
            try (InputStream in = Version.class.getResourceAsStream(RESOURCE)) {
                if (in != null) {
                    properties.load(in);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return new Version(
                    properties.getProperty("version", "unknown"),
                    properties.getProperty("commit", "unknown"));
        }
    }
}
