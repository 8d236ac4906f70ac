package dev.postern.doctor;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Looks names up as every program here does, and where that fails asks the name servers itself,
/// because Java does not say whether a name is unknown or nobody answered.
final class Names {

    private static final int DNS_PORT = 53;

    /// How long this machine's resolver may take; it has time-outs of its own, which are longer.
    private static final Duration RESOLVER_LIMIT = Duration.ofSeconds(5);

    private static final Duration SERVER_LIMIT = Duration.ofSeconds(2);

    /// As many as the resolver uses (resolv.conf(5)).
    private static final int SERVERS_MAX = 3;

    /// This machine's resolver.
    @FunctionalInterface
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    private final Resolver resolver;
    private final List<InetSocketAddress> servers;
    private final Duration resolverLimit;
    private final Duration serverLimit;

    Names(
            Resolver resolver,
            List<InetSocketAddress> servers,
            Duration resolverLimit,
            Duration serverLimit) {
        this.resolver = resolver;
        this.servers = List.copyOf(servers);
        this.resolverLimit = resolverLimit;
        this.serverLimit = serverLimit;
    }

    /// Returns this machine's.
    static Names ofMachine() {
        return new Names(
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
                if (words.length > 1 && words[0].equals("nameserver")) {
                    address(words[1])
                            .ifPresent(it -> servers.add(new InetSocketAddress(it, DNS_PORT)));
                }
            }
        } catch (IOException _) {
            // Without the file there are no name servers, which the findings say.
            return List.of();
        }
        return servers.subList(0, Math.min(servers.size(), SERVERS_MAX));
    }

    private static Optional<InetAddress> address(String literal) {
        try {
            return Optional.of(InetAddress.ofLiteral(literal));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    Looked lookUp(String host) {
        CompletableFuture<Looked> answer = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("resolve-" + host)
                .start(() -> {
                    try {
                        answer.complete(new Looked.Found(List.of(resolver.resolve(host))));
                    } catch (UnknownHostException e) {
                        answer.complete(new Looked.Missing(String.valueOf(e.getMessage())));
                    } catch (RuntimeException | Error e) {
                        answer.completeExceptionally(e);
                    }
                });
        try {
            return switch (answer.get(resolverLimit.toMillis(), TimeUnit.MILLISECONDS)) {
                case Looked.Found found -> found;
                case Looked.Missing _ -> new Looked.Missing(asked(host));
            };
        } catch (TimeoutException _) {
            return new Looked.Missing(asked(host));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return new Looked.Missing("no answer: broken off");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /// Returns what the name servers say of a name that the resolver gave no address for.
    private String asked(String host) {
        if (servers.isEmpty()) {
            return "no name server in /etc/resolv.conf";
        }
        List<String> silent = new ArrayList<>();
        for (InetSocketAddress server : servers) {
            DnsQuestion.Answer answer = DnsQuestion.ask(server, host, serverLimit);
            String number = server.getAddress().getHostAddress();
            switch (answer) {
                case NONE -> silent.add(number);
                case REFUSED -> silent.add(number + " (refused)");
                case NXDOMAIN -> {
                    return "NXDOMAIN, says " + number;
                }
                case NO_ADDRESS -> {
                    return "no address, says " + number;
                }
                case ADDRESS -> {
                    return "no address by this machine's resolver, though " + number + " has one";
                }
                case FAILED -> {
                    return "SERVFAIL, says " + number;
                }
            }
        }
        return "no answer from " + String.join(" and ", silent);
    }
}
