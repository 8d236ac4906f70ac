package dev.postern.egress.smtp;

import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import dev.postern.egress.smtp.PortChecker.Opening;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// A way to a server that `port: auto` may take.
///
/// @param address resolved, with the host's name
/// @param opening how it is secured there
record Candidate(InetSocketAddress address, Opening opening) {

    /// More addresses of a server are not tried: of each family the first two.
    private static final int ADDRESSES_MAX = 4;

    /// Addresses that are tried at all ports before the next ones are.
    private static final int ADDRESSES_A_ROUND = 2;

    int port() {
        return address.getPort();
    }

    /// Returns the address without the port.
    String number() {
        return address.getAddress().getHostAddress();
    }

    /// Returns all in the order in which they are tried: the first address of each family at every
    /// port, then the next ones.
    ///
    /// @param addresses of the host, named, in the order that the resolver prefers
    static List<Candidate> of(SmtpEgressConfig config, List<InetAddress> addresses) {
        List<InetAddress> order = interleaved(addresses);
        List<InetAddress> few = order.subList(0, Math.min(order.size(), ADDRESSES_MAX));
        List<Candidate> all = new ArrayList<>();
        for (int from = 0; from < few.size(); from += ADDRESSES_A_ROUND) {
            int to = Math.min(from + ADDRESSES_A_ROUND, few.size());
            for (SubmissionPort port : config.candidates()) {
                for (InetAddress address : few.subList(from, to)) {
                    InetSocketAddress place = new InetSocketAddress(address, port.port());
                    all.add(new Candidate(place, opening(config.tls(), port.implicitTls())));
                }
            }
        }
        return all.stream().distinct().toList();
    }

    /// Returns how a port is opened.
    ///
    /// @param implicit whether TLS starts with the first octet there, unless `tls` says otherwise
    static Opening opening(Tls tls, boolean implicit) {
        return switch (tls) {
            case IMPLICIT -> Opening.IMPLICIT_TLS;
            case REQUIRED -> implicit ? Opening.IMPLICIT_TLS : Opening.STARTTLS;
            case OPTIONAL -> implicit ? Opening.IMPLICIT_TLS : Opening.STARTTLS_IF_OFFERED;
            case NONE -> Opening.CLEAR_TEXT;
        };
    }

    /// Takes one address of each family in turn (RFC 8305 §4).
    private static List<InetAddress> interleaved(List<InetAddress> addresses) {
        Deque<InetAddress> one = new ArrayDeque<>();
        Deque<InetAddress> other = new ArrayDeque<>();
        for (InetAddress address : addresses) {
            (isSixth(address) == isSixth(addresses.getFirst()) ? one : other).add(address);
        }
        List<InetAddress> order = new ArrayList<>();
        while (!one.isEmpty() || !other.isEmpty()) {
            if (!one.isEmpty()) {
                order.add(one.remove());
            }
            if (!other.isEmpty()) {
                order.add(other.remove());
            }
        }
        return order;
    }

    static boolean isSixth(InetAddress address) {
        return address instanceof Inet6Address;
    }
}
