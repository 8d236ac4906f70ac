package dev.postern.egress;

import static dev.postern.egress.EgressState.DOWN;
import static dev.postern.egress.EgressState.UNKNOWN;
import static dev.postern.egress.EgressState.UP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.EgressHealth.Ticket;
import dev.postern.egress.EgressHealth.Turn;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.testing.EgressConfigs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EgressHealthTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    private final EgressHealth health =
            new EgressHealth(EgressConfigs.egress("gmail"), List::of, START);
    private Instant now = START;

    @BeforeEach
    void takeTheFirstProbe() {
        assertTrue(health.takeProbe(START));
        assertFalse(health.takeProbe(START));
    }

    private static Outcome outcome(String kind) {
        return switch (kind) {
            case "accepted" -> new Outcome.Accepted("250", null, List.of());
            case "deferred" -> new Outcome.Deferred("450", null);
            case "rejected" -> new Outcome.Rejected("550");
            case "unsuited" -> new Outcome.Unsuited("552", Unsuitability.SIZE);
            case "uncertain" -> new Outcome.Uncertain("lost");
            default ->
                    new Outcome.Unavailable(
                            kind, Fault.valueOf(kind.toUpperCase(Locale.ROOT)), null);
        };
    }

    private Turn attempt(String kind) {
        assertTrue(health.admits());
        return health.finished(health.begin(), List.of(outcome(kind)), now);
    }

    private Turn probe(Probe found) {
        return health.probed(found, now);
    }

    private Turn failProbe(Fault fault) {
        return probe(new Probe.Failed("no", fault, null));
    }

    private Turn passProbe() {
        return probe(new Probe.Passed("fine"));
    }

    private EgressState state() {
        return health.view().state();
    }

    private Duration probeIn() {
        return Duration.between(now, health.nextProbe().orElseThrow());
    }

    @Test
    void itStartsUnknownUsableAndProbed() {
        assertEquals(UNKNOWN, state());
        assertTrue(health.admits());
        assertEquals(
                Optional.of(START),
                new EgressHealth(EgressConfigs.egress("x"), List::of, START).nextProbe());
    }

    @Test
    void aProbeOrAMessageProvesIt() {
        passProbe();
        assertEquals(UP, state());
        assertEquals(now, health.view().lastSuccess());
        EgressHealth other = new EgressHealth(EgressConfigs.egress("x"), List::of, START);
        other.finished(other.begin(), List.of(outcome("accepted")), now);
        assertEquals(UP, other.view().state());
    }

    @Test
    void troubleThatDoesNotOpenLeavesItUnknownUntilTheNextSuccess() {
        passProbe();
        attempt("network");
        assertEquals(UNKNOWN, state());
        assertTrue(health.admits(), "the breaker is closed");
        attempt("deferred");
        assertEquals(UNKNOWN, state(), "an answer is no success");
        attempt("accepted");
        assertEquals(UP, state());
        attempt("network");
        passProbe();
        assertEquals(UP, state());
    }

    @Test
    void anUnprovenProbeLeavesItUnknown() {
        assertEquals(Turn.NONE, probe(new Probe.Unproven("no rights")));
        assertEquals(UNKNOWN, state());
        assertTrue(health.admits());
    }

    @ParameterizedTest
    @ValueSource(strings = {"credentials", "certificate", "interception", "account", "quota"})
    void troubleThatStaysOpensAtOnce(String fault) {
        assertEquals(Turn.OPENED, attempt(fault));
        assertEquals(DOWN, state());
        assertFalse(health.admits());
        assertEquals(fault, health.view().lastWords());
    }

    @ParameterizedTest
    @ValueSource(strings = {"network", "timeout", "tls", "service"})
    void troubleThatPassesOpensAtTheThirdInARow(String fault) {
        assertEquals(Turn.NONE, attempt(fault));
        assertEquals(Turn.NONE, attempt(fault));
        assertEquals(Turn.OPENED, attempt(fault));
        assertEquals(DOWN, state());
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void anyFailedProbeOpens(Fault fault) {
        assertEquals(Turn.OPENED, failProbe(fault));
        assertEquals(fault, health.view().fault());
    }

    @ParameterizedTest
    @CsvSource({
        "accepted, true",
        "deferred, true",
        "rejected, true",
        "unsuited, false",
        "uncertain, false",
    })
    void answersEndTheRow(String kind, boolean ends) {
        attempt("network");
        attempt("network");
        attempt(kind);
        attempt("network");
        assertEquals(ends, health.admits());
    }

    @ParameterizedTest
    @CsvSource({
        // trial, then
        "accepted, UP",
        "deferred, UNKNOWN",
        "rejected, UNKNOWN",
        "unsuited, UNKNOWN",
        "uncertain, DOWN",
        "network, DOWN",
        "credentials, DOWN",
    })
    void aTrialDecides(String kind, EgressState then) {
        failProbe(Fault.NETWORK);
        assertEquals(Turn.HALF_OPENED, passProbe());
        assertEquals(UNKNOWN, state());
        Ticket trial = health.begin();
        assertFalse(health.admits(), "one at a time");
        health.finished(trial, List.of(outcome(kind)), now);
        assertEquals(then, state());
        assertEquals(then != DOWN, health.admits());
    }

    @Test
    void unprovenNeverKeepsItDown() {
        failProbe(Fault.NETWORK);
        assertEquals(Turn.HALF_OPENED, probe(new Probe.Unproven("no rights")));
        assertTrue(health.admits());
    }

    @Test
    void afterItClosedAgainTheFlowDoubles() {
        failProbe(Fault.NETWORK);
        passProbe();
        assertEquals(Turn.CLOSED, attempt("accepted"));
        assertNull(health.view().downSince());
        for (int most = 1; most <= 16; most *= 2) {
            List<Ticket> tickets = fill(100);
            assertEquals(most, tickets.size());
            health.finished(tickets.removeFirst(), List.of(outcome("accepted")), now);
            tickets.forEach(health::dropped);
        }
    }

    private List<Ticket> fill(int most) {
        List<Ticket> tickets = new ArrayList<>();
        while (tickets.size() < most && health.admits()) {
            tickets.add(health.begin());
        }
        return tickets;
    }

    @Test
    void itNeverSlowsWhatWasNeverDown() {
        assertEquals(1000, fill(1000).size());
    }

    @Test
    void networkIsProbedAfterFiveSecondsDoublingToFiveMinutes() {
        for (int seconds : new int[] {5, 10, 20, 40, 80, 160, 300, 300}) {
            failProbe(Fault.NETWORK);
            assertEquals(Duration.ofSeconds(seconds), probeIn());
        }
    }

    @Test
    void credentialsAreProbedAfterAQuarterDoublingToSixHours() {
        for (int minutes : new int[] {15, 30, 60, 120, 240, 360, 360}) {
            failProbe(Fault.CREDENTIALS);
            assertEquals(Duration.ofMinutes(minutes), probeIn());
        }
    }

    @Test
    void quotaIsProbedWhenTheServerSaysElseAfterAnHour() {
        failProbe(Fault.QUOTA);
        assertEquals(Duration.ofHours(1), probeIn());
        probe(new Probe.Failed("no", Fault.QUOTA, Duration.ofMinutes(7)));
        assertEquals(Duration.ofMinutes(7), probeIn());
        probe(new Probe.Failed("no", Fault.QUOTA, Duration.ofDays(30)));
        assertEquals(Duration.ofHours(24), probeIn());
        probe(new Probe.Failed("no", Fault.SERVICE, Duration.ofMinutes(9)));
        assertEquals(Duration.ofMinutes(9), probeIn());
    }

    @Test
    void theWaitGoesOnGrowingUntilAMessageIsAccepted() {
        failProbe(Fault.NETWORK);
        passProbe();
        attempt("network");
        assertEquals(Duration.ofSeconds(10), probeIn());
        passProbe();
        attempt("accepted");
        assertEquals(Optional.empty(), health.nextProbe());
        failProbe(Fault.NETWORK);
        assertEquals(Duration.ofSeconds(5), probeIn());
    }

    @Test
    void attemptsFromBeforeSayNothingAboutNow() {
        List<Ticket> old = fill(4);
        failProbe(Fault.NETWORK);
        assertEquals(Turn.NONE, health.finished(old.get(0), List.of(outcome("network")), now));
        assertEquals(Duration.ofSeconds(5), probeIn());
        assertEquals(Turn.NONE, health.finished(old.get(1), List.of(outcome("accepted")), now));
        assertEquals(DOWN, state());
        passProbe();
        assertTrue(health.admits());
        assertEquals(Turn.NONE, health.finished(old.get(2), List.of(outcome("network")), now));
        assertEquals(UNKNOWN, state());
        health.dropped(old.get(3));
        assertEquals(1, fill(4).size());
    }

    @Test
    void worseNewsFromBeforeMakeTheProbesRarer() {
        List<Ticket> old = fill(2);
        failProbe(Fault.NETWORK);
        health.finished(old.getFirst(), List.of(outcome("credentials")), now);
        assertEquals(Duration.ofMinutes(15), probeIn());
        assertEquals(Fault.CREDENTIALS, health.view().fault());
    }

    @Test
    void theMostTellingOutcomeOfACallCounts() {
        Ticket ticket = health.begin();
        List<Outcome> mixed =
                List.of(outcome("rejected"), outcome("credentials"), outcome("accepted"));
        assertEquals(Turn.NONE, health.finished(ticket, mixed, now));
        assertEquals(UP, state());
        ticket = health.begin();
        List<Outcome> worse = List.of(outcome("deferred"), outcome("credentials"));
        assertEquals(Turn.OPENED, health.finished(ticket, worse, now));
    }

    @Test
    void downSinceIsTheFirstOpeningOfTheSpell() {
        failProbe(Fault.NETWORK);
        now = now.plusSeconds(60);
        passProbe();
        attempt("network");
        assertEquals(START, health.view().downSince());
    }

    @Test
    void anOperatorCanWantAProbe() {
        failProbe(Fault.CREDENTIALS);
        health.probeAt(now);
        assertTrue(health.takeProbe(now));
        assertEquals(Optional.empty(), health.nextProbe());
    }
}
