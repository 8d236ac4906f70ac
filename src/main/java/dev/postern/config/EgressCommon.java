package dev.postern.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What every egress has.
///
/// @param name unique, `[a-z0-9-]+`
/// @param endpoint another base address of an HTTP egress; null: the provider's own, and for SMTP
///   always
/// @param ca a PEM file of extra trust anchors; null: the platform's only
/// @param concurrency most connections at once
/// @param connectTimeout for a TCP connection
/// @param commandTimeout greeting to RCPT; for HTTP until the request is written
/// @param dataTimeout between two writes of content
/// @param answerTimeout after the final dot
/// @param senders only mail from these addresses or `@domains`; empty: any
/// @param rate messages for a short time; null: no limit
/// @param quota messages for a long time; null: no limit
/// @param whenLimited what happens to mail above rate or quota
/// @param fidelity whether a message may lose what the egress can't carry
public record EgressCommon(
        String name,
        @Nullable URI endpoint,
        @Nullable Path ca,
        int concurrency,
        Duration connectTimeout,
        Duration commandTimeout,
        Duration dataTimeout,
        Duration answerTimeout,
        List<String> senders,
        @Nullable Rate rate,
        @Nullable Rate quota,
        WhenLimited whenLimited,
        Fidelity fidelity) {

    public EgressCommon {
        senders = List.copyOf(senders);
    }

    /// So many messages a period, written `30/m`.
    public record Rate(int messages, Duration period) {}

    /// What happens to mail above rate or quota.
    public enum WhenLimited {
        WAIT,
        /// It takes the next egress.
        NEXT
    }

    /// Whether a message may lose what the egress can't carry.
    public enum Fidelity {
        BEST_EFFORT,
        STRICT
    }
}
