package dev.postern.smtp;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/// How long the answer to a failed log-in is held back, by how often its address failed of late.
/// For whoever checks credentials: sessions, and the admin socket with its token.
///
/// ```
///   if (!right) {
///       Duration wait = throttle.failed(clientAddress);
///       // note it in the log, then answer once `wait` is over, without blocking a thread
///   }
/// ```
///
/// *Contract.* Only failures are told, and only their own answers wait: right credentials are
/// answered at once, whatever went before. The count is an address's, not a connection's, so that
/// parallel attempts wait as long as those in a row. The wait doubles from [#FIRST_WAIT] up to
/// [#WAIT_AT_MOST]; one failure is forgotten each [#FORGET_ONE_EACH].
///
/// *Limits.* [#ADDRESSES_AT_MOST] addresses (each a [ClientNetwork]) are remembered, the last ones
/// to fail. Safe for any thread, never blocks for long.
public final class FailureThrottle {

    /// How long the answer to the first failure waits.
    public static final Duration FIRST_WAIT = Duration.ofMillis(500);

    /// How long any answer waits at most: clients give up after a minute or so.
    public static final Duration WAIT_AT_MOST = Duration.ofSeconds(30);

    /// How long it takes until one failure is forgotten.
    public static final Duration FORGET_ONE_EACH = Duration.ofMinutes(1);

    /// Addresses that are remembered.
    public static final int ADDRESSES_AT_MOST = 4096;

    /// More failures than this are counted as this many: the wait is the longest then.
    private static final int FAILURES_AT_MOST = 10;

    private final InstantSource clock;
    private final Map<ClientNetwork, Failures> failures =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<ClientNetwork, Failures> eldest) {
                    return size() > ADDRESSES_AT_MOST;
                }
            };

    /// Makes a throttle that knows of no failures.
    public FailureThrottle(InstantSource clock) {
        this.clock = clock;
    }

    /// What an address did.
    ///
    /// @param since when the first of them that is not forgotten begins to age
    private record Failures(int count, Instant since) {

        Failures at(Instant now) {
            long forgotten = Duration.between(since, now).dividedBy(FORGET_ONE_EACH);
            if (forgotten <= 0) {
                return this;
            }
            return forgotten >= count
                    ? new Failures(0, now)
                    : new Failures(
                            count - (int) forgotten,
                            since.plus(FORGET_ONE_EACH.multipliedBy(forgotten)));
        }

        Failures oneMore() {
            return new Failures(Math.min(count + 1, FAILURES_AT_MOST), since);
        }

        Duration lastOnesWait() {
            Duration wait = FIRST_WAIT.multipliedBy(1L << (count - 1));
            return wait.compareTo(WAIT_AT_MOST) < 0 ? wait : WAIT_AT_MOST;
        }
    }

    /// Notes that credentials from an address were wrong.
    ///
    /// @return how long to hold back the answer to them
    public synchronized Duration failed(InetAddress client) {
        Instant now = clock.instant();
        ClientNetwork network = ClientNetwork.of(client);
        Failures known = failures.getOrDefault(network, new Failures(0, now)).at(now).oneMore();
        failures.put(network, known);
        return known.lastOnesWait();
    }

    /// Who counts as one client where clients are counted: an IPv4 address, or the /64 of an IPv6
    /// address, since one host has a whole network of those.
    ///
    /// @param ipv4 of which kind it is
    /// @param prefix the address, or its first half
    public record ClientNetwork(boolean ipv4, long prefix) {

        private static final int IPV4_OCTETS = 4;

        /// Returns the one that an address belongs to.
        public static ClientNetwork of(InetAddress address) {
            byte[] octets = address.getAddress();
            return octets.length == IPV4_OCTETS
                    ? new ClientNetwork(true, ByteBuffer.wrap(octets).getInt())
                    : new ClientNetwork(false, ByteBuffer.wrap(octets).getLong());
        }
    }
}
