package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortRace.Candidate;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Races in a time of their own.
class PortRaceTest {

    private static final Duration STAGGER = Duration.ofMillis(250);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /// A track on which every candidate takes as long as the test says.
    private static final class ScriptedTrack implements PortRace.Track {

        private final Map<Integer, Long> takesMillis = new HashMap<>();
        private final Map<Integer, Verdict> objections = new HashMap<>();
        private final Map<Integer, Long> startedMillis = new LinkedHashMap<>();
        private final List<PortRace.Finish> finished = new ArrayList<>();
        private long nowMillis;
        private boolean closed;

        ScriptedTrack wins(int port, long afterMillis) {
            takesMillis.put(port, afterMillis);
            return this;
        }

        ScriptedTrack loses(int port, long afterMillis) {
            Context context = Context.ofSmtp(Stage.CONNECT, "h", "h:" + port, STAGGER);
            objections.put(port, Trouble.ofFinding(context, Symptom.AUTH_NOT_OFFERED));
            return wins(port, afterMillis);
        }

        @Override
        public void start(Candidate candidate) {
            assertNull(startedMillis.put(candidate.port(), nowMillis), "started twice");
        }

        private long endMillis(int port) {
            return startedMillis.get(port) + takesMillis.getOrDefault(port, Long.MAX_VALUE / 2);
        }

        @Override
        public PortRace.Finish next(Duration longest) {
            Integer next =
                    startedMillis.keySet().stream()
                            .filter(port ->
                                    finished.stream()
                                            .noneMatch(each -> each.candidate().port() == port))
                            .min(Comparator.comparingLong(this::endMillis))
                            .orElse(null);
            if (next == null || endMillis(next) > nowMillis + longest.toMillis()) {
                nowMillis += longest.toMillis();
                return null;
            }
            nowMillis = Math.max(nowMillis, endMillis(next));
            PortRace.Finish finish = new PortRace.Finish(candidate(next), objections.get(next));
            finished.add(finish);
            return finish;
        }

        @Override
        public long nanoTime() {
            return Duration.ofMillis(nowMillis).toNanos();
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static Candidate candidate(int port) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        return new Candidate(address, TlsStart.STARTTLS);
    }

    private final ScriptedTrack track = new ScriptedTrack();

    private PortRace.RaceResult race(int... ports) throws InterruptedException {
        List<Candidate> candidates = new ArrayList<>();
        for (int port : ports) {
            candidates.add(candidate(port));
        }
        PortRace.RaceResult result = new PortRace(candidates, track, STAGGER, LIMIT).run();
        assertTrue(track.closed);
        return result;
    }

    private static int winner(PortRace.RaceResult result) {
        Candidate winner = result.winner();
        assertNotNull(winner);
        return winner.port();
    }

    @Test
    void theFirstThatIsFitWinsAndTheRestNeedNotStart() throws InterruptedException {
        track.wins(587, 200);
        assertEquals(587, winner(race(587, 465, 2525)));
        assertEquals(Map.of(587, 0L), track.startedMillis);
    }

    @Test
    void eachStartsAStaggerAfterTheOneBefore() throws InterruptedException {
        track.wins(2525, 100);
        PortRace.RaceResult result = race(587, 465, 2525);
        assertEquals(2525, winner(result));
        assertEquals(Map.of(587, 0L, 465, 250L, 2525, 500L), track.startedMillis);
        assertEquals(600, track.nowMillis);
        assertEquals(
                Map.of(
                        candidate(587),
                        Duration.ofMillis(600),
                        candidate(465),
                        Duration.ofMillis(350)),
                result.unfinished());
    }

    @Test
    void aLosersSuccessorStartsAtOnce() throws InterruptedException {
        track.loses(587, 1).loses(465, 2).wins(2525, 10);
        PortRace.RaceResult result = race(587, 465, 2525);
        assertEquals(2525, winner(result));
        assertEquals(Map.of(587, 0L, 465, 1L, 2525, 3L), track.startedMillis);
        assertEquals(
                List.of(candidate(587), candidate(465)), List.copyOf(result.objections().keySet()));
    }

    @Test
    void whatConnectsFirstDoesNotWinWhenItIsUnfit() throws InterruptedException {
        track.loses(587, 5).wins(465, 900);
        assertEquals(465, winner(race(587, 465)));
    }

    @Test
    void aSlowStarterThatIsFasterInTheEndWins() throws InterruptedException {
        track.wins(587, 5000).wins(465, 100);
        assertEquals(465, winner(race(587, 465)));
    }

    @Test
    void whenAllLoseItEndsAtOnce() throws InterruptedException {
        track.loses(587, 10_000).loses(465, 10_000).loses(2525, 10_000);
        PortRace.RaceResult result = race(587, 465, 2525);
        assertNull(result.winner());
        assertEquals(3, result.objections().size());
        assertEquals(10_500, track.nowMillis);
    }

    @Test
    void itTakesNoLongerThanItsLimit() throws InterruptedException {
        track.loses(465, 10);
        PortRace.RaceResult result = race(587, 465, 2525);
        assertNull(result.winner());
        assertEquals(List.of(candidate(465)), List.copyOf(result.objections().keySet()));
        assertEquals(LIMIT.toMillis(), track.nowMillis);
    }

    @Test
    void manyCandidatesKeepTheLimitToo() throws InterruptedException {
        int[] ports = IntStream.rangeClosed(1, 500).toArray();
        assertNull(race(ports).winner());
        assertEquals(LIMIT.toMillis(), track.nowMillis);
    }
}
