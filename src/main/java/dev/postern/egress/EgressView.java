package dev.postern.egress;

import dev.postern.config.EgressConfig;
import dev.postern.outcome.Outcome.Fault;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is known of an egress's health at one moment.
///
/// @param config what is configured of it
/// @param state its state
/// @param fault what kind of trouble it has; null unless down
/// @param lastError the last trouble; null before any
/// @param lastSuccess when a probe passed or a message was accepted last; null before any
/// @param nextProbe when it will be probed; null when no probe is planned
/// @param downSince since when it has not been seen to work; null unless down or on trial
/// @param candidates the ways to reach its server that were tried last
public record EgressView(
        EgressConfig config,
        EgressState state,
        @Nullable Fault fault,
        @Nullable LastError lastError,
        @Nullable Instant lastSuccess,
        @Nullable Instant nextProbe,
        @Nullable Instant downSince,
        List<Way> candidates) {

    public String name() {
        return config.name();
    }

    /// Returns whether mail may be given to it.
    public boolean works() {
        return state != EgressState.DOWN;
    }

    /// Returns why it is down, in a word (`credentials`); null unless down. Who intercepts is the
    /// first thing to know; else the kind of fault is, and the last error tells the rest.
    public @Nullable String reason() {
        if (fault == null) {
            return null;
        }
        String stranger = lastError == null ? null : lastError.interceptor();
        return fault == Fault.INTERCEPTION && stranger != null
                ? "intercepted by " + stranger
                : fault.word();
    }

    /// Returns the last words of trouble; null before any.
    public @Nullable String lastWords() {
        return lastError == null ? null : lastError.words();
    }

    /// Returns what it logs in as, to be masked where anybody can look; null without.
    public @Nullable String username() {
        return config instanceof EgressConfig.Smtp smtp ? smtp.smtp().username() : null;
    }

    /// The last trouble.
    ///
    /// @param words what was said
    /// @param at when
    /// @param interceptor who answered in the server's place; null when nobody did
    public record LastError(String words, Instant at, @Nullable String interceptor) {}

    /// One way to reach the server of an egress, among which the one in use was found.
    ///
    /// @param port the port
    /// @param address the address, without the port
    /// @param result what came of it, for people: `in use`, or why not
    public record Way(int port, String address, String result) {}
}
