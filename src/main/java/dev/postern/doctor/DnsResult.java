package dev.postern.doctor;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/// What looking up a name brought.
sealed interface DnsResult {

    /// It has addresses.
    ///
    /// @param addresses at least one, in the order of the resolver
    record Found(List<InetAddress> addresses) implements DnsResult {
        public Found {
            addresses = List.copyOf(addresses);
        }

        /// Returns the first address of each family, IPv4 first.
        List<InetAddress> oneOfEachFamily() {
            return Stream.of(false, true)
                    .flatMap(six ->
                            addresses.stream()
                                    .filter(address -> address instanceof Inet6Address == six)
                                    .limit(1))
                    .toList();
        }

        /// Returns it for people: `192.0.2.1, 2001:db8::1`.
        String inWords() {
            List<String> shown =
                    oneOfEachFamily().stream().map(InetAddress::getHostAddress).toList();
            int more = addresses.size() - shown.size();
            return String.join(", ", shown) + (more > 0 ? " and " + more + " more" : "");
        }
    }

    /// It has none.
    ///
    /// @param why `NXDOMAIN`, `no answer: 192.0.2.53 within 2 s`…
    record Missing(String why) implements DnsResult {}
}
