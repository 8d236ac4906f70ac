package dev.postern.testing;

import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Collectors;

/// The firewall of a namespace: what happens to TCP that wants to leave it, by port. Rules hold
/// from the moment they are set, for connections that stand as well unless said otherwise.
public final class Fence {

    private static final String EMPTY =
            """
            table inet fence
            delete table inet fence
            table inet fence {
              chain out { type filter hook output priority 0; }
              chain back { type filter hook input priority 0; }
              chain turn { type nat hook output priority -100; }
            }
            """;

    private final Netns netns;

    /// Puts up a fence that lets everything through.
    Fence(Netns netns) throws IOException {
        this.netns = netns;
        open();
    }

    /// Lets everything through again.
    public void open() throws IOException {
        netns.filter(EMPTY);
    }

    /// Has packets vanish, as platforms do: connections time out.
    public Fence drop(int... ports) throws IOException {
        return rule("out", outbound(ports) + " drop");
    }

    /// Refuses with a reset: ECONNREFUSED.
    public Fence reset(int... ports) throws IOException {
        return rule("out", outbound(ports) + " reject with tcp reset");
    }

    /// Refuses new connections with a reset; those that stand go on.
    public Fence resetNew(int... ports) throws IOException {
        return rule("out", outbound(ports) + " ct state new reject with tcp reset");
    }

    /// Refuses as firewalld does, with an ICMP message: EHOSTUNREACH.
    public Fence prohibit(int... ports) throws IOException {
        return rule("out", outbound(ports) + " reject with icmpx admin-prohibited");
    }

    /// Hands new connections to this machine's own server on the same port, as cPanel's SMTP
    /// Restrictions do.
    public Fence redirect(int... ports) throws IOException {
        return rule("turn", outbound(ports) + " redirect");
    }

    /// Loses so many of a hundred packets, in both directions.
    public Fence lose(int percent, int... ports) throws IOException {
        String chance = " numgen random mod 100 < " + percent + " drop";
        rule("out", outbound(ports) + chance);
        return rule("back", "tcp sport " + set(ports) + chance);
    }

    private Fence rule(String chain, String rule) throws IOException {
        netns.filter("add rule inet fence " + chain + " " + rule + "\n");
        return this;
    }

    private static String outbound(int... ports) {
        return "oifname != lo tcp dport " + set(ports);
    }

    private static String set(int... ports) {
        return Arrays.stream(ports)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", ", "{ ", " }"));
    }
}
