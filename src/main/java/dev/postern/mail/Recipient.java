package dev.postern.mail;

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
}
