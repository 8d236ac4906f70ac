package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.config.Preset;
import dev.postern.doctor.Doctor.World;
import dev.postern.doctor.EgressReport.StepEnd;
import dev.postern.doctor.EgressReport.StepKind;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Network.PortState;
import dev.postern.doctor.Report.Finding;
import dev.postern.egress.Probe;
import dev.postern.egress.http.EndpointCheck;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Examines a provider's API: its name, TCP in both address families or through the proxy, TLS,
/// and, where it is configured, an authenticated call that sends nothing.
final class HttpExamination extends Examination {

    private final EgressConfig egress;
    private final EndpointCheck web;
    private volatile @Nullable PortState four;
    private volatile @Nullable PortState six;
    private volatile EndpointCheck.@Nullable Seen seen;
    private volatile @Nullable Duration clockAhead;

    HttpExamination(EgressConfig egress, boolean configured, Platform platform, World world) {
        EndpointCheck web = world.network().web(egress);
        super(egress, web.host(), configured, platform, world);
        this.egress = egress;
        this.web = web;
    }

    @Override
    void run() {
        List<Runnable> all = new ArrayList<>(List.of(this::look));
        if (web.proxy().isEmpty()) {
            all.add(() -> Parallel.each(lookUp(), this::knock));
        }
        if (configured) {
            all.add(() -> probe(StepKind.API, "call that sends nothing"));
        }
        Parallel.run(all);
    }

    private void knock(InetAddress address) {
        boolean ipv6 = address instanceof Inet6Address;
        StepLog.Entry entry = log.begin(StepKind.TCP, web.port() + (ipv6 ? " IPv6" : " IPv4"));
        InetSocketAddress place = new InetSocketAddress(address, web.port());
        PortState state = world.network().knock(place, CONNECT_LIMIT);
        if (ipv6) {
            six = state;
        } else {
            four = state;
        }
        entry.end(state, address);
    }

    private void look() {
        String target = web.proxy().map(it -> "by proxy " + it).orElse("" + web.port());
        StepLog.Entry entry = log.begin(StepKind.TLS, target);
        EndpointCheck.Seen found = web.look();
        if (found.date() != null) {
            clockAhead = Duration.between(found.date(), world.clock().instant());
        }
        seen = found;
        if (isOpen()) {
            entry.end(StepEnd.OK, found.tls().isEmpty() ? "no TLS" : found.tls());
        } else {
            entry.end(StepEnd.FAILED, found.words());
        }
    }

    @Override
    Optional<Duration> clockAhead() {
        return Optional.ofNullable(clockAhead);
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
        all.families(four, six);
        return all.findings();
    }

    private void network(HostEvidence all) {
        PortState best = four == null || six == PortState.OPEN ? six : four;
        if (best != null && best != PortState.OPEN) {
            all.ports(platform, List.of(web.port()), Map.of(web.port(), best));
        }
        EndpointCheck.Seen found = seen;
        if (found != null) {
            String said = found.fault() + ": " + found.words();
            boolean byProxy = found.stage().equals("connect") && found.proxy() != null;
            if (byProxy || found.stage().equals("proxy")) {
                all.saw(Where.PROXY, said);
            } else if (found.stage().equals("tls")) {
                all.saw(Where.TLS, said);
            }
        }
    }

    private static void failed(Probe.Failed failed, HostEvidence all) {
        String said = failed.trouble().fault().word() + ": " + failed.trouble().reply();
        switch (failed.trouble().fault()) {
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
