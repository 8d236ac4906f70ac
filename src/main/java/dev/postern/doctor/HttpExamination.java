package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.config.Preset;
import dev.postern.doctor.Doctor.World;
import dev.postern.doctor.EgressReport.Step.Kind;
import dev.postern.doctor.EgressReport.Step.Result;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Network.PortState;
import dev.postern.doctor.Report.Finding;
import dev.postern.egress.Probe;
import dev.postern.egress.http.EndpointCheck;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Examines a provider's API: its name, TCP in both address families or through the proxy, TLS,
/// and, where it is configured, an authenticated call that sends nothing.
final class HttpExamination extends Examination {

    private final Platform platform;
    private final EgressConfig egress;
    private final EndpointCheck web;
    private final Map<Family, PortState> states = new EnumMap<>(Family.class);
    private volatile EndpointCheck.@Nullable Seen seen;
    private volatile @Nullable Instant seenAt;
    private final Clock clock;

    private enum Family {
        IPV4,
        IPV6
    }

    static HttpExamination of(
            EgressConfig egress, boolean configured, Platform platform, World world) {
        return new HttpExamination(
                egress, world.network().web(egress), configured, platform, world);
    }

    private HttpExamination(
            EgressConfig egress,
            EndpointCheck web,
            boolean configured,
            Platform platform,
            World world) {
        super(egress, web.host(), configured, world);
        this.egress = egress;
        this.web = web;
        this.platform = platform;
        this.clock = world.clock();
    }

    @Override
    void run() {
        List<Runnable> all = new ArrayList<>(List.of(this::look));
        if (web.proxy().isEmpty()) {
            all.add(this::knockAll);
        }
        if (configured) {
            all.add(() -> probe(Kind.API, "call that sends nothing"));
        }
        Parallel.run(all);
    }

    private void knockAll() {
        Parallel.run(lookUp().stream().map(address -> (Runnable) () -> knock(address)).toList());
    }

    private void knock(InetAddress address) {
        Family family = address instanceof Inet6Address ? Family.IPV6 : Family.IPV4;
        String target = web.port() + (family == Family.IPV6 ? " IPv6" : " IPv4");
        StepLog.Entry entry = log.begin(Kind.TCP, target);
        PortState state = network.knock(new InetSocketAddress(address, web.port()), CONNECT_LIMIT);
        synchronized (states) {
            states.put(family, state);
        }
        entry.end(state, address);
    }

    private void look() {
        Optional<String> proxy = web.proxy();
        String target = proxy.map(it -> "by proxy " + it).orElse("" + web.port());
        StepLog.Entry entry = log.begin(Kind.TLS, target);
        EndpointCheck.Seen found = web.look();
        seenAt = clock.instant();
        seen = found;
        boolean good = found.stage().isEmpty();
        entry.end(
                good ? Result.OK : Result.FAILED,
                good ? (found.tls().isEmpty() ? "no TLS" : found.tls()) : found.words());
    }

    /// Returns how far this machine's clock is ahead of the server's; empty when that is unknown.
    Optional<Duration> clockAhead() {
        EndpointCheck.Seen found = seen;
        Instant then = seenAt;
        return found == null || found.date() == null || then == null
                ? Optional.empty()
                : Optional.of(Duration.between(found.date(), then));
    }

    @Override
    boolean isOpen() {
        EndpointCheck.Seen found = seen;
        return found != null && found.stage().isEmpty();
    }

    @Override
    String inBrief() {
        EndpointCheck.Seen found = seen;
        if (configured || found == null) {
            return noResult();
        }
        return isOpen()
                ? "open: " + web.port() + (found.proxy() == null ? "" : " by the proxy")
                : found.words();
    }

    @Override
    List<Finding> findings(@Nullable DnsResult names, @Nullable Probe probe) {
        Set<String> tags = new TreeSet<>(Preset.words(web.host()));
        tags.addAll(Set.of("http", egress.type()));
        if (names instanceof DnsResult.Found found
                && found.addresses().getFirst().isLoopbackAddress()) {
            tags.add("loopback");
        }
        HostEvidence all = new HostEvidence(platform.tagsAnd(tags), web.host());
        if (names != null) {
            all.name(names, web.host());
        }
        if (!(probe instanceof Probe.Passed)) {
            network(all);
        }
        switch (probe) {
            case Probe.Failed failed -> failed(failed, all);
            case Probe.Unproven(String detail) -> all.saw(Where.UNPROVEN, detail);
            case Probe.Passed _ -> {}
            case null -> {}
        }
        synchronized (states) {
            all.families(states.get(Family.IPV4), states.get(Family.IPV6));
        }
        return all.findings();
    }

    private void network(HostEvidence all) {
        PortState best = best();
        if (best != null && best != PortState.OPEN) {
            all.ports(platform, List.of(web.port()), Map.of(web.port(), best));
        }
        EndpointCheck.Seen found = seen;
        if (found != null) {
            String said = found.fault() + ": " + found.words();
            switch (found.stage()) {
                case "proxy" -> all.saw(Where.PROXY, said);
                case "tls" -> all.saw(Where.TLS, said);
                case "connect" -> {
                    if (found.proxy() != null) {
                        all.saw(Where.PROXY, said);
                    }
                }
                default -> {}
            }
        }
    }

    private @Nullable PortState best() {
        synchronized (states) {
            PortState four = states.get(Family.IPV4);
            PortState six = states.get(Family.IPV6);
            return four == null || six == PortState.OPEN ? six : four;
        }
    }

    private static void failed(Probe.Failed failed, HostEvidence all) {
        String said = failed.fault().word() + ": " + failed.reply();
        switch (failed.fault()) {
            case CREDENTIALS, ACCOUNT, QUOTA, SERVICE, INTERCEPTION -> all.saw(Where.REPLY, said);
            case CERTIFICATE, TLS -> all.saw(Where.TLS, said);
            case NETWORK, TIMEOUT -> {
                if (!all.any()) {
                    all.saw(Where.GREETING, said);
                }
            }
        }
    }
}
