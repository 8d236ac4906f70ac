package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.QueueAdmin.Query;
import dev.postern.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Random work on a spool whose disk, process and machine fail, against a model that knows what
/// must be there afterwards.
///
/// The model keeps for every message the states it went through, and which of them is written and
/// which is synced. After the process died the last written one must be found; after the machine
/// died one from the last synced one on; never octets that differ, never a message that was not
/// accepted. A fault and the death of the process together count as the death of the machine. A
/// start may die as well, and the one after it. At the end a bit of the journal has rotted: of one
/// message less may be there, which is reported.
///
/// `-Dcrashes=1000000` has it go on for as many ends and starts.
class SpoolSim {

    private static final long CRASHES_IN_A_BUILD = 1_500;
    private static final Duration TOLD_EVERY = Duration.ofSeconds(10);

    private static final int STEPS = 200;
    private static final int SHORT_BYTES = 3_000;
    private static final int LONG_BYTES = 90_000;

    /// What is there of a message.
    private enum There {
        NOTHING,
        WAITING,
        SENT,
        FAILED
    }

    private static final class Fact {
        private final String content;
        private final List<There> went = new ArrayList<>();
        private int written;
        private int synced;
        private boolean possiblyDuplicate;
        private boolean wasSent;

        private Fact(String content, There first) {
            this.content = content;
            goes(first);
        }

        private void goes(There next) {
            went.add(next);
            wasSent |= next == There.SENT;
        }

        private There now() {
            return went.getLast();
        }
    }

    @Test
    void whatWasAcceptedIsThereAndNothingElse() {
        String asked = System.getProperty("crashes", "");
        if (asked.isEmpty()) {
            crash(CRASHES_IN_A_BUILD, _ -> {});
            return;
        }
        // What the spool says of its disk would be many lines a crash.
        Logger spools = Logger.getLogger("dev.postern.spool");
        Level before = spools.getLevel();
        spools.setLevel(Level.OFF);
        try {
            crash(Long.parseLong(asked), System.out::println);
        } finally {
            spools.setLevel(before);
        }
    }

    /// Runs worlds until there were so many crashes.
    ///
    /// @return how many there were
    /// @throws AssertionError when a message is not as it must be
    static long crash(long wanted, Consumer<String> progress) {
        long[] crashes = {0};
        long began = System.nanoTime();
        long[] told = {began};
        Seeds.asLongAs(
                worlds -> {
                    long now = System.nanoTime();
                    boolean last = crashes[0] >= wanted;
                    if (last || now - told[0] > TOLD_EVERY.toNanos()) {
                        told[0] = now;
                        progress.accept(
                                "spool: %,d crashes of %,d in %,d worlds, %,d s"
                                        .formatted(
                                                crashes[0],
                                                wanted,
                                                worlds,
                                                Duration.ofNanos(now - began).toSeconds()));
                    }
                    return !last;
                },
                random -> {
                    World world = new World(random);
                    world.run();
                    crashes[0] += world.crashes;
                });
        return crashes[0];
    }

    /// One spool and its model.
    private static final class World {

        private final Map<QueueId, Fact> facts = new TreeMap<>();
        private final Map<QueueId, Intake> intakes = new TreeMap<>();
        private final Map<QueueId, CompletableFuture<Void>> commits = new TreeMap<>();
        private final Map<QueueId, MessageState> claimed = new TreeMap<>();

        /// What is being prepared, and how often the process died over a message then: at least,
        /// and at most, since the death of the machine may take strikes with it.
        private final Set<QueueId> preparing = new HashSet<>();

        /// Those whose last preparation since their claim went well.
        private final Set<QueueId> well = new HashSet<>();

        /// Whether one was held, perhaps, and none went well since: then none must be.
        private boolean open;

        private final Set<QueueId> suspected = new HashSet<>();
        private final Map<QueueId, Integer> leastStrikes = new TreeMap<>();
        private final Map<QueueId, Integer> mostStrikes = new TreeMap<>();
        private final RandomGenerator random;
        private final SpoolBench bench;
        private final boolean keepsHistory;
        private int counter;
        private int crashes;

        /// Faults of the disk before the last sync that went well.
        private int pastFaults;

        private World(RandomGenerator random) {
            this.random = random;
            SpoolConfig config =
                    new SpoolConfig(
                            SpoolBench.HOME,
                            SpoolConfig.Sync.ALWAYS,
                            0,
                            0,
                            Duration.ofDays(365),
                            Duration.ofDays(365),
                            random.nextBoolean() ? 10_000 : 5);
            bench =
                    new SpoolBench(new MemoryDisk(random.nextLong()))
                            .config(config)
                            .segmentBytes(4_096 << random.nextInt(4));
            keepsHistory = config.keepSentCount() > 5;
        }

