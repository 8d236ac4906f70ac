package dev.postern.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.event.KeyValuePair;

class FoldingTest {

    private static final long MINUTE = Folding.EVERY.toNanos();
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private static final List<Level> LEVELS =
            List.of(Level.FINEST, Level.FINE, Level.INFO, Level.WARNING, Level.SEVERE);

    private final Folding folding = new Folding();

    private static Fact fact(Level level, String message, Object... pairs) {
        return new Fact(level, "t", message, message, pairs(pairs), false);
    }

    private static List<KeyValuePair> pairs(Object... pairs) {
        List<KeyValuePair> all = new ArrayList<>();
        for (int i = 0; i < pairs.length; i += 2) {
            all.add(new KeyValuePair(pairs[i].toString(), pairs[i + 1]));
        }
        return all;
    }

    private static Fact thirdParty(Level level, int i) {
        LogRecord entry = new LogRecord(level, "connection {0} broke");
        entry.setParameters(new Object[] {i});
        entry.setLoggerName("io.netty");
        return Fact.of(entry);
    }

    private static Fact failure(Level level, int i) {
        Fact fact = fact(level, "failed");
        fact.setThrown(new IllegalStateException("number " + i));
        return fact;
    }

    /// Facts that repeat but for what does not tell kinds apart; each has its number in it.
    static Stream<Arguments> kinds() {
        Map<String, IntFunction<IntFunction<Fact>>> kinds =
                Map.of(
                        "no pairs", level -> _ -> fact(LEVELS.get(level), "bare"),
                        "a client", level -> i -> fact(LEVELS.get(level), "refused", "client", i),
                        "an egress",
                                level ->
                                        i ->
                                                fact(
                                                        LEVELS.get(level),
                                                        "down",
                                                        "egress",
                                                        "gmail",
                                                        "reply",
                                                        "421 " + i),
                        "a third party's", level -> i -> thirdParty(LEVELS.get(level), i),
                        "arguments",
                                level ->
                                        i ->
                                                new Fact(
                                                        LEVELS.get(level),
                                                        "t",
                                                        "took {}",
                                                        "took " + i,
                                                        List.of(),
                                                        false),
                        "a failure", level -> i -> failure(LEVELS.get(level), i));
        return kinds.entrySet().stream()
                .flatMap(kind ->
                        Stream.of(0, 1, 2, 3, 4)
                                .map(level ->
                                        Arguments.of(
                                                kind.getKey(),
                                                LEVELS.get(level),
                                                kind.getValue().apply(level))));
    }

    @ParameterizedTest(name = "{0} at {1}")
    @MethodSource("kinds")
    void theFirstAtOnceThenACountEachMinute(String name, Level level, IntFunction<Fact> kind) {
        Fact first = kind.apply(0);
        assertEquals(List.of(first), folding.take(first, 0));
        for (int i = 1; i <= 9; i++) {
            assertEquals(List.of(), folding.take(kind.apply(i), i * SECOND));
        }
        assertEquals(List.of(), folding.due(MINUTE - 1));
        assertCount(9, kind.apply(9), folding.due(MINUTE));

        assertEquals(List.of(), folding.take(kind.apply(10), MINUTE + SECOND));
        assertEquals(List.of(), folding.due(2 * MINUTE - 1));
        assertCount(1, kind.apply(10), folding.due(2 * MINUTE));

        assertEquals(List.of(), folding.due(3 * MINUTE));
        assertEquals(Long.MAX_VALUE, folding.nanosUntilDue(3 * MINUTE));
        Fact again = kind.apply(11);
        assertEquals(List.of(again), folding.take(again, 3 * MINUTE));
    }

    /// The same line, with the latest facts.
    private static void assertCount(long times, Fact latest, List<Fact> told) {
        assertEquals(1, told.size(), () -> texts(told).toString());
        Fact count = told.getFirst();
        assertEquals(times, count.weight());
        assertEquals(latest.getLevel(), count.getLevel());
        assertEquals(latest.getMessage(), count.getMessage());
        List<String> facts = new ArrayList<>(texts(latest.pairs()));
        if (latest.getThrown() != null) {
            facts.add("error=" + latest.getThrown());
        }
        facts.add("repeated=" + times);
        List<String> counted = texts(count.pairs());
        assertEquals(facts, counted.subList(0, facts.size()));
        assertTrue(counted.getLast().startsWith("latest="), counted::toString);
    }

