package dev.postern.outcome;

import org.jspecify.annotations.Nullable;

/// What the trouble table makes of one trouble.
///
/// @param outcome the outcome, with the words that were said
/// @param row the id of the row that decided
/// @param advice what an operator can do; empty when waiting is all there is
/// @param fewerRecipients the server takes the rest of the recipients in another transaction (RFC
///   5321 §4.5.3.1.10)
/// @param staleConnection on a connection that was used before, it says nothing about the server: a
///   fresh one may work
public record Verdict(
        Outcome outcome,
        String row,
        String advice,
        boolean fewerRecipients,
        boolean staleConnection) {

    /// Returns which of the rows that matter it is.
    public Symptom symptom() {
        return Symptom.of(row);
    }

    /// Returns the outcome of trouble before MAIL, which is always `unavailable`.
    public Outcome.Unavailable unavailable() {
        if (outcome instanceof Outcome.Unavailable unavailable) {
            return unavailable;
        }
        throw new AssertionError("trouble before MAIL is always unavailable: " + this);
    }

    /// Returns the same trouble before MAIL in other words, or with who answered in the server's
    /// place.
    public Verdict saying(String words, @Nullable String interceptor) {
        Outcome.Unavailable it = unavailable();
        return new Verdict(
                new Outcome.Unavailable(words, it.fault(), it.retryAfter(), interceptor),
                row,
                advice,
                fewerRecipients,
                staleConnection);
    }

    /// Returns whether we broke the attempt off ourselves, so that it says nothing of the egress.
    public boolean isOurDoing() {
        return symptom() == Symptom.BROKEN_OFF;
    }
}
