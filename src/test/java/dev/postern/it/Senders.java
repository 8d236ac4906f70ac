package dev.postern.it;

import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/// Clients that send letters over many connections at once, for as long as there is a listener.
final class Senders {

    private static final int MESSAGES_A_CONNECTION = 8;
    private static final int MAX_OCTETS = 40_000;

    private final Map<String, String> offered = new ConcurrentHashMap<>();
    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final Set<String> surprises = ConcurrentHashMap.newKeySet();
    private final List<Thread> threads = new ArrayList<>();
    private int begun;

    /// Starts so many connections' worth of clients.
    void start(int port, int connections, SplittableRandom random) {
        for (int i = 0; i < connections; i++) {
            String name = "c" + begun++;
            SplittableRandom own = random.split();
            threads.add(Thread.ofVirtual().start(() -> send(port, name, own)));
        }
    }

    /// Waits until every client has lost its connection.
    void join() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
        threads.clear();
    }

    private void send(int port, String name, SplittableRandom random) {
        try {
            for (int connection = 0; true; connection++) {
                try (SmtpClient client = new SmtpClient(port)) {
                    client.say("EHLO client.example.org");
                    for (int i = 0; i < MESSAGES_A_CONNECTION; i++) {
                        send(client, name + "." + connection + "." + i, random);
                    }
                }
            }
        } catch (IOException killed) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(SmtpClient client, String name, SplittableRandom random) throws IOException {
        Letter letter = Letter.random(name, random.nextInt(1, MAX_OCTETS), random);
        offered.put(letter.sender(), letter.digest());
        String reply = client.send(letter.sender(), List.of("user@example.com"), letter.bytes());
        if (reply.startsWith("250 ")) {
            acknowledged.add(letter.sender());
        } else if (!reply.startsWith("4")) {
            surprises.add(reply);
        }
    }

    /// Returns the digests of all letters that were sent, or begun to be, by sender.
    Map<String, String> offered() {
        return offered;
    }

    /// Returns the senders of the letters that were answered 250.
    Set<String> acknowledged() {
        return acknowledged;
    }

    /// Returns replies that should not have been.
    Set<String> surprises() {
        return surprises;
    }
}
