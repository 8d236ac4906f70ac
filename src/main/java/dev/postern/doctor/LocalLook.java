package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.config.SubmissionPort;
import dev.postern.dkim.DkimCheck.Checked;
import dev.postern.dkim.DkimRecord.Match;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Network.PortState;
import dev.postern.egress.smtp.PortCheck;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortChecker.TryLimits;
import dev.postern.smtp.UpstreamReply;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Looks at this machine and its network: mail servers on the loopback, whether connections to
/// nowhere are answered, and whether the DNS has the records of our keys.
final class LocalLook {

    private static final TryLimits LIMITS =
            new TryLimits(Duration.ofSeconds(1), Duration.ofSeconds(3));
    private static final List<Integer> MAIL_PORTS = List.of(25, 465, 587);

    private static final Pattern SOFTWARE =
            Pattern.compile(
                    "\\b(Exim [\\d.]+|Exim|Postfix|OpenSMTPD|Sendmail|qmail|Haraka|Stalwart"
                            + "|Mailpit|MailHog|Microsoft ESMTP|Postern)",
                    Pattern.CASE_INSENSITIVE);

    /// An address that nobody has (TEST-NET-1, RFC 5737 §3).
    private static final InetAddress NOBODY = InetAddress.ofLiteral("192.0.2.1");

    private static final Duration NOBODY_LIMIT = Duration.ofSeconds(3);

    private final EgressConfig.Smtp asking;
    private final boolean abroad;
    private final Set<Integer> ours;
    private final Supplier<List<Checked>> dkim;
    private final Network network;
    private final Map<Integer, String> servers = new ConcurrentSkipListMap<>();
    private final Set<Integer> answeredByNobody = new ConcurrentSkipListSet<>();
    private final Queue<Checked> records = new ConcurrentLinkedQueue<>();

    /// @param asking how to speak to mail servers
    /// @param abroad whether mail is to leave this machine at all
    /// @param ours ports that we listen on ourselves
    /// @param dkim compares our keys with the DNS; blocks
    LocalLook(
            EgressConfig.Smtp asking,
            boolean abroad,
            Set<Integer> ours,
            Supplier<List<Checked>> dkim,
            Network network) {
        this.asking = asking;
        this.abroad = abroad;
        this.ours = ours;
        this.dkim = dkim;
        this.network = network;
    }

    void run() {
        List<Runnable> all = new ArrayList<>();
        all.add(() -> records.addAll(dkim.get()));
        for (int port : MAIL_PORTS) {
            if (!ours.contains(port)) {
                all.add(() -> mta(port));
            }
            if (abroad) {
                all.add(() -> nobody(port));
            }
        }
        Parallel.run(all);
    }

    private void mta(int port) {
        TlsStart opening =
                SubmissionPort.isImplicit(port) ? TlsStart.IMPLICIT_TLS : TlsStart.CLEAR_TEXT;
        InetSocketAddress place = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        PortCheck check = network.check(asking, place, opening, LIMITS);
        if (PortState.of(check) == PortState.OPEN) {
            servers.put(port, software(check.answer().greeting()));
        }
    }

    private void nobody(int port) {
        if (network.knock(new InetSocketAddress(NOBODY, port), NOBODY_LIMIT) == PortState.OPEN) {
            answeredByNobody.add(port);
        }
    }

    /// Judges what is known by now.
    void judge(HostEvidence seen) {
        if (!servers.isEmpty()) {
            List<String> all = new ArrayList<>();
            servers.forEach((port, server) -> all.add(server + " on port " + port));
            seen.word("server", String.join(", ", all))
                    .word("want", "" + servers.keySet().iterator().next())
                    .saw(Where.LOCAL, "mta " + all);
        }
        if (!answeredByNobody.isEmpty()) {
            seen.word("want", HostEvidence.joined(answeredByNobody, ", "))
                    .saw(Where.LOCAL, "answers everywhere");
        }
        for (Match match : Match.values()) {
            List<Checked> its =
                    records.stream().filter(it -> it.comparison().match() == match).toList();
            if (!its.isEmpty()) {
                seen.word("records", HostEvidence.inWords(its.stream().map(Checked::line).toList()))
                        .saw(Where.DKIM, match.word());
            }
        }
    }

    /// Returns the software that a mail server names in its greeting (RFC 5321 §4.2): `Exim 4.96`;
    /// `a mail server` when it does not say.
    static String software(@Nullable UpstreamReply greeting) {
        String line = greeting instanceof UpstreamReply.Answered it ? it.firstLine() : "";
        Matcher matcher = SOFTWARE.matcher(line);
        return matcher.find() ? matcher.group(1) : "a mail server";
    }
}