    private static List<String> texts(List<?> values) {
        return values.stream()
                .map(value ->
                        value instanceof KeyValuePair pair
                                ? pair.key + "=" + pair.value
                                : Objects.toString(value))
                .toList();
    }

    @Test
    void differentNewsAreNotFoldedTogether() {
        for (String key : Folding.APART) {
            for (String value : List.of("a", "b")) {
                Fact fact = fact(Level.INFO, "m", key, value);
                assertEquals(List.of(fact), folding.take(fact, 0), key);
            }
        }
        for (Level level : LEVELS) {
            for (String message : List.of("one", "two")) {
                for (String logger : List.of("t", "u")) {
                    Fact fact = new Fact(level, logger, message, message, List.of(), false);
                    assertEquals(List.of(fact), folding.take(fact, 0));
                }
            }
        }
    }

    @Test
    void aMessagesStoryIsToldLineByLine() {
        for (int i = 0; i < 100; i++) {
            Fact fact = new Fact(Level.INFO, "t", "accepted", "accepted", List.of(), true);
            assertEquals(List.of(fact), folding.take(fact, 0));
        }
        assertEquals(List.of(), folding.end());
    }

    @Test
    void theOldestKindGoesAndItsCountIsTold() {
        folding.take(fact(Level.INFO, "oldest"), 0);
        folding.take(fact(Level.INFO, "oldest"), 1);
        for (int i = 1; i < Folding.KINDS; i++) {
            folding.take(fact(Level.INFO, "kind " + i), 2);
        }
        List<Fact> told = folding.take(fact(Level.INFO, "one more"), 3);
        assertEquals(List.of("oldest", "one more"), told.stream().map(Fact::getMessage).toList());
        assertEquals(1, told.getFirst().weight());
    }

    @Test
    void theEndTellsAllCounts() {
        for (int i = 0; i < 3; i++) {
            folding.take(fact(Level.INFO, "one"), i);
            folding.take(fact(Level.INFO, "two"), i);
        }
        folding.take(fact(Level.INFO, "three"), 4);
        List<Fact> told = folding.end();
        assertEquals(List.of("one", "two"), told.stream().map(Fact::getMessage).toList());
        assertEquals(4, told.stream().mapToLong(Fact::weight).sum());
        Fact late = fact(Level.INFO, "one");
        assertEquals(List.of(late), folding.take(late, 5));
        assertEquals(List.of(late), folding.take(late, 6));
    }

    @Test
    void whatIsKeptOfTheLatestFactsIsSmallAndDoesNotChange() {
        StringBuilder text = new StringBuilder("before");
        List<String> many = new ArrayList<>(List.of("before"));
        for (int i = 0; i < 2; i++) {
            folding.take(
                    fact(Level.INFO, "m", "text", text, "many", many, "huge", "x ".repeat(9999)),
                    i);
        }
        text.append(" and after");
        many.add("after");
        List<String> kept = texts(folding.end().getFirst().pairs());
        assertEquals(List.of("text=before", "many=[before]"), kept.subList(0, 2));
        assertTrue(kept.get(2).length() < Folding.VALUE_CHARS + 64, kept::toString);
    }

    /// Whatever comes at whatever time: each fact is told or counted, once, and no kind is told
    /// more often than that.
    @Test
    void nothingIsLostInSilence() {
        Seeds.forEach(
                200,
                random -> {
                    Folding folding = new Folding();
                    long now = 0;
                    int taken = 0;
                    int kinds = 1 + random.nextInt(2 * Folding.KINDS);
                    List<Fact> told = new ArrayList<>();
                    for (int i = random.nextInt(3000); i > 0; i--) {
                        now +=
                                random.nextInt(10) == 0
                                        ? random.nextLong(MINUTE)
                                        : random.nextLong(SECOND);
                        if (random.nextInt(4) == 0) {
                            told.addAll(folding.due(now));
                        }
                        String message = "kind " + random.nextInt(kinds);
                        boolean each = random.nextInt(10) == 0;
                        Level level = Seeds.oneOf(random, LEVELS);
                        told.addAll(
                                folding.take(
                                        new Fact(level, "t", message, message, List.of(), each),
                                        now));
                        taken++;
                        assertTrue(folding.nanosUntilDue(now) > 0);
                    }
                    told.addAll(folding.end());
                    assertEquals(taken, told.stream().mapToLong(Fact::weight).sum());
                });
    }
}