        private void run() throws Exception {
            bench.open();
            for (int step = 0; step < STEPS; step++) {
                act();
                learn();
            }
            bench.disk().failSyncs(0);
            bench.disk().failWrites(0);
            bench.disk().failCreates(0);
            bench.disk().capacity(Long.MAX_VALUE / 2);
            bench.housekeeping();
            learn();
            die(random.nextInt(3));
            allThatWaitsIsClaimed();
            rot();
        }

        private void act() throws Exception {
            switch (random.nextInt(23)) {
                case 0, 1, 2 -> begin();
                case 3, 4 -> writeMore();
                case 5, 6, 7 -> commit();
                case 8 -> abort();
                case 9, 10 -> claim();
                case 11, 12, 13 -> settle();
                case 14 -> verb();
                case 15, 16 -> bench.spool().step();
                case 17 -> tick();
                case 18 -> fault();
                case 19, 20, 21 -> prepare();
                default -> {
                    if (random.nextInt(4) == 0) {
                        die(random.nextInt(3));
                    }
                }
            }
        }

        private void tick() {
            bench.advance(Duration.ofSeconds(1));
            bench.spool().tick();
        }

        private void begin() {
            int length = random.nextInt(random.nextInt(10) == 0 ? LONG_BYTES : SHORT_BYTES);
            String text = (counter++ + " ").repeat(length / 4 + 1);
            try {
                Intake intake = bench.begin(text);
                facts.put(intake.id(), new Fact(text, There.NOTHING));
                intakes.put(intake.id(), intake);
            } catch (SpoolException refused) {
                assertTrue(bench.admin().status().trouble() != null, "refused without a reason");
            }
        }

        private void writeMore() {
            if (!intakes.isEmpty()) {
                QueueId id = Seeds.oneOf(random, List.copyOf(intakes.keySet()));
                String more = ("+" + counter++).repeat(1 + random.nextInt(SHORT_BYTES));
                Fact before = facts.get(id);
                facts.put(id, new Fact(before.content + more, There.NOTHING));
                intakes.get(id).write(Mails.octets(more));
            }
        }

        private void commit() {
            if (!intakes.isEmpty()) {
                QueueId id = Seeds.oneOf(random, List.copyOf(intakes.keySet()));
                facts.get(id).goes(There.WAITING);
                commits.put(id, bench.commit(intakes.remove(id)));
            }
        }

        private void abort() {
            if (!intakes.isEmpty()) {
                QueueId id = Seeds.oneOf(random, List.copyOf(intakes.keySet()));
                intakes.remove(id).abort();
            }
        }

        private void claim() {
            for (MessageState message : bench.queue().claim(1 + random.nextInt(3), 0)) {
                assertEquals(
                        There.WAITING, facts.get(message.id()).now(), "claimed " + message.id());
                claimed.put(message.id(), message);
            }
        }

        private void settle() {
            if (claimed.isEmpty()) {
                return;
            }
            QueueId id = Seeds.oneOf(random, List.copyOf(claimed.keySet()));
            if (random.nextInt(3) == 0) {
                committing(id);
                return;
            }
            MessageState message = claimed.remove(id);
            Fact fact = facts.get(id);
            fact.possiblyDuplicate = message.possibleDuplicate();
            switch (random.nextInt(6)) {
                case 0 -> {
                    fact.goes(There.FAILED);
                    bench.queue().settle(id, Mails.failed(message, bench.instant()));
                }
                case 1, 2 -> {
                    fact.goes(There.WAITING);
                    Duration later = Duration.ofSeconds(random.nextInt(100));
                    bench.queue()
                            .settle(
                                    id,
                                    Mails.deferred(
                                            message,
                                            Reason.RECIPIENT,
                                            bench.instant(),
                                            bench.instant().plus(later)));
                }
                case 3 -> {
                    fact.goes(There.WAITING);
                    bench.queue().settle(id, Mails.held(message, bench.instant()));
                }
                default -> {
                    fact.goes(There.SENT);
                    bench.queue().settle(id, Mails.sent(message, bench.instant()));
                }
            }
            settled(id);
        }

