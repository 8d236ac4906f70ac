package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.admin.EgressView;
import dev.postern.egress.EgressState;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DetoursTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    private final Detours detours = new Detours(() -> START);

    private static EgressView view(String name, EgressState state, @Nullable Instant success) {
        return new EgressView(name, "smtp", state, null, null, success, null, null, List.of());
    }

    private List<String> texts(EgressState state, @Nullable Instant success) {
        return detours.texts(
                List.of(view("gmail", state, success), view("sendgrid", EgressState.UP, START)));
    }

    @Test
    void theLastOneStandsUntilThePreferredEgressWorksAgain() {
        assertEquals(List.of(), texts(EgressState.UP, START));
        detours.took("sendgrid", "gmail", "connection refused");
        detours.took("sendgrid", "gmail", "587 timed out");
        List<String> stands = List.of("sendgrid instead of gmail: 587 timed out");
        assertEquals(stands, texts(EgressState.DOWN, START.minusSeconds(9)));
        assertEquals(stands, texts(EgressState.UNKNOWN, START.plusSeconds(9)));
        assertEquals(stands, texts(EgressState.UP, START.minusSeconds(9)));
        assertEquals(List.of(), texts(EgressState.UP, START.plusSeconds(9)));
    }
}
