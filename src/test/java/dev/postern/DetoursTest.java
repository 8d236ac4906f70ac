package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.admin.EgressView;
import dev.postern.admin.EgressView.State;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DetoursTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    private final Detours detours = new Detours(() -> START);

    private static EgressView view(String name, State state, @Nullable Instant success) {
        return new EgressView(
                name, "smtp", state, null, null, success, null, null, null, List.of());
    }

    private List<String> texts(State state, @Nullable Instant success) {
        return detours.texts(
                List.of(view("gmail", state, success), view("sendgrid", State.UP, START)));
    }

    @Test
    void theLastOneStandsUntilThePreferredEgressWorksAgain() {
        assertEquals(List.of(), texts(State.UP, START));
        detours.took("sendgrid", "gmail", "connection refused");
        detours.took("sendgrid", "gmail", "587 timed out");
        List<String> stands = List.of("sendgrid instead of gmail: 587 timed out");
        assertEquals(stands, texts(State.DOWN, START.minusSeconds(9)));
        assertEquals(stands, texts(State.UNKNOWN, START.plusSeconds(9)));
        assertEquals(stands, texts(State.UP, START.minusSeconds(9)));
        assertEquals(List.of(), texts(State.UP, START.plusSeconds(9)));
    }
}
