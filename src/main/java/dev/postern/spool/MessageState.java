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
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The whole state of a message at one moment, without its octets: what the spool writes, and what
/// all others see. Every change writes a new one, so that the newest whole one of a queue id is all
/// that recovery needs.
///
/// @param message what never changes
/// @param ageFrom from when its age counts: when it was received, or when an operator let it try
///   again
/// @param due when the next attempt is due; for finished messages when they were finished
/// @param recipients with their states, in the envelope's order
/// @param attempts the lines of history, the oldest first; none on a page of many messages
/// @param attemptCount how many calls of egresses were made for it
/// @param marks what else is known of it
public record MessageState(
        Message message,
        Instant ageFrom,
        Instant due,
        List<Recipient> recipients,
        List<Attempt> attempts,
        int attemptCount,
        Set<Mark> marks) {

    /// What of a message never changes.
    ///
    /// @param id its queue id
    /// @param envelope sender and all recipients
    /// @param origin where it came from
    /// @param received when its reception began
    /// @param sizeBytes octets of content; 0 before it is accepted
    /// @param traits what intake learned of its octets
    /// @param subject decoded, for operators' eyes, at most 200 characters; empty without
    public record Message(
            QueueId id,
            Envelope envelope,
            Origin origin,
            Instant received,
            long sizeBytes,
            ContentTraits traits,
            String subject) {

        public Message {
            received = received.truncatedTo(ChronoUnit.MILLIS);
        }
    }

    /// What is so of a message, or not.
    public enum Mark {
        /// Its octets are kept.
        CONTENT,
        /// The process died, or lost an answer, after an attempt's commit point.
        POSSIBLE_DUPLICATE,
        /// Its octets were found damaged.
        DAMAGED
    }

    public MessageState {
        recipients = List.copyOf(recipients);
        attempts = History.newest(attempts);
        ageFrom = ageFrom.truncatedTo(ChronoUnit.MILLIS);
        due = due.truncatedTo(ChronoUnit.MILLIS);
        marks = Set.copyOf(marks);
    }

    /// Returns the state of a message that comes in, and that nobody tried to send yet.
    public static MessageState queued(
            QueueId id,
            Envelope envelope,
            Origin origin,
            Instant received,
            ContentTraits traits,
            String subject) {
        List<Recipient> recipients = envelope.recipients().stream().map(Recipient::queued).toList();
        Message message = new Message(id, envelope, origin, received, 0, traits, subject);
        return new MessageState(message, received, received, recipients, List.of(), 0, Set.of());
    }

    /// Returns the state of a message that comes in, after an attempt.
    public MessageState after(List<Recipient> states, List<Attempt> tried, Instant next) {
        record CallOf(Instant at, String egress) {}
        long calls = tried.stream().map(a -> new CallOf(a.at(), a.egress())).distinct().count();
        return new MessageState(message, ageFrom, next, states, tried, (int) calls, marks);
    }

    /// Returns the state of a message that came in and is accepted at `now`.
    MessageState accepted(long sizeBytes, Instant now) {
        Message whole =
                new Message(
                        message.id(),
                        message.envelope(),
                        message.origin(),
                        message.received(),
                        sizeBytes,
                        message.traits(),
                        message.subject());
        boolean done = state().isFinal();
        return new MessageState(
                whole,
                ageFrom,
                done ? now : due,
                recipients,
                attempts,
                attemptCount,
                state() == State.SENT ? marks : and(Mark.CONTENT));
    }

    public QueueId id() {
        return message.id();
    }

    public Envelope envelope() {
        return message.envelope();
    }

    /// Returns whether the process died, or lost an answer, after an attempt's commit point.
    public boolean possibleDuplicate() {
        return marks.contains(Mark.POSSIBLE_DUPLICATE);
    }

    /// Returns whether its octets are kept.
    public boolean hasContent() {
        return marks.contains(Mark.CONTENT);
    }

    /// Returns the state of the whole.
    public State state() {
        return State.of(recipients);
    }

    /// Returns the recipients that are owed an outcome.
    public List<ForwardPath> unfinished() {
        return recipients.stream()
                .filter(r -> !r.state().isFinal())
                .map(Recipient::address)
                .toList();
    }

    /// Returns a bit (by ordinal) for every reason that one of these recipients waits for.
    public static int reasons(List<Recipient> recipients) {
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
        return (reasons(recipients) & bit(reason)) != 0;
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
    MessageState settled(DueQueue.Settlement settlement, Instant now) {
        List<Recipient> after = new ArrayList<>(recipients);
        for (Recipient changed : settlement.recipients()) {
            after.replaceAll(r -> r.address().equals(changed.address()) ? changed : r);
        }
        List<Attempt> history = new ArrayList<>(attempts);
        history.addAll(settlement.attempts());
        State state = State.of(after);
        Set<Mark> known = new HashSet<>(marks);
        if (settlement.uncertain()) {
            known.add(Mark.POSSIBLE_DUPLICATE);
        }
        if (state == State.SENT) {
            known.remove(Mark.CONTENT);
        }
        return new MessageState(
                message,
                ageFrom,
                state.isFinal() ? now : settlement.due(),
                after,
                history,
                attemptCount + settlement.calls(),
                known);
    }

    /// Returns the state with other recipients, which change by `change`, due at `when`.
    MessageState with(UnaryOperator<Recipient> change, Instant from, Instant when) {
        List<Recipient> changed = recipients.stream().map(change).toList();
        return new MessageState(message, from, when, changed, attempts, attemptCount, marks);
    }

    private MessageState withUnfinished(UnaryOperator<Recipient> change) {
        return with(r -> r.state().isFinal() ? r : change.apply(r), ageFrom, due);
    }

    MessageState dueAt(Instant when) {
        return new MessageState(message, ageFrom, when, recipients, attempts, attemptCount, marks);
    }

    /// Returns the state without lines of history.
    MessageState withoutHistory() {
        return new MessageState(message, ageFrom, due, recipients, List.of(), attemptCount, marks);
    }

    /// Returns the state without octets, for `damage` or for want of room.
    MessageState withoutContent(boolean damage) {
        Set<Mark> left = new HashSet<>(damage ? and(Mark.DAMAGED) : marks);
        left.remove(Mark.CONTENT);
        return marked(left);
    }

    /// Returns the state with the doubt whether it was sent before.
    MessageState possiblyDuplicate() {
        return marked(and(Mark.POSSIBLE_DUPLICATE));
    }

    private MessageState marked(Set<Mark> now) {
        return new MessageState(message, ageFrom, due, recipients, attempts, attemptCount, now);
    }

    private Set<Mark> and(Mark mark) {
        Set<Mark> more = EnumSet.of(mark);
        more.addAll(marks);
        return more;
    }

    /// Returns the state as its claimant gets it: unfinished recipients are being sent, and have
    /// the reason for which each waited until now, because one that an egress perhaps took goes
    /// back to that egress.
    MessageState claimed() {
        return withUnfinished(r -> in(r, State.SENDING, r.reason(), r.reply()));
    }

    /// Returns the state with unfinished recipients shown as being sent.
    MessageState sending() {
        return withUnfinished(r -> in(r, State.SENDING, null, r.reply()));
    }

    /// Returns the state in which an operator holds it.
    MessageState held() {
        return withUnfinished(r -> in(r, State.HELD, Reason.OPERATOR, r.reply()));
    }

    /// Returns the state in which it is held because it may end the process.
    ///
    /// @param words why, for whoever looks at a recipient
    MessageState suspected(String words) {
        return withUnfinished(r -> in(r, State.HELD, Reason.SUSPECTED, words));
    }

    private static Recipient in(
            Recipient recipient, State state, @Nullable Reason reason, @Nullable String reply) {
        return new Recipient(recipient.address(), state, reason, reply, recipient.egress());
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
                            ? in(recipient, State.QUEUED, null, recipient.reply())
                            : new Recipient(
                                    to, State.QUEUED, Reason.UNCERTAIN, recipient.reply(), egress);
                },
                from,
                when);
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
            if (from == 0) {
                return List.copyOf(attempts);
            }
            List<Attempt> left = new ArrayList<>(attempts.subList(from, attempts.size()));
            int dropped = attempts.subList(0, from).stream().mapToInt(History::lines).sum();
            left.set(0, noting(dropped, left.getFirst()));
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
