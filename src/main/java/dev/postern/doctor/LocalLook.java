package dev.postern.doctor;

import dev.postern.config.EgressConfig;
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
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Looks at this machine and its network: mail servers on the loopback, and whether connections to
/// nowhere are answered.
final class LocalLook {

    private static final TryLimits LIMITS =
            new TryLimits(Duration.ofSeconds(1), Duration.ofSeconds(3));
    private static final List<Integer> MTA_PORTS = List.of(25, 465, 587);
    private static final Set<Integer> IMPLICIT_TLS_PORTS = Set.of(465);

    /// An address that nobody has (TEST-NET-1, RFC 5737 §3).
    private static final InetAddress NOBODY = InetAddress.ofLiteral("192.0.2.1");

    private static final Duration NOBODY_LIMIT = Duration.ofSeconds(3);
    private static final List<Integer> NOBODY_PORTS = List.of(25, 465, 587);

    private final EgressConfig.Smtp asking;
    private final boolean abroad;
    private final Set<Integer> ours;
    private final Network network;
    private final Map<Integer, String> servers = new ConcurrentSkipListMap<>();
    private final Set<Integer> answeredByNobody = new ConcurrentSkipListSet<>();

    /// @param asking how to speak to mail servers
    /// @param abroad whether mail is to leave this machine at all
    /// @param ours ports that we listen on ourselves
    LocalLook(EgressConfig.Smtp asking, boolean abroad, Set<Integer> ours, Network network) {
        this.asking = asking;
        this.abroad = abroad;
        this.ours = ours;
        this.network = network;
    }

    void run() {
        List<Runnable> all = new ArrayList<>();
        for (int port : MTA_PORTS) {
            if (!ours.contains(port)) {
                all.add(() -> mta(port));
            }
        }
        if (abroad) {
            NOBODY_PORTS.forEach(port -> all.add(() -> nobody(port)));
        }
        Parallel.run(all);
    }

    private void mta(int port) {
        TlsStart opening =
                IMPLICIT_TLS_PORTS.contains(port) ? TlsStart.IMPLICIT_TLS : TlsStart.CLEAR_TEXT;
        InetSocketAddress place = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        PortCheck reached = network.reach(asking, place, opening, LIMITS);
        if (PortState.of(reached) == PortState.OPEN) {
            servers.put(port, ServerName.make(reached.answer().greeting()));
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
            seen.word(
                            "want",
                            String.join(
                                    ", ", answeredByNobody.stream().map(String::valueOf).toList()))
                    .saw(Where.LOCAL, "answers everywhere");
        }
    }

    /// What a mail server says of itself in its greeting (RFC 5321 §4.2).
    static final class ServerName {

        private static final Pattern MAKE =
                Pattern.compile(
                        "\\b(Exim [\\d.]+|Exim|Postfix|OpenSMTPD|Sendmail|qmail|Haraka|Stalwart"
                                + "|Mailpit|MailHog|Microsoft ESMTP|Postern)",
                        Pattern.CASE_INSENSITIVE);

        private ServerName() {}

        /// Returns the software: `Exim 4.96`; `a mail server` when it does not say.
        static String make(@Nullable UpstreamReply greeting) {
            Matcher matcher = MAKE.matcher(line(greeting));
            return matcher.find() ? matcher.group(1) : "a mail server";
        }

        private static String line(@Nullable UpstreamReply greeting) {
            return greeting instanceof UpstreamReply.Answered answered ? answered.firstLine() : "";
        }
    }
}