        /// Begins or ends a preparation, of one that must be alone only when that need not wait.
        private void prepare() {
            if (!preparing.isEmpty() && random.nextInt(3) == 0) {
                QueueId id = Seeds.oneOf(random, List.copyOf(preparing));
                prepared(id, random.nextInt(4) == 0);
            } else if (!claimed.isEmpty()) {
                QueueId id = Seeds.oneOf(random, List.copyOf(claimed.keySet()));
                boolean free =
                        mustBeAlone(id)
                                ? preparing.isEmpty()
                                : preparing.stream().noneMatch(this::mustBeAlone);
                if (free && preparing.add(id)) {
                    well.remove(id);
                    bench.queue().preparing(id);
                }
            }
        }

        private boolean mustBeAlone(QueueId id) {
            return mostStrikes.getOrDefault(id, 0) >= Preparations.ALONE_STRIKES;
        }

        private void prepared(QueueId id, boolean toItsEnd) {
            if (preparing.remove(id)) {
                bench.queue().prepared(id, toItsEnd);
                if (toItsEnd) {
                    well.add(id);
                }
            }
        }

        private void settled(QueueId id) {
            boolean wentWell = well.remove(id);
            open &= !wentWell;
            if (wentWell || facts.get(id).now() != There.WAITING) {
                leastStrikes.remove(id);
                mostStrikes.remove(id);
            }
        }

        /// Takes note of an end, after which the spool is open again: what was being prepared and
        /// had to be alone must be held now, and nothing else may be that was not.
        private void strike(boolean clean, boolean machine) {
            Set<QueueId> dying = clean ? Set.of() : Set.copyOf(preparing);
            preparing.clear();
            well.clear();
            boolean wasOpen = open && !clean;
            open = wasOpen || machine;
            for (QueueId id : facts.keySet()) {
                boolean waits = found(id) == There.WAITING;
                int least = leastStrikes.getOrDefault(id, 0);
                int most = mostStrikes.getOrDefault(id, 0);
                boolean held = waits && isSuspected(id);
                boolean dies = dying.contains(id);
                boolean may = suspected.contains(id) || (dies && most >= 2);
                assertTrue(!held || may, id + " is suspected with strikes " + most);
                boolean must = waits && dies && !machine && least >= (wasOpen ? 3 : 2);
                assertTrue(held || !must, id + " is not suspected with strikes " + least);
                count(leastStrikes, id, dies && !machine, !waits || machine, clean);
                count(mostStrikes, id, dies, false, clean);
                if (!held) {
                    leastStrikes.merge(id, 2, Math::min);
                } else if (suspected.add(id)) {
                    open = true;
                }
            }
        }

        private static void count(
                Map<QueueId, Integer> strikes,
                QueueId id,
                boolean one,
                boolean lost,
                boolean clean) {
            int now = Math.min(strikes.getOrDefault(id, 0) + (one ? 1 : 0), 3);
            strikes.put(id, lost || (clean && now < 3) ? 0 : now);
        }

        private boolean isSuspected(QueueId id) {
            return bench.message(id).recipients().stream()
                    .anyMatch(r -> r.reason() == Reason.SUSPECTED);
        }

        private void committing(QueueId id) {
            try {
                bench.queue().committing(id);
                facts.get(id).possiblyDuplicate |= bench.admin().status().trouble() == null;
            } catch (UncheckedIOException refused) {
                assertTrue(bench.admin().status().trouble() != null, "refused without a reason");
            }
        }

        private void verb() {
            List<QueueId> ids = List.copyOf(facts.keySet());
            if (ids.isEmpty() || bench.admin().status().trouble() != null) {
                return;
            }
            QueueId id = Seeds.oneOf(random, ids);
            QueueAdmin.Verb verb = Seeds.oneOf(random, List.of(QueueAdmin.Verb.values()));
            if (bench.admin().apply(verb, id) == QueueAdmin.Verdict.DONE) {
                facts.get(id).goes(verb == QueueAdmin.Verb.DELETE ? There.NOTHING : There.WAITING);
                if (suspected.remove(id)) {
                    leastStrikes.put(id, Preparations.HELD_STRIKES);
                    mostStrikes.put(id, Preparations.HELD_STRIKES);
                }
            }
        }

        private void fault() {
            MemoryDisk disk = bench.disk();
            switch (random.nextInt(6)) {
                case 0 -> disk.failSyncs(1 + random.nextInt(2));
                case 1 -> disk.failWrites(1);
                case 2 -> disk.failCreates(1);
                case 3 -> disk.crashAfter(random.nextInt(30));
                case 4 -> disk.capacity(disk.usedBytes() + random.nextInt(5_000));
                default -> disk.capacity(Long.MAX_VALUE / 2);
            }
        }

