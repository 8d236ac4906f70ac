package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.doctor.Doctor.World;
import dev.postern.doctor.EgressReport.StepEnd;
import dev.postern.doctor.EgressReport.StepKind;
import dev.postern.doctor.EgressReport.Works;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Report.Finding;
import dev.postern.egress.Probe;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The examination of one way out: its name, the tries without credentials, and, where it is
/// configured, the egress's own probe. [#run] is for one thread, the others may be called from any
/// at any time.
abstract sealed class Examination permits HttpExamination, SmtpExamination {

    static final Duration CONNECT_LIMIT = Duration.ofMillis(4500);

    private static final String NO_RESULT = "no result in time";

    final boolean configured;
    final Platform platform;
    final World world;
    final StepLog log;
    private final EgressConfig egress;
    private final String host;
    private volatile @Nullable DnsResult looked;
    private volatile @Nullable Probe probe;

    /// @param host where it goes
    /// @param configured whether it is configured; else it is a well-known way, and there is nobody
    ///   to log in as
    Examination(
            EgressConfig egress, String host, boolean configured, Platform platform, World world) {
        this.egress = egress;
        this.host = host;
        this.configured = configured;
        this.platform = platform;
        this.world = world;
        this.log = new StepLog(world.nanoTime());
    }

    /// Tries everything. Blocks; an interrupt breaks it off.
    abstract void run();

    /// Returns whether the tries alone show that mail can leave.
    abstract boolean isOpen();

    /// Returns the reason in one line, where no probe tells it.
    abstract String inBrief();

    /// Returns what it means that was seen, the cause first.
    abstract List<Finding> findings(@Nullable DnsResult names, @Nullable Probe found);

    /// Returns how far this machine's clock is ahead of the server's; empty when that is unknown.
    Optional<Duration> clockAhead() {
        return Optional.empty();
    }

    /// Returns what it is about: the egress's name.
    final String name() {
        return configured ? egress.name() : host;
    }

    /// Returns what it waits for now.
    final Optional<String> waitsFor() {
        return log.waitsFor();
    }

    /// Looks the host's name up.
    ///
    /// @return the first address of each family; empty when there is none
    final List<InetAddress> lookUp() {
        StepLog.Entry entry = log.begin(StepKind.DNS, host);
        DnsResult names = world.network().lookUp(host);
        looked = names;
        return switch (names) {
            case DnsResult.Missing(String why) -> {
                entry.end(StepEnd.FAILED, why);
                yield List.of();
            }
            case DnsResult.Found found -> {
                entry.end(StepEnd.OK, found.inWords());
                yield found.oneOfEachFamily();
            }
        };
    }

    /// Has the egress examine itself.
    final void probe(StepKind kind, String target) {
        StepLog.Entry entry = log.begin(kind, target);
        Probe found = world.network().probe(egress);
        probe = found;
        entry.end(found);
    }

    /// Returns what is known by now.
    final EgressReport examined() {
        return new EgressReport(
                name(),
                egress.type(),
                host,
                works(),
                summary(),
                log.inOrder(),
                findings(looked, probe));
    }

    private Works works() {
        return switch (probe) {
            case Probe.Passed _ -> Works.YES;
            case Probe.Unproven _ -> Works.UNPROVEN;
            case Probe.Failed _ -> Works.NO;
            case null -> !configured && isOpen() ? Works.YES : Works.NO;
        };
    }

    private String summary() {
        return switch (probe) {
            case Probe.Passed(String detail) -> detail;
            case Probe.Unproven(String detail) -> detail;
            case Probe.Failed failed -> failed.trouble().reply();
            case null -> inBrief();
        };
    }

    /// Returns why there is no result.
    final String noResult() {
        return looked instanceof DnsResult.Missing(String why) ? why : NO_RESULT;
    }
}
