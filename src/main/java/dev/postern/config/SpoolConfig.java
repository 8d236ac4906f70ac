package dev.postern.config;

import java.nio.file.Path;
import java.time.Duration;

/// The durable store.
///
/// @param path its directory
/// @param sync whether 250 means fsynced
/// @param minFreeBytes below this much free space mail is refused
/// @param maxSizeBytes above this much held mail is refused; 0: no limit
/// @param keepFailed how long failed messages stay, with their octets
/// @param keepSent how long the history of sent messages stays
/// @param keepSentCount how many of them at most
public record SpoolConfig(
        Path path,
        Sync sync,
        long minFreeBytes,
        long maxSizeBytes,
        Duration keepFailed,
        Duration keepSent,
        int keepSentCount) {

    /// Returns the same with another directory.
    public SpoolConfig at(Path other) {
        return new SpoolConfig(
                other, sync, minFreeBytes, maxSizeBytes, keepFailed, keepSent, keepSentCount);
    }

    /// Whether 250 means fsynced.
    public enum Sync {
        ALWAYS,
        /// For tests and throw-away spools.
        NEVER
    }
}
