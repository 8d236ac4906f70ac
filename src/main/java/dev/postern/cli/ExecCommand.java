package dev.postern.cli;

import dev.postern.cli.Commands.Forwarding;
import dev.postern.config.EgressConfig;
import dev.postern.config.PosternConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.LoopCheck;
import dev.postern.config.load.Sources;
import dev.postern.exec.Adoption;
import dev.postern.log.Logging;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `postern exec`.
@Command(
        name = "exec",
        description = {
            "Runs the forwarder and CMD as its child, for containers that hold one service.",
            "",
            "It listens before CMD starts, gives CMD the signals TERM INT HUP USR1 USR2 TTIN TTOU"
                    + " WINCH, reaps orphans when it is process 1, and once CMD has ended sends"
                    + " what is due (drain-timeout, counted from the signal)."
        },
        customSynopsis = {"postern exec [--adopt] [--config FILE] -- CMD [ARG...]"},
        footer = {
            "",
            "  postern exec -- gunicorn app.wsgi              the app's mail settings name"
                    + " 127.0.0.1:2525",
            "  postern exec --adopt -- python manage.py ...   they stay as they are",
            "",
            "The log goes to standard error; standard output is CMD's. Of POSTERN_* variables CMD"
                    + " gets",
            "those only that tell `postern sendmail` and the like where the forwarder is.",
            "Exit status: that of CMD (128+n for signal n; 127 not found, 126 not executable);",
            "before CMD starts: 1 when it can't listen, 2 bad configuration or usage. When Postern",
            "itself is killed: 128+n, and CMD gets TERM (by setpriv of util-linux, if in PATH)."
        })
final class ExecCommand implements Callable<Integer> {

    private static final Logger log = LoggerFactory.getLogger(ExecCommand.class);

    private final Terminal terminal;
    private final Function<@Nullable Path, Sources> sources;
    private final Forwarding forwarding;

    @Mixin private ConfigOption config = new ConfigOption();

    @Option(
            names = "--adopt",
            description = {
                "Takes over the mail settings in the environment (EMAIL_*, SMTP_*, MAIL_*,",
                "MAILER_DSN, SPRING_MAIL_*, EMAIL_SERVER): the server that they name becomes",
                "the last egress, and CMD gets them pointing at the local listener."
            })
    private boolean adopt;

    @Parameters(arity = "1..*", paramLabel = "CMD", description = "The command and its arguments.")
    private List<String> command = List.of();

    ExecCommand(
            Terminal terminal, Function<@Nullable Path, Sources> sources, Forwarding forwarding) {
        this.terminal = terminal;
        this.sources = sources;
        this.forwarding = forwarding;
    }

    @Override
    public Integer call() {
        Adoption adoption = adopt ? Adoption.of(sources.apply(null)) : null;
        ConfigFiles files = files(adoption);
        Optional<Loaded.Valid> loaded = ConfigOption.load(files, terminal);
        boolean loop = loaded.isPresent() && loops(loaded.get().config());
        if (loop && adoption != null) {
            adoption = adoption.declined();
            files = files(adoption);
            loaded = ConfigOption.load(files, terminal);
        }
        if (loaded.isEmpty()) {
            return ExitCode.BAD_USAGE;
        }
        Logging.start(
                loaded.get().config().log(), terminal.err(), Logging.standardErrorIsTerminal());
        if (loop) {
            log.atWarn().log("the app's mail settings lead to our own listener: not adopted");
        } else if (adoption != null && !adoption.isFound()) {
            log.atWarn().log("nothing to adopt: no mail settings in the environment name a server");
        }
        Adoption adopted = adoption;
        IntFunction<Map<String, String>> environment =
                port -> adopted == null ? Map.of() : adopted.pointedAt(port);
        return forwarding.exec(loaded.get(), files, command, environment);
    }

    private ConfigFiles files(@Nullable Adoption adoption) {
        return config.files(file -> {
            Sources plain = sources.apply(file);
            return adoption == null ? plain : plain.adopting(adoption.adopted());
        });
    }

    private static boolean loops(PosternConfig config) {
        LoopCheck check = new LoopCheck(config.smtp().listen(), LoopCheck.HostLookup.ofMachine());
        return config.egress().stream()
                .anyMatch(egress ->
                        egress instanceof EgressConfig.Smtp smtp
                                && smtp.name().equals(Adoption.EGRESS)
                                && check.loops(smtp.smtp()));
    }
}
