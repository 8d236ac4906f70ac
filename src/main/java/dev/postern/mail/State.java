package dev.postern.mail;

import dev.postern.mail.Recipient.Reason;
import java.util.Collection;
import java.util.Locale;

/// The state of a recipient, and of a message: the first one present among its recipients in the
/// order of these constants.
public enum State {
    /// An attempt is under way.
    SENDING,
    /// Waits for an operator's release, or for an egress to be configured (see [Reason]).
    HELD,
    /// Accepted and not yet tried.
    QUEUED,
    /// Waits for another attempt.
    DEFERRED,
    /// Refused for good, or expired. Final.
    FAILED,
    /// An egress accepted it. Final.
    SENT;

    /// Returns whether nothing more is owed.
    public boolean isFinal() {
        return this == FAILED || this == SENT;
    }

    /// Returns the state of a message with these recipients.
    public static State of(Collection<Recipient> recipients) {
        State first = SENT;
        for (Recipient recipient : recipients) {
            if (recipient.state().compareTo(first) < 0) {
                first = recipient.state();
            }
        }
        return first;
    }

    /// Returns the word that users see: `deferred`.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
