package dev.postern.egress;

import dev.postern.outcome.Fault;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is known of an egress's health at one moment.
///
/// @param name the egress's name
/// @param state its state
/// @param fault what kind of trouble it has; null unless down
/// @param lastError the last words of trouble; null before any
/// @param lastErrorAt when they were said
/// @param lastSuccess when a probe passed or a message was accepted last; null before any
/// @param nextProbe when it will be probed; null when no probe is planned
/// @param downSince since when it has not been seen to work; null unless down or on trial
/// @param candidates the ways to reach its server that were tried last
public record EgressView(
        String name,
        EgressState state,
        @Nullable Fault fault,
        @Nullable String lastError,
        @Nullable Instant lastErrorAt,
        @Nullable Instant lastSuccess,
        @Nullable Instant nextProbe,
        @Nullable Instant downSince,
        List<Way> candidates) {

    public EgressView {
        candidates = List.copyOf(candidates);
    }

    /// Returns the same with candidates.
    public EgressView with(List<Way> tried) {
        return new EgressView(
                name,
                state,
                fault,
                lastError,
                lastErrorAt,
                lastSuccess,
                nextProbe,
                downSince,
                tried);
    }

    /// One way to reach the server of an egress, among which the one in use was found.
    ///
    /// @param port the port
    /// @param address the address, without the port
    /// @param result what came of it, for people: `in use`, or why not
    public record Way(int port, String address, String result) {}
}
