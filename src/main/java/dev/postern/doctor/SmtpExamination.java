package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SubmissionPort;
import dev.postern.doctor.Doctor.World;
import dev.postern.doctor.EgressReport.Step;
import dev.postern.doctor.EgressReport.StepEnd;
import dev.postern.doctor.EgressReport.StepKind;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Network.PortState;
import dev.postern.doctor.Report.Finding;
import dev.postern.egress.Probe;
import dev.postern.egress.smtp.PortCheck;
import dev.postern.egress.smtp.PortCheck.TlsSeen;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortChecker.TryLimits;
import dev.postern.egress.smtp.ServerCheck;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.UpstreamReply;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// Examines a submission server: its name, its ports in both address families up to EHLO, and,
/// where it is configured, the log-in by the egress's own probe.
final class SmtpExamination extends Examination {

    private static final TryLimits LIMITS = new TryLimits(CONNECT_LIMIT, Duration.ofSeconds(6));

    /// For ports that nobody asked for; together with the others they fit into the doctor's limit.
    private static final TryLimits OTHER_LIMITS =
            new TryLimits(Duration.ofSeconds(4), Duration.ofSeconds(4));

    private final EgressConfig.Smtp egress;
    private final ServerCheck serverCheck;
    private final List<Tried> tries = new CopyOnWriteArrayList<>();

    /// A try at one port of one address.
    record Tried(int port, boolean six, PortCheck check) {

        String target() {
            return port + (six ? " IPv6" : " IPv4");
        }

        PortState state() {
            return PortState.of(check);
        }

        /// Returns whether it came to the log-in at a server that proved to be the right one.
        boolean isRight() {
            return check.trouble() == null && check.tls() != null && check.tls().isVerified();
        }
    }

    SmtpExamination(EgressConfig.Smtp egress, boolean configured, Platform platform, World world) {
        super(egress, egress.smtp().host(), configured, platform, world);
        this.egress = egress;
        this.serverCheck = new ServerCheck(egress, platform.hostname());
    }

    @Override
    void run() {
        Parallel.run(configured ? List.of(this::tryAll, this::logIn) : List.of(this::tryAll));
    }

    private void logIn() {
        probe(StepKind.AUTH, egress.smtp().username() != null ? "log-in" : "without log-in");
    }

    private void tryAll() {
        List<InetAddress> addresses = lookUp();
        if (addresses.isEmpty()) {
            return;
        }
        List<Integer> wanted = wanted(egress.smtp());
        tryPorts(wanted, addresses, LIMITS);
        boolean good =
                tries.stream()
                        .anyMatch(tried ->
                                tried.check().trouble() == null
                                        && (tried.check().tls() == null || tried.isRight()));
        if (!good && !addresses.getFirst().isLoopbackAddress()) {
            List<Integer> others = new ArrayList<>(candidates(egress.smtp()));
            others.removeAll(wanted);
            tryPorts(others, addresses, OTHER_LIMITS);
        }
    }

    /// Returns the ports that the egress would use.
    static List<Integer> wanted(SmtpEgressConfig smtp) {
        return smtp.port().isPresent() ? List.of(smtp.port().getAsInt()) : candidates(smtp);
    }

    private static List<Integer> candidates(SmtpEgressConfig smtp) {
        return smtp.candidates().stream().map(SubmissionPort::port).toList();
    }

    private void tryPorts(List<Integer> ports, List<InetAddress> addresses, TryLimits limits) {
        List<Runnable> all = new ArrayList<>();
        for (int port : ports) {
            addresses.forEach(address -> all.add(() -> tryPort(address, port, limits)));
        }
        Parallel.run(all);
    }

    private void tryPort(InetAddress address, int port, TryLimits limits) {
        boolean six = address instanceof Inet6Address;
        StepLog.Entry entry = log.begin(StepKind.TCP, port + (six ? " IPv6" : " IPv4"));
        InetSocketAddress place = new InetSocketAddress(named(address), port);
        TlsStart start = TlsStart.of(egress.smtp().tls(), isImplicit(port));
        PortCheck check = world.network().check(egress, place, start, limits);
        Tried tried = new Tried(port, six, check);
        tries.add(tried);
        entry.end(tried.state(), address);
        if (tried.state() == PortState.OPEN) {
            addSteps(tried);
        }
    }

