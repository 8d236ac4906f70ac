package dev.postern.doctor;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/// Where this program runs, as far as it shows.
///
/// @param kind one word: `render`, `railway`, `fly`, `heroku`, `kubernetes`, `host`…
/// @param label for people: `Render, web service, free plan by its looks`
/// @param distribution from os-release; empty when unknown
/// @param hostname the machine's name; empty when unknown
/// @param container whether it is one
/// @param root whether this process is root
/// @param proxies the proxy variables that are set, without log-ins
/// @param firewall who filters packets here
/// @param tags the words that the findings table knows this place by
public record Platform(
        String kind,
        String label,
        String distribution,
        String hostname,
        boolean container,
        boolean root,
        List<String> proxies,
        Firewall firewall,
        Set<String> tags) {

    public Platform {
        proxies = List.copyOf(proxies);
        tags = Set.copyOf(tags);
    }

    /// Returns the same with more words for the findings table.
    Set<String> tagsAnd(Set<String> more) {
        Set<String> all = new TreeSet<>(tags);
        all.addAll(more);
        return all;
    }

    /// Returns what an operator does so that connections to a port get out of this machine.
    String allow(String port) {
        String command = firewall.allow(port);
        if (container) {
            return "on the machine that runs this container, as root: " + command;
        }
        return root ? command : "as root: " + command;
    }

    /// Who filters packets on this machine, and how a port is opened there for outgoing
    /// connections.
    enum Firewall {
        /// ConfigServer Security & Firewall, usual on cPanel hosts.
        CSF("add %1$s to TCP_OUT and TCP6_OUT in /etc/csf/csf.conf, then `csf -r`"),
        FIREWALLD(
                "`firewall-cmd --permanent --direct --add-rule ipv4 filter OUTPUT 0 -p tcp"
                        + " --dport %1$s -j ACCEPT && firewall-cmd --reload`"),
        UFW("`ufw allow out %1$s/tcp`"),
        NFTABLES(
                "find the rule with `nft -a list ruleset`, then"
                        + " `nft insert rule inet filter output tcp dport %1$s accept`"),
        IPTABLES(
                "`iptables -I OUTPUT -p tcp --dport %1$s -j ACCEPT` (and ip6tables alike);"
                        + " `iptables -nvL OUTPUT` shows what refuses it now"),
        NONE(
                "look for a rule about outgoing port %1$s in this machine's or its network's"
                        + " firewall");

        private final String command;

        Firewall(String command) {
            this.command = command;
        }

        /// Returns what to type, or where to look, so that connections to the port get out.
        String allow(String port) {
            return command.formatted(port);
        }

        /// Returns the word of the findings table: `fw-ufw`.
        String tag() {
            return "fw-" + name().toLowerCase(Locale.ROOT);
        }
    }
}
