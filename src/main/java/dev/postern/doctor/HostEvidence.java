package dev.postern.doctor;

import dev.postern.doctor.FindingTable.Evidence;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Network.PortState;
import dev.postern.doctor.Report.Finding;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What was seen about one host, judged by the findings table as it comes. For one thread.
final class HostEvidence {

    private final Set<String> tags;
    private final Map<String, String> words = new LinkedHashMap<>();
    private final Map<String, Finding> findings = new LinkedHashMap<>();

    /// @param tags the words that hold for all of them
    /// @param host fills `{host}`
    HostEvidence(Set<String> tags, String host) {
        this.tags = tags;
        words.put("host", host);
    }

    /// Sets what fills a brace from now on.
    HostEvidence word(String name, String value) {
        words.put(name, value);
        return this;
    }

    /// Judges what was seen.
    void saw(Where where, String said) {
        String oneLine =
                said.lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .collect(Collectors.joining(" "));
        FindingTable.judge(new Evidence(where, tags, oneLine, words))
                .ifPresent(finding -> findings.putIfAbsent(finding.id(), finding));
    }

    /// Returns whether anything was found.
    boolean any() {
        return !findings.isEmpty();
    }

    List<Finding> findings() {
        return new ArrayList<>(findings.values());
    }

    /// Judges what looking a name up brought.
    void name(DnsResult looked, String host) {
        switch (looked) {
            case DnsResult.Missing(String why) -> {
                // The name that was looked up may not be the one that the certificate is for.
                String shown = words.put("host", host);
                saw(Where.DNS, why);
                words.put("host", shown == null ? host : shown);
            }
            case DnsResult.Found found -> {
                InetAddress first = found.addresses().getFirst();
                boolean literal = first.getHostAddress().equals(host);
                if (!literal && (first.isLoopbackAddress() || first.isSiteLocalAddress())) {
                    saw(Where.DNS, "is " + first.getHostAddress());
                }
            }
        }
    }

    /// Judges all ports of a host together.
    ///
    /// @param platform knows how a port is opened here
    /// @param wanted the ports that are to be used
    /// @param states each port that was tried
    void ports(Platform platform, List<Integer> wanted, Map<Integer, PortState> states) {
        List<Integer> closed =
                wanted.stream().filter(port -> states.get(port) != PortState.OPEN).toList();
        StringBuilder said = new StringBuilder("want " + joined(wanted, " "));
        for (PortState state : PortState.values()) {
            List<Integer> its = in(state, states);
            if (!its.isEmpty()) {
                said.append("; " + state.word() + " " + joined(its, " "));
            }
        }
        word("want", inWords(wanted));
        word("open", inWords(in(PortState.OPEN, states)));
        word("closed", inWords(closed));
        word("allow", platform.allow(closed.isEmpty() ? "" : "" + closed.getFirst()));
        saw(Where.PORTS, said.toString());
    }

    private static List<Integer> in(PortState state, Map<Integer, PortState> states) {
        return states.keySet().stream().filter(port -> states.get(port) == state).toList();
    }

    /// Judges the address families of one port.
    ///
    /// @param four its state in IPv4; null: unknown
    /// @param six its state in IPv6; null: unknown
    void families(@Nullable PortState four, @Nullable PortState six) {
        if (four == null || six == null || (four == PortState.OPEN) == (six == PortState.OPEN)) {
            return;
        }
        String closed = (four == PortState.OPEN ? six : four).word().replace("-", "");
        saw(
                Where.FAMILIES,
                four == PortState.OPEN
                        ? "IPv6 " + closed + "; IPv4 open"
                        : "IPv4 " + closed + "; IPv6 open");
    }

    static String joined(Collection<?> items, String between) {
        return String.join(between, items.stream().map(String::valueOf).toList());
    }

    /// Returns them as people list things: `a, b and c`.
    static String inWords(List<?> items) {
        return items.size() < 2
                ? joined(items, "")
                : joined(items.subList(0, items.size() - 1), ", ") + " and " + items.getLast();
    }
}
