package dev.postern.doctor;

import java.util.Locale;

/// Who filters packets on this machine, and how a port is opened there for outgoing connections.
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
    NONE("look for a rule about outgoing port %1$s in this machine's or its network's firewall");

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
