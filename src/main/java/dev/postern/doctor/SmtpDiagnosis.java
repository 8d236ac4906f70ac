package dev.postern.doctor;

import dev.postern.config.Preset;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Network.PortState;
import dev.postern.doctor.Report.Finding;
import dev.postern.doctor.SmtpExamination.Tried;
import dev.postern.egress.Probe;
import dev.postern.egress.smtp.PortCheck;
import dev.postern.egress.smtp.PortCheck.TlsSeen;
import dev.postern.egress.smtp.ServerCheck;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;
import java.net.InetAddress;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What the tries at a submission server mean.
///
/// @param serverCheck how the egress judges servers
record SmtpDiagnosis(
        SmtpEgressConfig smtp, ServerCheck serverCheck, Platform platform, Clock clock) {

    private static final Set<Fault> OF_ACCOUNT =
            Set.of(Fault.CREDENTIALS, Fault.ACCOUNT, Fault.QUOTA);

    /// Returns the findings, the cause first.
    List<Finding> findings(@Nullable DnsResult looked, List<Tried> tries, @Nullable Probe probe) {
        String name = smtp.tlsName() == null ? smtp.host() : smtp.tlsName();
        HostEvidence seen = new HostEvidence(tags(name, looked, tries), name);
        seen.word("other", otherPort(tries));
        if (looked != null) {
            seen.name(looked, smtp.host());
        }
        Probe.Failed failed = probe instanceof Probe.Failed it ? it : null;
        if (failed != null && OF_ACCOUNT.contains(failed.trouble().fault())) {
            // It came as far as the log-in, so that nothing else is the cause.
            probe(failed, seen);
        }
        if (!(probe instanceof Probe.Passed)) {
            ports(tries, seen);
            tries.stream()
                    .filter(this::isWanted)
                    .forEach(tried -> conversation(tried.check(), seen));
        }
        if (failed != null) {
            probe(failed, seen);
        }
        families(tries, seen);
        return seen.findings();
    }

    /// Returns which port leads to the right server where the wanted ones do not, as part of a
    /// sentence; empty when none is known.
    private String otherPort(List<Tried> tries) {
        return tries.stream()
                .filter(tried -> tried.isRight() && !isWanted(tried))
                .findFirst()
                .map(tried -> " (" + tried.port() + " reaches the right one: set port: auto)")
                .orElse("");
    }

    private Set<String> tags(String name, @Nullable DnsResult looked, List<Tried> tries) {
        Set<String> tags = new TreeSet<>(Preset.words(name));
        tags.add("smtp");
        if (looked instanceof DnsResult.Found found
                && found.addresses().stream().allMatch(InetAddress::isLoopbackAddress)) {
            tags.add("loopback");
        }
        if (tries.stream().anyMatch(tried -> isOurs(tried.check()))) {
            tags.add("own");
        }
        if (tries.stream().anyMatch(tried -> isNamed(tried.check(), name))) {
            tags.add("right-name");
        }
        return platform.tagsAnd(tags);
    }

    /// Returns whether a certificate that does not verify is for the name all the same.
    private static boolean isNamed(PortCheck check, String name) {
        TlsSeen tls = check.tls();
        return tls != null
                && !tls.isVerified()
                && tls.names().stream().anyMatch(name::equalsIgnoreCase);
    }

    /// Returns whether this machine's own mail server answered: it gives this machine's name.
    private boolean isOurs(PortCheck check) {
        String own = platform.hostname();
        return !own.isEmpty()
                && (check.answer().greetingName().equalsIgnoreCase(own)
                        || check.answer().ehloName().equalsIgnoreCase(own));
    }

    private boolean isWanted(Tried tried) {
        return SmtpExamination.wanted(smtp).contains(tried.port());
    }

    private void ports(List<Tried> tries, HostEvidence seen) {
        List<Integer> wanted = SmtpExamination.wanted(smtp);
        Map<Integer, PortState> states = states(tries);
        boolean reachable = wanted.stream().anyMatch(port -> states.get(port) == PortState.OPEN);
        if (!reachable && !states.isEmpty()) {
            seen.ports(platform, wanted, states);
        }
    }

    /// Returns the state of each port: open if it is in any family, else as in IPv4.
    private static Map<Integer, PortState> states(List<Tried> tries) {
        Map<Integer, PortState> states = new TreeMap<>();
        for (Tried tried : tries) {
            PortState before = states.get(tried.port());
            boolean better =
                    before == null
                            || tried.state() == PortState.OPEN
                            || (before != PortState.OPEN && !tried.six());
            if (better) {
                states.put(tried.port(), tried.state());
            }
        }
        return states;
    }

    /// Judges what a server said, as the egress would.
    private void conversation(PortCheck check, HostEvidence seen) {
        if (PortState.of(check) != PortState.OPEN) {
            return;
        }
        Verdict objection = serverCheck.objection(check);
        if (objection == null) {
            return;
        }
        Fault fault =
                objection.outcome() instanceof Outcome.Unavailable unavailable
                        ? unavailable.fault()
                        : Fault.SERVICE;
        switch (fault) {
            case CERTIFICATE, INTERCEPTION ->
                    seen.saw(Where.TLS, said(objection) + clockBehind(check.tls()));
            case CREDENTIALS -> seen.saw(Where.AUTH, said(objection));
            case NETWORK, TIMEOUT, TLS, ACCOUNT, QUOTA, SERVICE ->
                    seen.saw(
                            check.stage() == Stage.TLS ? Where.TLS : Where.GREETING,
                            said(objection));
        }
    }

    private String clockBehind(@Nullable TlsSeen tls) {
        boolean early =
                tls != null
                        && !tls.chain().isEmpty()
                        && clock.instant()
                                .isBefore(tls.chain().getFirst().getNotBefore().toInstant());
        return early ? " (clock behind)" : "";
    }

    private static String said(Verdict verdict) {
        return verdict.outcome() instanceof Outcome.Unavailable unavailable
                ? unavailable.fault().word() + ": " + unavailable.reply()
                : verdict.outcome().reply();
    }

    private static void probe(Probe.Failed failed, HostEvidence seen) {
        String said = failed.trouble().fault().word() + ": " + failed.trouble().reply();
        switch (failed.trouble().fault()) {
            case CREDENTIALS, ACCOUNT, QUOTA -> seen.saw(Where.AUTH, said);
            case CERTIFICATE, INTERCEPTION -> seen.saw(Where.TLS, said);
            case NETWORK, TIMEOUT, TLS, SERVICE -> {
                // The tries have said it with more detail, as a rule.
                if (!seen.any()) {
                    seen.saw(Where.GREETING, said);
                }
            }
        }
    }

    private static void families(List<Tried> tries, HostEvidence seen) {
        for (Tried four : tries) {
            for (Tried six : tries) {
                if (four.port() == six.port() && !four.six() && six.six()) {
                    seen.families(four.state(), six.state());
                }
            }
        }
    }

    /// Returns the states of all ports in a line: `587 dropped, 465 another server`.
    static String inBrief(List<Tried> tries) {
        Map<Integer, String> all = new TreeMap<>();
        states(tries).forEach((port, state) -> all.put(port, port + " " + state.word()));
        for (Tried tried : tries) {
            if (tried.state() == PortState.OPEN && !tried.isRight()) {
                boolean other = tried.check().tls() != null && tried.check().trouble() == null;
                all.put(tried.port(), tried.port() + (other ? " another server" : " breaks off"));
            }
        }
        return all.isEmpty() ? "no result in time" : String.join(", ", all.values());
    }
}
