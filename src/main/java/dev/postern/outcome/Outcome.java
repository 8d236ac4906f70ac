package dev.postern.outcome;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What became of one recipient in one attempt at one egress. Exactly the classes of
/// [OutcomeClass], each with the words as they came: an SMTP reply's lines joined by blanks, an
/// HTTP status with its error text, or our own description of a network fault.
public sealed interface Outcome {

    /// Returns what was said, printable, without secrets.
    String reply();

    /// Returns the class.
    default OutcomeClass kind() {
        return switch (this) {
            case Accepted _ -> OutcomeClass.ACCEPTED;
            case Deferred _ -> OutcomeClass.DEFERRED;
            case Rejected _ -> OutcomeClass.REJECTED;
            case Unsuited _ -> OutcomeClass.UNSUITED;
            case Unavailable _ -> OutcomeClass.UNAVAILABLE;
            case Uncertain _ -> OutcomeClass.UNCERTAIN;
        };
    }

    /// The egress took it.
    ///
    /// @param remoteId the id that the egress gave it; null where it gives none
    /// @param notCarried what the egress's form could not carry, for the operator's eyes
    record Accepted(String reply, @Nullable String remoteId, List<String> notCarried)
            implements Outcome {
        public Accepted {
            notCarried = List.copyOf(notCarried);
        }

        /// Returns the same of a message that some more was taken out of.
        public Accepted without(List<String> more) {
            return new Accepted(
                    reply, remoteId, Stream.concat(notCarried.stream(), more.stream()).toList());
        }
    }

    /// Try again later.
    ///
    /// @param retryAfter how long the server asked us to wait; null when it did not say
    /// @param forAll whether that is asked of all mail for this egress, not of this recipient's
    ///   alone
    record Deferred(String reply, @Nullable Duration retryAfter, boolean forAll)
            implements Outcome {

        /// Creates one that concerns this recipient alone.
        public Deferred(String reply, @Nullable Duration retryAfter) {
            this(reply, retryAfter, false);
        }
    }

    /// Never.
    record Rejected(String reply) implements Outcome {}

    /// Not by this egress.
    record Unsuited(String reply, Unsuitability unsuitability) implements Outcome {}

    /// Not now by this egress.
    ///
    /// @param retryAfter how long the server asked us to wait; null when it did not say
    record Unavailable(String reply, Fault fault, @Nullable Duration retryAfter)
            implements Outcome {}

    /// Perhaps taken.
    record Uncertain(String reply) implements Outcome {}
}
