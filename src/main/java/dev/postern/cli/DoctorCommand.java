package dev.postern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.PosternConfig;
import dev.postern.config.PosternConfig.LogConfig;
import dev.postern.config.PosternConfig.LogConfig.Addresses;
import dev.postern.config.PosternConfig.LogConfig.Format;
import dev.postern.doctor.Doctor;
import dev.postern.doctor.Doctor.KnownTrouble;
import dev.postern.doctor.DoctorRun;
import dev.postern.doctor.Report;
import dev.postern.doctor.ReportJson;
import dev.postern.log.Logging;
import dev.postern.submit.AdminClient;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `postern doctor`.
@Command(
        name = "doctor",
        description = {
            "Examines every way out of this machine: says which work, why the others do not, and"
                    + " what to do.",
            ""
        },
        footer = {
            "",
            "It looks names up, opens connections to every port of each configured egress in both"
                    + " address families, shakes hands, checks certificates, and logs in. With no"
                    + " egress configured it looks at well-known providers instead. It takes at"
                    + " most 15 seconds, sends no mail, and gives a password only to a server whose"
                    + " certificate is right.",
            "",
            "  postern doctor                     the egresses of the usual configuration",
            "  POSTERN_EGRESS='smtp://USER:PASSWORD@smtp.example.org' postern doctor",
            "  postern doctor --json | jq .verdict",
            "",
            "Exit status: 0 mail can leave by at least one configured egress, 1 it can't or none"
                    + " is configured, 2 bad configuration or usage."
        })
final class DoctorCommand implements Callable<Integer> {

    private static final Duration TICK = Duration.ofMillis(200);

    /// From the start of the process to the end of the examination; with the output it is to be 15
    /// s at most.
    private static final Duration LONGEST = Duration.ofSeconds(13);

    private static final Duration LEAST = Duration.ofSeconds(5);

    private final Terminal terminal;

    @Mixin private final ConfigOption config;

    @Option(names = "--json", description = "One line of JSON, as the API gives it.")
    private boolean json;

    @Spec private CommandSpec spec = CommandSpec.create();

    DoctorCommand(Terminal terminal, ConfigOption config) {
        this.terminal = terminal;
        this.config = config;
    }

    @Override
    public Integer call() throws CliException {
        PosternConfig configured = config.load().config();
        // What is wrong out there is told below; only our own faults are news.
        LogConfig quiet = new LogConfig(Format.TEXT, Level.ERROR, Addresses.FULL);
        Logging.start(quiet, terminal.err(), false);
        boolean onTerminal = !json && Logging.standardOutputIsTerminal();
        int width = onTerminal ? spec.usageMessage().width() : 0;
        DoctorRun round = Doctor.of(configured, known()).begin(limit());
        while (!round.await(onTerminal ? TICK : LONGEST)) {
            progress(round.progress(), width);
        }
        Report report = round.report();
        if (onTerminal) {
            progress("", width);
        }
        if (json) {
            terminal.out().println(ReportJson.of(report));
        } else {
            new DoctorText(terminal, onTerminal ? width : DoctorText.USUAL_WIDTH, onTerminal)
                    .print(report);
        }
        return report.works() ? ExitCode.OK : ExitCode.FAILED;
    }

    /// Returns by egress what a running forwarder knows of it that nobody finds out without sending
    /// mail; nothing where no forwarder runs or it does not answer us.
    private Map<String, KnownTrouble> known() {
        Map<String, KnownTrouble> known = new HashMap<>();
        try {
            AdminClient.Answer answer = config.running().adminClient().get("/status", Map.of());
            if (answer.isOk()) {
                answer.body().path("egress").forEach(egress -> note(egress, known));
            }
            return known;
        } catch (CliException gone) {
            gone.tell(terminal);
            return Map.of();
        } catch (IOException _) {
            return Map.of();
        }
    }

    private static void note(JsonNode egress, Map<String, KnownTrouble> known) {
        if (egress.path("state").asText().equals("down")) {
            KnownTrouble.of(egress.path("reason").asText(), egress.path("last-error").asText(""))
                    .ifPresent(trouble -> known.put(egress.path("name").asText(), trouble));
        }
    }

    /// Returns what is left for the examination when the start of this process is counted in.
    private static Duration limit() {
        Instant now = Instant.now();
        Instant started = ProcessHandle.current().info().startInstant().orElse(now);
        Duration rest = LONGEST.minus(Duration.between(started, now));
        if (rest.compareTo(LEAST) < 0) {
            return LEAST;
        }
        return rest.compareTo(Doctor.LIMIT) < 0 ? rest : Doctor.LIMIT;
    }

    /// Overwrites the line that stands there.
    private void progress(String line, int width) {
        String begin = "\r\u001b[K";
        String shown = Terminal.printable(line);
        terminal.out().print(begin + shown.substring(0, Math.min(shown.length(), width - 1)));
        terminal.out().flush();
    }
}