    private InetAddress named(InetAddress address) {
        try {
            return InetAddress.getByAddress(egress.smtp().host(), address.getAddress());
        } catch (UnknownHostException e) {
            throw new AssertionError("the octets are an address's", e);
        }
    }

    private boolean isImplicit(int port) {
        return egress.smtp().candidates().stream()
                .filter(candidate -> candidate.port() == port)
                .findFirst()
                .map(SubmissionPort::implicitTls)
                .orElse(SubmissionPort.isImplicit(port));
    }

    /// Adds the steps that follow the TCP connection, in the order in which they were taken.
    private void addSteps(Tried tried) {
        PortCheck check = tried.check();
        boolean implicit = check.opening() == TlsStart.IMPLICIT_TLS;
        if (implicit) {
            addTls(tried);
        }
        UpstreamReply greeting = check.answer().greeting();
        if (greeting != null || check.stage() == Stage.GREETING) {
            String said = greeting == null ? "" : greeting.oneLine();
            add(tried, StepKind.GREETING, Stage.GREETING, said);
        }
        if (!implicit) {
            addTls(tried);
        }
        if (check.answer().ehlo() != null) {
            String mechanisms = String.join(" ", check.answer().mechanisms());
            String offered = mechanisms.isEmpty() ? "no AUTH" : "AUTH " + mechanisms;
            add(tried, StepKind.EHLO, Stage.EHLO, offered);
        }
    }

    private void addTls(Tried tried) {
        PortCheck check = tried.check();
        TlsSeen tls = check.tls();
        if (tls == null) {
            if (check.stage() == Stage.TLS || check.stage() == Stage.STARTTLS) {
                add(tried, StepKind.TLS, check.stage(), "");
            }
        } else if (tls.distrust() == null) {
            String names = String.join(", ", tls.names().stream().limit(2).toList());
            String until = String.valueOf(tls.expires()).substring(0, 10);
            String words = tls.protocol() + ", certificate for " + names + " until " + until;
            add(tried, StepKind.TLS, StepEnd.OK, Stage.TLS, words);
        } else {
            // Who answers says more than what is wrong with the certificate.
            Verdict objection = serverCheck.objection(check);
            Verdict said = objection == null ? tls.distrust() : objection;
            add(tried, StepKind.TLS, StepEnd.FAILED, Stage.TLS, said.outcome().reply());
        }
    }

    /// Adds a step that failed if the try ended there.
    private void add(Tried tried, StepKind kind, Stage stage, String said) {
        Verdict trouble = tried.check().trouble();
        if (trouble != null && tried.check().stage() == stage) {
            add(tried, kind, StepEnd.FAILED, stage, trouble.outcome().reply());
        } else {
            add(tried, kind, StepEnd.OK, stage, said);
        }
    }

    private void add(Tried tried, StepKind kind, StepEnd end, Stage stage, String detail) {
        Duration took = tried.check().took().getOrDefault(stage, Duration.ZERO);
        log.add(new Step(kind, tried.target(), end, detail, took));
    }

    @Override
    boolean isOpen() {
        return best().isPresent();
    }

    @Override
    String inBrief() {
        return best().map(tried -> "open: " + tried.target())
                .orElseGet(() ->
                        configured || tries.isEmpty() ? noResult() : SmtpDiagnosis.inBrief(tries));
    }

    @Override
    List<Finding> findings(@Nullable DnsResult names, @Nullable Probe found) {
        return new SmtpDiagnosis(egress.smtp(), serverCheck, platform, world.clock())
                .findings(names, List.copyOf(tries), found);
    }

    private Optional<Tried> best() {
        return tries.stream().filter(Tried::isRight).findFirst();
    }
}
