package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.doctor.EgressReport.Step.Kind;
import dev.postern.doctor.EgressReport.Step.Result;
import dev.postern.doctor.EgressReport.Works;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Network.PortState;
import dev.postern.doctor.Report.Finding;
import dev.postern.doctor.StepLog.StepOrder;
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
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Examines a provider's API: its name, TCP in both address families or through the proxy, TLS,
/// and, where it is configured, an authenticated call that sends nothing.
final class HttpExamination implements Examination {

    private static final Duration CONNECT_LIMIT = Duration.ofMillis(4500);

    private final EgressConfig egress;
    private final boolean configured;
    private final Network network;
    private final Platform platform;
    private final EndpointCheck web;
    private final StepLog chart;
    private final Map<Family, PortState> states = new EnumMap<>(Family.class);
    private volatile @Nullable DnsResult looked;
    private volatile EndpointCheck.@Nullable Seen seen;
    private volatile @Nullable Instant seenAt;
    private volatile @Nullable Probe probe;
    private final Clock clock;

    private enum Family {
        IPV4,
        IPV6
    }

    HttpExamination(
            EgressConfig egress,
            boolean configured,
            Network network,
            LongSupplier nanoTime,
            Platform platform,
            Clock clock) {
        this.egress = egress;
        this.configured = configured;
        this.network = network;
        this.platform = platform;
        this.clock = clock;
        this.web = network.web(egress);
        this.chart = new StepLog(nanoTime);
    }

    @Override
    public String name() {
        return configured ? egress.name() : web.host();
    }

    @Override
    public Optional<String> waitsFor() {
        return chart.waitsFor();
    }

    @Override
    public void run() {
        List<Runnable> all = new ArrayList<>(List.of(this::look));
        if (web.proxy().isEmpty()) {
            all.add(this::knockAll);
        }
        if (configured) {
            all.add(this::probe);
        }
        Parallel.run(all);
    }

    private void knockAll() {
        StepLog.Entry entry = chart.begin(Kind.DNS, web.host());
        DnsResult names = network.lookUp(web.host());
        looked = names;
        switch (names) {
            case DnsResult.Missing(String why) -> entry.end(Result.FAILED, why);
            case DnsResult.Found found -> {
                entry.end(Result.OK, found.inWords());
                Parallel.run(
                        found.oneOfEachFamily().stream()
                                .map(address -> (Runnable) () -> knock(address))
                                .toList());
            }
        }
    }

    private void knock(InetAddress address) {
        Family family = address instanceof Inet6Address ? Family.IPV6 : Family.IPV4;
        String target = web.port() + (family == Family.IPV6 ? " IPv6" : " IPv4");
        StepLog.Entry entry = chart.begin(Kind.TCP, target);
        PortState state = network.knock(new InetSocketAddress(address, web.port()), CONNECT_LIMIT);
        synchronized (states) {
            states.put(family, state);
        }
        entry.end(
                state == PortState.OPEN ? Result.OK : Result.FAILED,
                state.word() + " " + address.getHostAddress());
    }

    private void look() {
        Optional<String> proxy = web.proxy();
        String target = proxy.map(it -> "by proxy " + it).orElse("" + web.port());
        StepLog.Entry entry = chart.begin(Kind.TLS, target);
        EndpointCheck.Seen found = web.look();
        seenAt = clock.instant();
        seen = found;
        boolean good = found.stage().isEmpty() || isPastTls(found.stage());
        entry.end(
                good ? Result.OK : Result.FAILED,
                good ? (found.tls().isEmpty() ? "no TLS" : found.tls()) : found.words());
    }

    /// An answer to `HEAD /` is of no importance: the call of the probe is.
    private static boolean isPastTls(String stage) {
        return stage.equals("request") || stage.equals("answer") || stage.equals("reply");
    }

    private void probe() {
        StepLog.Entry entry = chart.begin(Kind.API, "call that sends nothing");
        Probe found = network.probe(egress);
        probe = found;
        entry.end(found);
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
    public EgressReport examined() {
        return new EgressReport(
                name(),
                egress.type(),
                web.host(),
                works(),
                summary(),
                StepOrder.sorted(chart.steps()),
                findings());
    }

    private Works works() {
        EndpointCheck.Seen found = seen;
        if (!configured) {
            boolean open = found != null && (found.stage().isEmpty() || isPastTls(found.stage()));
            return open ? Works.YES : Works.NO;
        }
        return switch (probe) {
            case Probe.Passed _ -> Works.YES;
            case Probe.Unproven _ -> Works.UNPROVEN;
            case Probe.Failed _ -> Works.NO;
            case null -> Works.NO;
        };
    }

    private String summary() {
        EndpointCheck.Seen found = seen;
        return switch (probe) {
            case Probe.Passed(String detail) -> detail;
            case Probe.Unproven(String detail) -> detail;
            case Probe.Failed failed -> failed.reply();
            case null -> {
                if (configured || found == null) {
                    yield looked instanceof DnsResult.Missing(String why)
                            ? why
                            : "no result in time";
                }
                yield works() == Works.YES
                        ? "open: " + web.port() + (found.proxy() == null ? "" : " by the proxy")
                        : found.words();
            }
        };
    }

    private List<Finding> findings() {
        Set<String> tags = new TreeSet<>(Known.tags(web.host()));
        tags.addAll(Set.of("http", egress.type()));
        DnsResult names = looked;
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
        families(all);
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

    private void families(HostEvidence all) {
        synchronized (states) {
            PortState four = states.get(Family.IPV4);
            PortState six = states.get(Family.IPV6);
            if (four == PortState.OPEN && six != null && six != PortState.OPEN) {
                all.saw(Where.FAMILIES, "IPv6 " + six.word().replace("-", "") + "; IPv4 open");
            } else if (six == PortState.OPEN && four != null && four != PortState.OPEN) {
                all.saw(Where.FAMILIES, "IPv4 " + four.word().replace("-", "") + "; IPv6 open");
            }
        }
    }
}
