package dev.postern.doctor;

import java.time.Duration;
import java.util.Locale;

/// One thing that was tried.
///
/// @param kind what
/// @param target at what: `587 IPv4`
/// @param result how it ended
/// @param detail what was seen or said
/// @param took how long it took
public record Step(Kind kind, String target, Result result, String detail, Duration took) {

    /// What was tried, in the order in which a submission goes.
    public enum Kind {
        DNS,
        /// A TCP connection.
        TCP,
        GREETING,
        TLS,
        EHLO,
        /// The log-in, by the egress's own probe.
        AUTH,
        /// The API's authenticated call that sends nothing.
        API;

        /// Returns the word that users see.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// How it ended.
    public enum Result {
        OK,
        FAILED,
        /// It proves neither that mail can leave nor that it can't.
        UNPROVEN,
        /// It had not ended when the examination did.
        UNFINISHED;

        /// Returns the word that users see.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
