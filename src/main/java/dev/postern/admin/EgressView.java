package dev.postern.admin;

import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView.Way;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One way out, as operators see it.
///
/// @param name the configured name
/// @param type the configuration's type word
/// @param state whether it works
/// @param reason why it is down, in a word (`credentials`); null unless down
/// @param lastError the last words of trouble; null before any
/// @param lastSuccess when a probe or a message last succeeded; null before the first
/// @param nextProbe when it is probed next; null when no probe is planned
/// @param username what it logs in as, to be masked where anybody can look; null without
/// @param candidates the ways to reach its server that were tried last; empty where there is one
public record EgressView(
        String name,
        String type,
        EgressState state,
        @Nullable String reason,
        @Nullable String lastError,
        @Nullable Instant lastSuccess,
        @Nullable Instant nextProbe,
        @Nullable String username,
        List<Way> candidates) {

    public EgressView {
        candidates = List.copyOf(candidates);
    }

    /// Returns whether mail may be given to it.
    boolean works() {
        return state != EgressState.DOWN;
    }
}
