package dev.postern.outcome;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
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
    /// @param interceptor who answered in the server's place: `vps-1.example (Exim 4.96)`; null
    ///   when nobody did
    record Unavailable(
            String reply, Fault fault, @Nullable Duration retryAfter, @Nullable String interceptor)
            implements Outcome {

        public Unavailable(String reply, Fault fault, @Nullable Duration retryAfter) {
            this(reply, fault, retryAfter, null);
        }
    }

    /// Perhaps taken.
    record Uncertain(String reply) implements Outcome {}

    /// Why one egress can't take one message. When no egress suits, size and form make the message
    /// fail; sender and configuration make it wait, because an operator can mend them, and so does
    /// our own fault.
    public enum Unsuitability {
        /// Larger than the egress takes.
        SIZE,
        /// It needs an extension or a form that the egress lacks (SMTPUTF8, signed mail under
        /// strict fidelity).
        FORM,
        /// The egress may not send for this sender.
        SENDER,
        /// The egress is configured in a way that excludes this message.
        CONFIGURATION,
        /// We failed ourselves, by an error in the program, before anything was committed.
        FAULT;

        /// Returns whether waiting can't help when no other egress suits.
        public boolean isFinal() {
            return this == SIZE || this == FORM;
        }
    }

    /// What kind of trouble makes an egress unavailable: how soon it is worth another look depends
    /// on it.
    public enum Fault {
        /// Refused, unreachable, reset, no such host.
        NETWORK,
        /// Nothing came in time.
        TIMEOUT,
        /// TLS could not be agreed on or is not offered.
        TLS,
        /// The certificate does not verify (unknown issuer, expired, other name).
        CERTIFICATE,
        /// The server that answers is not the one asked for.
        INTERCEPTION,
        /// The log-in failed or is not offered.
        CREDENTIALS,
        /// The account, its address or its plan may not send.
        ACCOUNT,
        /// A sending limit is used up.
        QUOTA,
        /// The server said that it can't work now (421, 4xx or 5xx before MAIL, HTTP 500 or 503).
        SERVICE;

        /// Returns the word that users see: `credentials`.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