        /// Takes note of commits that are answered, and of what must be written or synced by now.
        private void learn() {
            learnCommits();
            if (bench.admin().status().trouble() == null && random.nextInt(3) == 0) {
                boolean sync = random.nextBoolean();
                if (sync) {
                    bench.spool().tick();
                } else {
                    bench.spool().step();
                }
                if (bench.admin().status().trouble() == null) {
                    facts.forEach((id, fact) -> settled(id, fact, sync));
                    pastFaults = sync ? bench.disk().faults() : pastFaults;
                }
            }
        }

        private void learnCommits() {
            commits.entrySet()
                    .removeIf(entry -> {
                        Fact fact = facts.get(entry.getKey());
                        CompletableFuture<Void> commit = entry.getValue();
                        if (!commit.isDone()) {
                            return false;
                        }
                        if (commit.isCompletedExceptionally()) {
                            fact.goes(There.NOTHING);
                            assertTrue(bench.admin().find(entry.getKey()).isEmpty());
                        } else {
                            fact.written = fact.went.indexOf(There.WAITING);
                            fact.synced = fact.written;
                        }
                        return true;
                    });
        }

        private void settled(QueueId id, Fact fact, boolean sync) {
            CompletableFuture<Void> commit = commits.get(id);
            if (commit == null) {
                fact.written = fact.went.size() - 1;
                fact.synced = sync ? fact.written : fact.synced;
            }
        }

        private boolean hasEndedCleanly() {
            try {
                return !bench.disk().list(SpoolBench.HOME).contains("running");
            } catch (IOException dead) {
                return false;
            }
        }

        private void die(int how) throws Exception {
            bench.disk().failSyncs(0);
            bench.disk().failWrites(0);
            bench.disk().failCreates(0);
            bench.disk().capacity(Long.MAX_VALUE / 2);
            learn();
            boolean shaky = bench.disk().faults() != pastFaults;
            boolean clean = false;
            if (how == 2) {
                bench.spool().close();
                clean = hasEndedCleanly();
            }
            bench.end(how == 1);
            crashes++;
            boolean machine = startsDie() || how == 1;
            bench.openBehind();
            mailComesMeanwhile();
            bench.recover();
            boolean power = machine || shaky;
            strike(clean, power);
            for (Map.Entry<QueueId, Fact> entry : facts.entrySet()) {
                verify(entry.getKey(), entry.getValue(), power);
                if (machine || !shaky) {
                    boolean died = how == 1;
                    verifyPossibleDuplicate(entry.getKey(), entry.getValue(), died);
                } else if (found(entry.getKey()) == There.WAITING) {
                    entry.getValue().possiblyDuplicate &=
                            bench.message(entry.getKey()).possibleDuplicate();
                }
                if (!commits.containsKey(entry.getKey())) {
                    entry.setValue(refound(entry.getKey(), entry.getValue()));
                }
            }
            nobodyElseIsThere();
            pastFaults = bench.disk().faults();
            claimed.clear();
        }

        /// Lets none, one or several starts die, or be stopped, while they read back what is there
        /// and take mail.
        ///
        /// @return whether the machine died
        private boolean startsDie() throws Exception {
            boolean machines = false;
            while (random.nextInt(4) == 0) {
                boolean machine = random.nextBoolean();
                boolean stops = random.nextInt(3) == 0;
                if (!stops) {
                    bench.disk().crashAfter(random.nextInt(120));
                }
                try {
                    bench.openBehind();
                    mailComesMeanwhile();
                    if (stops) {
                        bench.spool().close();
                    } else if (random.nextBoolean()) {
                        bench.recover();
                    }
                } catch (SpoolException died) {
                    assertTrue(bench.disk().faults() > 0, died::toString);
                }
                bench.end(machine && !stops);
                machines |= machine && !stops;
                crashes++;
            }
            return machines;
        }

        /// New mail, while what the last run left is read back.
        private void mailComesMeanwhile() {
            intakes.clear();
            commits.clear();
            for (int left = random.nextInt(6); left > 0; left--) {
                begin();
                if (random.nextBoolean()) {
                    commit();
                }
                if (random.nextBoolean()) {
                    bench.spool().step();
                }
                learnCommits();
                boolean known = bench.isComplete();
                assertTrue(known || bench.queue().claim(1, 0).isEmpty(), "claimed too early");
            }
        }

        private void nobodyElseIsThere() {
            for (MessageState message :
                    bench.admin().list(new Query(null, null, null, 1000, null)).messages()) {
                assertTrue(facts.containsKey(message.id()), "nobody sent " + message.id());
            }
        }

