package dev.postern.doctor;

import dev.postern.config.Hosts;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.mail.ALabels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Looks names up as every program here does, and where that fails asks the name servers itself,
/// because Java does not say whether a name is unknown or nobody answered.
///
/// @param resolver this machine's
/// @param servers the name servers
record Resolver(
        SystemLookup resolver,
        List<InetSocketAddress> servers,
        Duration resolverLimit,
        Duration serverLimit) {

    private static final int DNS_PORT = 53;

    /// How long this machine's resolver is waited for before the name servers are asked; it has
    /// time-outs of its own, which are longer.
    private static final Duration RESOLVER_LIMIT = Duration.ofSeconds(3);

    private static final Duration SERVER_LIMIT = Duration.ofMillis(1500);

    /// As many as the resolver uses (resolv.conf(5)).
    private static final int SERVERS_MAX = 3;

    /// This machine's resolver.
    @FunctionalInterface
    interface SystemLookup {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    /// Returns this machine's.
    static Resolver ofMachine() {
        return new Resolver(
                InetAddress::getAllByName,
                servers(Path.of("/etc/resolv.conf")),
                RESOLVER_LIMIT,
                SERVER_LIMIT);
    }

    /// Reads the `nameserver` lines of resolv.conf(5).
    static List<InetSocketAddress> servers(Path file) {
        List<InetSocketAddress> servers = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file)) {
                String[] words = line.strip().split("\\s+");
                InetAddress address = words.length > 1 ? Hosts.address(words[1]) : null;
                if (address != null && words[0].equals("nameserver")) {
                    servers.add(new InetSocketAddress(address, DNS_PORT));
                }
            }
        } catch (IOException _) {
            // Without the file there are no name servers, which the findings say.
            return List.of();
        }
        return servers.subList(0, Math.min(servers.size(), SERVERS_MAX));
    }

    DnsResult lookUp(String host) {
        CompletableFuture<DnsResult> answer =
                CompletableFuture.supplyAsync(
                        () -> resolved(host), Thread.ofVirtual().name("resolve-" + host)::start);
        DnsResult early = waited(answer, resolverLimit);
        if (early instanceof DnsResult.Found) {
            return early;
        }
        Asked asked = asked(host);
        if (early == null && asked.exists()) {
            // A resolver whose first server is dead is slow, but finds it.
            DnsResult late = waited(answer, resolverLimit);
            return late == null ? new DnsResult.Missing(asked.why()) : late;
        }
        return new DnsResult.Missing(asked.why());
    }

    private DnsResult resolved(String host) {
        try {
            return new DnsResult.Found(List.of(resolver.resolve(host)));
        } catch (UnknownHostException e) {
            return new DnsResult.Missing(String.valueOf(e.getMessage()));
        }
    }

    /// Returns what the resolver said; null when it did not in time.
    private static @Nullable DnsResult waited(CompletableFuture<DnsResult> answer, Duration limit) {
        try {
            return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
            return null;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return new DnsResult.Missing("no answer: broken off");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /// What the name servers say of a name that the resolver gave no address for.
    ///
    /// @param exists whether one of them has an address
    private record Asked(String why, boolean exists) {}

    private Asked asked(String host) {
        if (servers.isEmpty()) {
            return new Asked("no name server in /etc/resolv.conf", false);
        }
        Map<InetSocketAddress, DnsQuestion.Answer> answers = new ConcurrentHashMap<>();
        Parallel.each(servers, it -> answers.put(it, DnsQuestion.ask(it, host, serverLimit)));
        List<String> silent = new ArrayList<>();
        for (InetSocketAddress server : servers) {
            String number = server.getAddress().getHostAddress();
            switch (answers.getOrDefault(server, DnsQuestion.Answer.NONE)) {
                case NONE -> silent.add(number);
                case REFUSED -> silent.add(number + " (refused)");
                case NXDOMAIN -> {
                    return new Asked("NXDOMAIN, says " + number, false);
                }
                case NO_ADDRESS -> {
                    return new Asked("no address, says " + number, false);
                }
                case ADDRESS -> {
                    return new Asked(
                            "no answer by this machine's resolver, though " + number + " has one",
                            true);
                }
                case FAILED -> {
                    return new Asked("SERVFAIL, says " + number, false);
                }
            }
        }
        return new Asked("no answer from " + String.join(" and ", silent), false);
    }

    /// One question for the A records of a name, asked of one name server over UDP: only to tell
    /// the kinds of failure apart (RFC 1035 §4.1).
    static final class DnsQuestion {

        /// What came of it.
        enum Answer {
            ADDRESS,
            /// The name exists and has no A record.
            NO_ADDRESS,
            NXDOMAIN,
            /// SERVFAIL, or any other code of failure.
            FAILED,
            /// The server's port is closed, or it refuses to answer us.
            REFUSED,
            /// Nothing came in time.
            NONE
        }

        private static final int HEADER_BYTES = 12;
        private static final int MESSAGE_MAX_BYTES = 512;
        private static final int LABEL_MAX_BYTES = 63;
        private static final int RECURSION_DESIRED = 0x01;
        private static final int RESPONSE = 0x80;
        private static final int RCODE = 0x0F;
        private static final SecureRandom RANDOM = new SecureRandom();

        private DnsQuestion() {}

        static Answer ask(InetSocketAddress server, String host, Duration limit) {
            int id = RANDOM.nextInt(1 << 16);
            byte[] question = question(id, host);
            if (question.length == 0) {
                return Answer.NXDOMAIN;
            }
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(Math.toIntExact(limit.toMillis()));
                socket.connect(server);
                socket.send(new DatagramPacket(question, question.length));
                DatagramPacket reply =
                        new DatagramPacket(new byte[MESSAGE_MAX_BYTES], MESSAGE_MAX_BYTES);
                socket.receive(reply);
                return read(reply, id);
            } catch (PortUnreachableException _) {
                return Answer.REFUSED;
            } catch (IOException _) {
                // A time-out, or no way to the server: either way nobody answers.
                return Answer.NONE;
            }
        }

        private static byte[] question(int id, String host) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(new byte[] {(byte) (id >> 8), (byte) id, RECURSION_DESIRED, 0, 0, 1});
            out.writeBytes(new byte[6]);
            for (String label : ALabels.domain(host).orElse("").split("\\.")) {
                byte[] octets = label.getBytes(StandardCharsets.US_ASCII);
                if (octets.length == 0 || octets.length > LABEL_MAX_BYTES) {
                    return new byte[0];
                }
                out.write(octets.length);
                out.writeBytes(octets);
            }
            // The root, QTYPE A, QCLASS IN.
            out.writeBytes(new byte[] {0, 0, 1, 0, 1});
            return out.toByteArray();
        }

        private static Answer read(DatagramPacket reply, int id) {
            byte[] octets = reply.getData();
            boolean ours =
                    reply.getLength() >= HEADER_BYTES
                            && octets[0] == (byte) (id >> 8)
                            && octets[1] == (byte) id
                            && (octets[2] & RESPONSE) != 0;
            if (!ours) {
                return Answer.FAILED;
            }
            int answers = (octets[6] & 0xFF) << 8 | (octets[7] & 0xFF);
            return switch (octets[3] & RCODE) {
                case 0 -> answers > 0 ? Answer.ADDRESS : Answer.NO_ADDRESS;
                case 3 -> Answer.NXDOMAIN;
                case 5 -> Answer.REFUSED;
                default -> Answer.FAILED;
            };
        }
    }
}
