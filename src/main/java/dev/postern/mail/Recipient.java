package dev.postern.mail;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One recipient of a queued message and how far it has come.
///
/// @param address the forward-path
/// @param state its state
/// @param reason why it waits; null unless held or deferred
/// @param reply the last words said about it, by an egress or by us (`expired`); null before any
/// @param egress the egress that said them; null when none did
public record Recipient(
        ForwardPath address,
        State state,
        @Nullable Reason reason,
        @Nullable String reply,
        @Nullable String egress) {

    /// Returns a recipient that was just accepted.
    public static Recipient queued(ForwardPath address) {
        return new Recipient(address, State.QUEUED, null, null, null);
    }

    /// Why a recipient waits.
    public enum Reason {
        /// Held by an operator; only a release frees it.
        OPERATOR,
        /// Held because no egress is configured; leaves by itself once there is one.
        NO_EGRESS,
        /// Deferred: every usable egress was unavailable.
        EGRESS_DOWN,
        /// Deferred by a reply to this recipient or message.
        RECIPIENT,
        /// Deferred: no egress may send for this sender.
        UNSUITED,
        /// Deferred by a rate or a quota.
        LIMITED,
        /// Deferred: the last attempt ended without an answer and waits to be repeated.
        UNCERTAIN,
        /// Held because the program ended while it was prepared, again and again; only an
        /// operator's release or retry frees it, for one more attempt.
        SUSPECTED;

        /// Returns the word that users see: `egress-down`.
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