        /// Flips a bit of the journal while nothing runs.
        private void rot() throws Exception {
            bench.spool().close();
            if (!hasEndedCleanly()) {
                return;
            }
            List<Path> segments =
                    bench.disk().paths().stream()
                            .filter(path ->
                                    Segment.numberOf(path.getFileName().toString()).isPresent())
                            .toList();
            if (segments.isEmpty()) {
                return;
            }
            Path rotten = Seeds.oneOf(random, segments);
            int at = random.nextInt(bench.disk().octets(rotten).length);
            bench.disk().flip(rotten, at, random.nextInt(Byte.SIZE));
            bench.kill();
            crashes++;
            Set<QueueId> harmed = new TreeSet<>();
            for (Map.Entry<QueueId, Fact> entry : facts.entrySet()) {
                if (!isAsItWas(entry.getKey(), entry.getValue())) {
                    harmed.add(entry.getKey());
                }
            }
            String what = "a bit of %s at %s harms %s".formatted(rotten, at, harmed);
            assertTrue(harmed.size() <= 1, what);
            assertTrue(harmed.isEmpty() || isReported(), what + " in silence");
            nobodyElseIsThere();
        }

        private boolean isAsItWas(QueueId id, Fact fact) {
            There found = found(id);
            if (!isAllowed(found, fact, fact.written)) {
                return false;
            }
            if (found == There.WAITING || found == There.FAILED) {
                try {
                    assertEquals(fact.content, bench.content(id));
                } catch (IOException | NoSuchElementException _) {
                    return false;
                }
            }
            return true;
        }

        private boolean isReported() {
            Path corrupt = SpoolBench.HOME.resolve(SpoolHome.CORRUPT);
            return bench.disk().paths().stream().anyMatch(path -> path.startsWith(corrupt));
        }

        /// Of sent ones the newest few are kept: when one of those is lost, an older one is there
        /// again.
        private boolean isAllowed(There found, Fact fact, int from) {
            List<There> allowed = fact.went.subList(from, fact.went.size());
            boolean forgotten = found == There.NOTHING && allowed.contains(There.SENT);
            boolean again = found == There.SENT && fact.wasSent;
            return allowed.contains(found) || (!keepsHistory && (forgotten || again));
        }

        private void verify(QueueId id, Fact fact, boolean power) throws IOException {
            There found = found(id);
            int from = power ? fact.synced : fact.written;
            assertTrue(
                    isAllowed(found, fact, from),
                    id + " is " + found + ", may be from " + from + " of " + fact.went);
            if (found == There.WAITING || found == There.FAILED) {
                assertEquals(fact.content, bench.content(id));
            }
        }

        /// What passed its commit point is doubtful, and after the death of the machine, which may
        /// have taken the note of that, whatever was being sent.
        private void verifyPossibleDuplicate(QueueId id, Fact fact, boolean machine) {
            boolean wasBeingSent = claimed.containsKey(id) && (machine || fact.possiblyDuplicate);
            if (found(id) == There.WAITING && wasBeingSent) {
                MessageState message = bench.message(id);
                boolean held = machine && message.state() == State.HELD;
                assertTrue(held || message.possibleDuplicate(), id + " must be doubtful");
            }
        }

        private Fact refound(QueueId id, Fact fact) {
            Fact next = new Fact(fact.content, found(id));
            next.wasSent |= fact.wasSent;
            next.possiblyDuplicate = fact.possiblyDuplicate && next.now() == There.WAITING;
            return next;
        }

        private There found(QueueId id) {
            if (bench.admin().find(id).isEmpty()) {
                return There.NOTHING;
            }
            State state = bench.message(id).state();
            return switch (state) {
                case QUEUED, DEFERRED, HELD, SENDING -> There.WAITING;
                case SENT -> There.SENT;
                case FAILED -> There.FAILED;
            };
        }

        private void allThatWaitsIsClaimed() {
            bench.spool().step();
            learnCommits();
            bench.advance(Claims.OTHERS_FIRST);
            bench.admin().flush();
            bench.queue().releaseAll();
            facts.keySet().forEach(id -> bench.admin().apply(QueueAdmin.Verb.RELEASE, id));
            suspected.forEach(id -> bench.admin().apply(QueueAdmin.Verb.RELEASE, id));
            Set<QueueId> all = new HashSet<>();
            bench.queue().claim(10_000, 0).forEach(message -> all.add(message.id()));
            Set<QueueId> expected = new HashSet<>();
            facts.forEach((id, fact) -> {
                if (fact.now() == There.WAITING) {
                    expected.add(id);
                }
            });
            assertEquals(expected, all);
        }
    }
}
