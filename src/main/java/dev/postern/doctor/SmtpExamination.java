package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SubmissionPort;
import dev.postern.doctor.Doctor.World;
import dev.postern.doctor.EgressReport.Step;
import dev.postern.doctor.EgressReport.Step.Kind;
import dev.postern.doctor.EgressReport.Step.Result;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Network.PortState;
import dev.postern.doctor.Report.Finding;
import dev.postern.doctor.SmtpExamination.Tried;
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
    private final List<Tried> tries = new CopyOnWriteArrayList<>();
    private final SmtpDiagnosis diagnosis;

    /// A try at one port of one address.
    record Tried(int port, boolean six, PortCheck reached) {

        String target() {
            return port + (six ? " IPv6" : " IPv4");
        }

        PortState state() {
            return PortState.of(reached);
        }

        /// Returns whether it came to the log-in at a server that proved to be the right one.
        boolean isRight() {
            return reached.trouble() == null && reached.tls() != null && reached.tls().isVerified();
        }
    }

    SmtpExamination(EgressConfig.Smtp egress, boolean configured, Platform platform, World world) {
        super(egress, egress.smtp().host(), configured, world);
        this.egress = egress;
        this.diagnosis = new SmtpDiagnosis(platform, world.clock());
    }

    @Override
    void run() {
        Parallel.run(configured ? List.of(this::reachAll, this::logIn) : List.of(this::reachAll));
    }

    private void logIn() {
        probe(Kind.AUTH, egress.smtp().username() != null ? "log-in" : "without log-in");
    }

    private void reachAll() {
        List<InetAddress> addresses = lookUp();
        if (!addresses.isEmpty()) {
            reach(addresses);
        }
    }

    private void reach(List<InetAddress> addresses) {
        List<Integer> wanted = wanted(egress.smtp());
        try_(wanted, addresses, LIMITS);
        boolean good =
                tries.stream()
                        .anyMatch(tried ->
                                tried.reached().trouble() == null
                                        && (tried.reached().tls() == null || tried.isRight()));
        if (!good && !addresses.getFirst().isLoopbackAddress()) {
            List<Integer> others = new ArrayList<>(candidates(egress.smtp()));
            others.removeAll(wanted);
            try_(others, addresses, OTHER_LIMITS);
        }
    }

    /// Returns the ports that the egress would use.
    static List<Integer> wanted(SmtpEgressConfig smtp) {
        return smtp.port().isPresent() ? List.of(smtp.port().getAsInt()) : candidates(smtp);
    }

    private static List<Integer> candidates(SmtpEgressConfig smtp) {
        return smtp.candidates().stream().map(SubmissionPort::port).toList();
    }

    private void try_(List<Integer> ports, List<InetAddress> addresses, TryLimits limits) {
        List<Runnable> all = new ArrayList<>();
        for (int port : ports) {
            for (InetAddress address : addresses) {
                all.add(() -> reach(address, port, limits));
            }
        }
        Parallel.run(all);
    }

    private void reach(InetAddress address, int port, TryLimits limits) {
        boolean six = address instanceof Inet6Address;
        StepLog.Entry entry = log.begin(Kind.TCP, port + (six ? " IPv6" : " IPv4"));
        InetSocketAddress place = new InetSocketAddress(named(address), port);
        Tried tried = new Tried(port, six, network.reach(egress, place, opening(port), limits));
        tries.add(tried);
        entry.end(tried.state(), address);
        ReachedSteps.of(tried, diagnosis.screening(egress)).forEach(log::add);
    }

    private InetAddress named(InetAddress address) {
        try {
            return InetAddress.getByAddress(egress.smtp().host(), address.getAddress());
        } catch (UnknownHostException e) {
            throw new AssertionError("the octets are an address's", e);
        }
    }

    private TlsStart opening(int port) {
        return TlsStart.of(egress.smtp().tls(), isImplicit(port));
    }

    private boolean isImplicit(int port) {
        return egress.smtp().candidates().stream()
                .filter(candidate -> candidate.port() == port)
                .findFirst()
                .map(SubmissionPort::implicitTls)
                .orElse(SubmissionPort.isImplicit(port));
    }

    @Override
    boolean isOpen() {
        return best() != null;
    }

    @Override
    String inBrief() {
        Tried best = best();
        if (best != null) {
            return "open: " + best.target();
        }
        return configured || tries.isEmpty() ? noResult() : SmtpDiagnosis.inBrief(tries);
    }

    @Override
    List<Finding> findings(@Nullable DnsResult names, @Nullable Probe found) {
        return diagnosis.findings(egress, names, List.copyOf(tries), found);
    }

    private @Nullable Tried best() {
        return tries.stream().filter(Tried::isRight).findFirst().orElse(null);
    }

    /// The steps of a try at a submission server that follow its TCP connection, in the order in
    /// which they were taken.
    static final class ReachedSteps {

        private final Tried tried;
        private final ServerCheck screening;
        private final PortCheck reached;
        private final List<Step> steps = new ArrayList<>();

        private ReachedSteps(Tried tried, ServerCheck screening) {
            this.tried = tried;
            this.screening = screening;
            this.reached = tried.reached();
        }

        /// @param screening says whether the server is the right one
        static List<Step> of(Tried tried, ServerCheck screening) {
            ReachedSteps all = new ReachedSteps(tried, screening);
            if (tried.state() == PortState.OPEN) {
                all.collect();
            }
            return all.steps;
        }

        private void collect() {
            boolean implicit = reached.opening() == TlsStart.IMPLICIT_TLS;
            if (implicit) {
                tls();
            }
            UpstreamReply greeting = reached.answer().greeting();
            if (greeting != null) {
                add(Kind.GREETING, Stage.GREETING, greeting.oneLine());
            } else if (reached.stage() == Stage.GREETING) {
                add(Kind.GREETING, Stage.GREETING, "");
            }
            if (!implicit) {
                tls();
            }
            if (reached.answer().ehlo() != null) {
                List<String> mechanisms = reached.answer().mechanisms();
                String offered =
                        mechanisms.isEmpty() ? "no AUTH" : "AUTH " + String.join(" ", mechanisms);
                add(Kind.EHLO, Stage.EHLO, offered);
            }
        }

        private void tls() {
            TlsSeen seen = reached.tls();
            if (seen == null) {
                if (reached.stage() == Stage.TLS || reached.stage() == Stage.STARTTLS) {
                    add(Kind.TLS, reached.stage(), "");
                }
                return;
            }
            if (seen.distrust() != null) {
                // Who answers says more than what is wrong with the certificate.
                Verdict objection = screening.objection(reached);
                String words = (objection == null ? seen.distrust() : objection).outcome().reply();
                step(Kind.TLS, Result.FAILED, words, took(Stage.TLS));
                return;
            }
            step(Kind.TLS, Result.OK, seen.protocol() + ", " + expiry(seen), took(Stage.TLS));
        }

        private static String expiry(TlsSeen seen) {
            String names = String.join(", ", seen.names().stream().limit(2).toList());
            return "certificate for "
                    + names
                    + " until "
                    + String.valueOf(seen.expires()).substring(0, 10);
        }

        /// Adds a step that failed if the try ended there.
        private void add(Kind kind, Stage stage, String said) {
            String trouble = trouble();
            boolean failed = trouble != null && reached.stage() == stage;
            step(
                    kind,
                    failed ? Result.FAILED : Result.OK,
                    failed && trouble != null ? trouble : said,
                    took(stage));
        }

        private @Nullable String trouble() {
            return reached.trouble() == null ? null : reached.trouble().outcome().reply();
        }

        private Duration took(Stage stage) {
            return reached.took().getOrDefault(stage, Duration.ZERO);
        }

        private void step(Kind kind, Result result, String detail, Duration took) {
            steps.add(new Step(kind, tried.target(), result, detail, took));
        }
    }
}
