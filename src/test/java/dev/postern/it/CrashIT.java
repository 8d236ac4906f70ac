package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Await;
import dev.postern.testing.Postern;
import dev.postern.testing.Seeds;
import dev.postern.testing.Sink;
import dev.postern.testing.Taken;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` at random moments while twenty connections send and a slow next hop takes.
///
/// `-Dcrash.rounds=200` kills it 200 times; the build does so a few times.
class CrashIT {

    private static final int ROUNDS = Integer.getInteger("crash.rounds", 5);
    private static final int CONNECTIONS = 20;

    /// The kill comes after so many acknowledgements of a round, at most, and so long after that.
    private static final int MAX_ACKNOWLEDGED = 150;

    private static final long MAX_DELAY_NANOS = Duration.ofMillis(30).toNanos();

    /// One round in so many kills it while it starts, at the latest after this.
    private static final int START_KILLS = 5;

    private static final long MAX_START_NANOS = Duration.ofMillis(1200).toNanos();

    /// How long the next hop takes over its answer to a message, at most.
    private static final long MAX_ANSWER_NANOS = Duration.ofMillis(40).toNanos();

    private static final Duration DRAIN_LIMIT = Duration.ofMinutes(5);
    private static final Pattern QUEUE_ID = Pattern.compile("\\bid (\\w+)\\b");

    private final Senders senders = new Senders();

    @Test
    void whatWasAcknowledgedArrivesWhateverIsKilled(@TempDir Path directory) {
        Seeds.forEach(
                1,
                random -> {
                    SplittableRandom seeded = new SplittableRandom(random.nextLong());
                    try (Sink sink = Sink.start(CrashIT::answerLate);
                            Postern postern = Postern.in(directory).egress(sink.egress())) {
                        for (int round = 0; round < ROUNDS; round++) {
                            killOnce(postern, seeded);
                        }
                        postern.start();
                        Await.until("the queue is empty", DRAIN_LIMIT, () -> isEmpty(postern));
                        Set<String> marked = marked(postern, sink.taken());
                        assertEquals(0, postern.stop());
                        judge(sink.taken(), postern.log(), marked);
                    }
                });
    }

    private static Taken answerLate(Taken taken) {
        LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(MAX_ANSWER_NANOS));
        return taken;
    }

    private void killOnce(Postern postern, SplittableRandom random) throws Exception {
        if (random.nextInt(START_KILLS) == 0) {
            postern.launch();
            LockSupport.parkNanos(random.nextLong(MAX_START_NANOS));
        } else {
            postern.start();
            int before = senders.acknowledged().size();
            int enough = before + random.nextInt(MAX_ACKNOWLEDGED);
            senders.start(postern.smtpPort(), CONNECTIONS, random);
            Await.until(
                    "enough is acknowledged",
                    () -> senders.acknowledged().size() >= enough || !postern.isAlive());
            LockSupport.parkNanos(random.nextLong(MAX_DELAY_NANOS));
        }
        assertTrue(postern.isAlive(), () -> "it ended by itself:\n" + tail(postern.lines()));
        postern.kill9();
        senders.join();
    }

    private static boolean isEmpty(Postern postern) {
        return List.of("queued", "sending", "deferred", "held").stream()
                .allMatch(state -> postern.count(state) == 0);
    }

    /// Returns which of the messages that came again the spool knows as possible duplicates.
    private static Set<String> marked(Postern postern, List<Taken> taken) throws IOException {
        Set<String> marked = new TreeSet<>();
        for (String id : duplicates(taken.stream().filter(Taken::whole).toList())) {
            if (postern.admin("/api/v1/messages/" + id).path("possible-duplicate").asBoolean()) {
                marked.add(id);
            }
        }
        return marked;
    }

    private void judge(List<Taken> taken, List<String> log, Set<String> marked) {
        List<Taken> whole = taken.stream().filter(Taken::whole).toList();
        Set<String> arrived = whole.stream().map(Taken::sender).collect(Collectors.toSet());
        Set<String> lost = new TreeSet<>(senders.acknowledged());
        lost.removeAll(arrived);
        List<Taken> mangled = whole.stream().filter(this::isMangled).toList();
        List<String> duplicates = duplicates(whole);
        List<String> unannounced = unannounced(duplicates, log, marked);
        System.out.printf(
                "crash: %d kills, %d sent, %d acknowledged, %d DATA (%d broken off), %d arrived;"
                        + " %d lost, %d mangled, %d duplicates, of which unannounced %d%n",
                ROUNDS,
                senders.offered().size(),
                senders.acknowledged().size(),
                taken.size(),
                taken.size() - whole.size(),
                arrived.size(),
                lost.size(),
                mangled.size(),
                duplicates.size(),
                unannounced.size());
        assertEquals(Set.of(), senders.surprises());
        assertEquals(Set.of(), lost, () -> tail(log));
        assertEquals(List.of(), mangled);
        assertEquals(List.of(), unannounced);
        assertTrue(
                duplicates.isEmpty()
                        || log.stream().anyMatch(line -> line.contains("possible duplicate")),
                "the log names none of them");
    }

    private boolean isMangled(Taken taken) {
        return taken.bareNewlines() > 0
                || !taken.recipients().equals(List.of("user@example.com"))
                || !taken.digest().equals(senders.offered().get(taken.sender()));
    }

    /// Returns the queue ids of messages that came again, once for every time beyond the first.
    private static List<String> duplicates(List<Taken> whole) {
        Set<String> seen = new TreeSet<>();
        return whole.stream()
                .filter(taken -> !seen.add(taken.sender()))
                .map(taken -> {
                    Matcher id = QUEUE_ID.matcher(taken.first());
                    assertTrue(id.find(), taken.first());
                    return id.group(1);
                })
                .toList();
    }

    /// Returns those of the ids that came again more often than the log called them so, and whose
    /// history does not either: the last lines of a log are lost with a process that is killed.
    private static List<String> unannounced(
            List<String> duplicates, List<String> log, Set<String> marked) {
        List<String> announced =
                log.stream().filter(line -> line.contains("possible duplicate")).toList();
        return duplicates.stream()
                .distinct()
                .filter(id -> !marked.contains(id))
                .filter(id ->
                        announced.stream().filter(line -> line.contains(id)).count()
                                < duplicates.stream().filter(id::equals).count())
                .toList();
    }

    private static String tail(List<String> log) {
        return String.join("\n", log.subList(Math.max(0, log.size() - 50), log.size()));
    }
}
