package dev.postern.spool;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The whole state of a message at one moment, without its octets. Every change writes a new one,
/// so that the newest whole one of a queue id is all that recovery needs.
///
/// @param hasContent whether its octets are kept
/// @param damaged whether its octets were found damaged
/// @param due when the next attempt is due; when it was finished for finished ones
record MessageState(
        QueueId id,
        Envelope envelope,
        Origin origin,
        Instant received,
        Instant ageFrom,
        Instant due,
        long sizeBytes,
        ContentTraits traits,
        String subject,
        List<Recipient> recipients,
        List<Attempt> attempts,
        int attemptCount,
        boolean possibleDuplicate,
        boolean hasContent,
        boolean damaged) {

    MessageState {
        recipients = List.copyOf(recipients);
        attempts = History.newest(attempts);
        received = received.truncatedTo(ChronoUnit.MILLIS);
        ageFrom = ageFrom.truncatedTo(ChronoUnit.MILLIS);
        due = due.truncatedTo(ChronoUnit.MILLIS);
    }

    /// Returns the state of a message that was just accepted at `now`.
    static MessageState accepted(QueueId id, Acceptance acceptance, long sizeBytes, Instant now) {
        boolean done = acceptance.recipients().stream().allMatch(r -> r.state().isFinal());
        boolean failed = acceptance.recipients().stream().anyMatch(r -> r.state() == State.FAILED);
        return new MessageState(
                id,
                acceptance.envelope(),
                acceptance.origin(),
                acceptance.received(),
                acceptance.received(),
                done ? now : acceptance.due(),
                sizeBytes,
                acceptance.traits(),
                acceptance.subject(),
                acceptance.recipients(),
                acceptance.attempts(),
                (int) calls(acceptance.attempts()),
                false,
                !done || failed,
                false);
    }

    private static long calls(List<Attempt> attempts) {
        record Call(Instant at, String egress) {}
        return attempts.stream().map(a -> new Call(a.at(), a.egress())).distinct().count();
    }

    /// Returns the state of the whole.
    State state() {
        State first = State.SENT;
        for (Recipient recipient : recipients) {
            if (recipient.state().compareTo(first) < 0) {
                first = recipient.state();
            }
        }
        return first;
    }

    /// Returns a bit (by ordinal) for every reason that a recipient waits for.
    int reasons() {
        int reasons = 0;
        for (Recipient recipient : recipients) {
            Reason reason = recipient.reason();
            if (reason != null && !recipient.state().isFinal()) {
                reasons |= bit(reason);
            }
        }
        return reasons;
    }

    /// Returns whether some recipient waits for `reason`.
    boolean has(Reason reason) {
        return (reasons() & bit(reason)) != 0;
    }

    /// Returns whether it is held because it may end the process.
    boolean isSuspected() {
        return has(Reason.SUSPECTED);
    }

    @SuppressWarnings("EnumOrdinal") // In memory only; what is on disk has codes of its own.
    static int bit(Reason reason) {
        return 1 << reason.ordinal();
    }

    /// Returns the state after attempts.
    MessageState settled(Settlement settlement, Instant now) {
        List<Recipient> after = new ArrayList<>(recipients);
        for (Recipient changed : settlement.recipients()) {
            after.replaceAll(r -> r.address().equals(changed.address()) ? changed : r);
        }
        List<Attempt> history = new ArrayList<>(attempts);
        history.addAll(settlement.attempts());
        boolean done = after.stream().allMatch(r -> r.state().isFinal());
        boolean failed = after.stream().anyMatch(r -> r.state() == State.FAILED);
        return new MessageState(
                id,
                envelope,
                origin,
                received,
                ageFrom,
                done ? now : settlement.due(),
                sizeBytes,
                traits,
                subject,
                after,
                history,
                attemptCount + settlement.calls(),
                possibleDuplicate || settlement.uncertain(),
                hasContent && (!done || failed),
                damaged);
    }

    /// Returns the state with other recipients, which change by `change`, due at `when`.
    MessageState with(UnaryOperator<Recipient> change, Instant from, Instant when) {
        return new MessageState(
                id,
                envelope,
                origin,
                received,
                from,
                when,
                sizeBytes,
                traits,
                subject,
                recipients.stream().map(change).toList(),
                attempts,
                attemptCount,
                possibleDuplicate,
                hasContent,
                damaged);
    }

    /// Returns the state without octets, for `damage` or for want of room.
    MessageState withoutContent(boolean damage) {
        return new MessageState(
                id,
                envelope,
                origin,
                received,
                ageFrom,
                due,
                sizeBytes,
                traits,
                subject,
                recipients,
                attempts,
                attemptCount,
                possibleDuplicate,
                false,
                damaged || damage);
    }

    /// Returns the state with the possible duplicate whether it was sent before.
    MessageState possiblyDuplicate() {
        return new MessageState(
                id,
                envelope,
                origin,
                received,
                ageFrom,
                due,
                sizeBytes,
                traits,
                subject,
                recipients,
                attempts,
                attemptCount,
                true,
                hasContent,
                damaged);
    }

    /// Returns the state in which it is held because it may end the process.
    ///
    /// @param words why, for whoever looks at a recipient
    MessageState suspected(String words) {
        return with(
                recipient ->
                        recipient.state().isFinal()
                                ? recipient
                                : new Recipient(
                                        recipient.address(),
                                        State.HELD,
                                        Reason.SUSPECTED,
                                        words,
                                        recipient.egress()),
                ageFrom,
                due);
    }

    /// Returns the state with what was held queued again. Who was perhaps taken by an egress before
    /// goes back to that one.
    ///
    /// @param held which recipients
    MessageState queued(Predicate<Recipient> held, Instant from, Instant when) {
        Map<ForwardPath, String> possibleDuplicates = History.possibleDuplicates(attempts);
        return with(
                recipient -> {
                    if (!held.test(recipient)) {
                        return recipient;
                    }
                    ForwardPath to = recipient.address();
                    String egress = possibleDuplicates.get(to);
                    return egress == null
                            ? new Recipient(
                                    to, State.QUEUED, null, recipient.reply(), recipient.egress())
                            : new Recipient(
                                    to, State.QUEUED, Reason.UNCERTAIN, recipient.reply(), egress);
                },
                from,
                when);
    }

    /// Returns what users of the spool see.
    QueuedMessage message() {
        return new QueuedMessage(
                id,
                envelope,
                origin,
                received,
                ageFrom,
                sizeBytes,
                traits,
                subject,
                recipients,
                attemptCount,
                due,
                possibleDuplicate);
    }

    /// The lines of history of one message: how many are kept, and what they tell.
    static final class History {

        /// Lines at most; the oldest go first.
        static final int MAX_LINES = 2_000;

        /// Octets of all lines at most, as they are written: a message to a thousand recipients
        /// gains some hundred thousand with each round, and all of them are written with each
        /// change.
        static final int MAX_BYTES = 256 * 1024;

        private static final int LINE_BYTES = 40;

        private static final Pattern DROPPED =
                Pattern.compile("^\\((\\d{1,9}) older lines dropped\\) ");

        private History() {}

        /// Returns as many of the newest lines as there is room for. If older ones are dropped, the
        /// oldest that is left says how many.
        static List<Attempt> newest(List<Attempt> attempts) {
            int from = attempts.size();
            int bytes = 0;
            while (from > 0 && attempts.size() - from < MAX_LINES) {
                bytes += bytes(attempts.get(from - 1));
                if (bytes > MAX_BYTES && from < attempts.size()) {
                    break;
                }
                from--;
            }
            List<Attempt> left = new ArrayList<>(attempts.subList(from, attempts.size()));
            if (from > 0) {
                int dropped = attempts.subList(0, from).stream().mapToInt(History::lines).sum();
                left.set(0, noting(dropped, left.getFirst()));
            }
            return List.copyOf(left);
        }

        private static int bytes(Attempt line) {
            int bytes =
                    LINE_BYTES + line.egress().length() + line.recipients().size() * Integer.BYTES;
            bytes += utf8Bytes(line.reply());
            for (String what : line.notCarried()) {
                bytes += Integer.BYTES + utf8Bytes(what);
            }
            return bytes;
        }

        private static int utf8Bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8).length;
        }

        /// Returns how many lines this one stands for.
        private static int lines(Attempt line) {
            Matcher dropped = DROPPED.matcher(line.reply());
            return dropped.find() ? 1 + Integer.parseInt(dropped.group(1)) : 1;
        }

        private static Attempt noting(int dropped, Attempt line) {
            String reply = "(" + dropped + " older lines dropped) " + line.reply();
            return new Attempt(
                    line.at(),
                    line.egress(),
                    line.outcome(),
                    reply,
                    line.took(),
                    line.recipients(),
                    line.notCarried());
        }

        /// Returns the recipients that an egress perhaps took, with that egress: its answer was
        /// lost, and it gave none since.
        static Map<ForwardPath, String> possibleDuplicates(List<Attempt> attempts) {
            Map<ForwardPath, String> possibleDuplicates = new HashMap<>();
            for (Attempt line : attempts) {
                for (ForwardPath to : line.recipients()) {
                    if (line.outcome() == OutcomeClass.UNCERTAIN) {
                        possibleDuplicates.put(to, line.egress());
                    } else if (line.outcome() != OutcomeClass.UNAVAILABLE) {
                        possibleDuplicates.remove(to, line.egress());
                    }
                }
            }
            return possibleDuplicates;
        }
    }
}
