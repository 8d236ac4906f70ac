package dev.postern.spool;

import dev.postern.mail.LogMark;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The operators' side of the spool: views and verbs.
record JournalAdmin(
        QueueIndex queueIndex,
        JournalReader reader,
        JournalWrites writes,
        Preparations preparations,
        Claims queue,
        Housekeeping.DiskSpace diskSpace,
        InstantSource clock)
        implements QueueAdmin {

    /// What a recipient of a suspected message is told.
    private static final String SUSPECTED =
            "the program ended again and again while it prepared this message: release tries it"
                    + " once more, alone";

    private static final Logger log = LoggerFactory.getLogger(JournalAdmin.class);

    /// Recipients on a page at most, unless its only message has more: what memory can bear.
    static final int PAGE_RECIPIENTS = 20_000;

    /// Messages that are looked at between two looks through the table, which may be long.
    private static final int CANDIDATES = 20_000;

    @Override
    public Verdict apply(Verb verb, QueueId id) {
        if (verb == Verb.RETRY || verb == Verb.RELEASE) {
            // Before it is due, so that it is not claimed as if nobody had asked.
            queue.wish(id::equals);
        }
        Verdict verdict = tryToApply(verb, id);
        queue.wake();
        return verdict;
    }

    private Verdict tryToApply(Verb verb, QueueId id) {
        while (true) {
            QueueIndex.Found found = queueIndex.find(id.value());
            if (found == null) {
                return Verdict.UNKNOWN;
            }
            try {
                MessageState before = found.current(reader.load(id.value(), found));
                if (!Verbs.allows(verb, found.shown(), before)) {
                    return Verdict.WRONG_STATE;
                }
                JournalWrites.JournalWrite write = apply(verb, found, before);
                if (write != null) {
                    writes.awaitDurable(write);
                    return Verdict.DONE;
                }
            } catch (IOException e) {
                if (queueIndex.knows(id.value())) {
                    JournalReader.report(id, e);
                    return Verdict.WRONG_STATE;
                }
            }
        }
    }

    /// Applies a verb.
    ///
    /// @return null when the message changed since it was found
    private JournalWrites.@Nullable JournalWrite apply(
            Verb verb, QueueIndex.Found found, MessageState before) {
        synchronized (queueIndex) {
            long id = before.id().value();
            if (!found.equals(queueIndex.find(id))) {
                return null;
            }
            if (verb == Verb.DELETE) {
                return writes.remove(id);
            }
            MessageState after = Verbs.apply(verb, before, clock.instant());
            if (before.isSuspected() && !after.isSuspected()) {
                preparations.lastChance(id);
            }
            return writes.change(Verbs.record(verb), after, true);
        }
    }

    /// Gives up the octets of a failed message, for want of room. Does not wait for the disk.
    ///
    /// @return false when it has none or changed meanwhile
    boolean dropContent(long id) throws IOException {
        QueueIndex.Found found = queueIndex.find(id);
        if (found == null || found.shown() != State.FAILED) {
            return false;
        }
        MessageState before = reader.load(id, found);
        synchronized (queueIndex) {
            if (!found.equals(queueIndex.find(id)) || !before.hasContent()) {
                return false;
            }
            writes.change(RecordHeader.Type.DONE, before.withoutContent(false), false);
            return true;
        }
    }

    /// Holds what ended the process again and again while it was prepared.
    void suspect(QueueId id) {
        MessageState before = reader.find(id, (state, found) -> found.current(state)).orElse(null);
        if (before == null) {
            return;
        }
        writes.change(RecordHeader.Type.HELD, before.suspected(SUSPECTED), true);
        log.atError()
                .addMarker(LogMark.EACH)
                .addKeyValue("id", id)
                .addKeyValue("from", before.envelope().sender())
                .addKeyValue("advice", "postern queue release " + id + " tries it once more, alone")
                .log("a message is held: the program ended again and again while it prepared it");
    }

    @Override
    public boolean awaitComplete(Duration most) {
        return queueIndex.awaitComplete(most);
    }

    @Override
    public int flush() {
        return queue.flush();
    }

    @Override
    public Optional<MessageState> find(QueueId id) {
        return reader.find(id, (state, found) -> found.view(state));
    }

    @Override
    public Optional<MessageContent> content(QueueId id) {
        return reader.content(id);
    }

    @Override
    public SpoolStatus status() {
        Map<State, Integer> counts;
        synchronized (queueIndex) {
            counts = queueIndex.dueQueues().counts();
        }
        SpoolException broken = writes.trouble();
        String trouble =
                broken == null ? diskSpace.shortage() : String.valueOf(broken.getMessage());
        return new SpoolStatus(
                queueIndex.directory(),
                queueIndex.bytes(),
                diskSpace.freeBytes(),
                counts,
                queueIndex.oldest(),
                trouble == null ? queueIndex.unreadable() : trouble);
    }

    @Override
    public Page list(Query query) {
        QueueId after = query.after();
        long below = after == null ? Long.MAX_VALUE : after.value();
        Catalogue.Sought sought = Catalogue.Sought.of(query.sender(), query.recipient());
        List<MessageState> messages = new ArrayList<>();
        int recipients = 0;
        long[] ids;
        do {
            ids = candidates(query.state(), below);
            for (long id : ids) {
                below = id;
                MessageState message = isExcluded(query, sought, id) ? null : read(id);
                if (message != null && matches(query, message)) {
                    recipients += message.recipients().size();
                    boolean more = messages.size() < query.limit() && recipients <= PAGE_RECIPIENTS;
                    if (!more && !messages.isEmpty()) {
                        return new Page(messages, messages.getLast().id());
                    }
                    messages.add(message);
                }
            }
        } while (ids.length == CANDIDATES);
        return new Page(messages, null);
    }

    private long[] candidates(@Nullable State state, long below) {
        synchronized (queueIndex) {
            DueQueues dueQueues = queueIndex.dueQueues();
            return queueIndex
                    .table()
                    .newest(
                            row -> state == null || dueQueues.shownState(row) == state,
                            below,
                            CANDIDATES);
        }
    }

    /// Returns whether the catalogue knows that a message is not asked for.
    private boolean isExcluded(Query query, Catalogue.Sought sought, long id) {
        if (query.sender() == null && query.recipient() == null) {
            return false;
        }
        synchronized (queueIndex) {
            int row = queueIndex.table().find(id);
            return row == MessageTable.NONE || !queueIndex.catalogue().mayMatch(row, id, sought);
        }
    }

    private @Nullable MessageState read(long id) {
        return reader.find(new QueueId(id), (state, found) -> found.view(state).withoutHistory())
                .orElse(null);
    }

    private static boolean matches(Query query, MessageState message) {
        return (query.state() == null || message.state() == query.state())
                && contains(message.envelope().sender().address(), query.sender())
                && (query.recipient() == null
                        || message.recipients().stream()
                                .anyMatch(r -> contains(r.address().address(), query.recipient())));
    }

    private static boolean contains(String address, @Nullable String part) {
        return part == null
                || address.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
    }

    /// What operators may do to a message in which state, and what it does.
    ///
    /// | verb | allowed when | then |
    /// |---|---|---|
    /// | retry | deferred | due at once |
    /// | | failed, with its octets | failed recipients are queued, the age starts anew |
    /// | | held as suspected | held recipients are queued |
    /// | hold | queued, deferred, held for want of an egress | unfinished recipients are held |
    /// | release | held by an operator or as suspected | held recipients are queued |
    /// | delete | not being sent | gone |
    ///
    /// What is queued again is still the business of the egress that perhaps took it before.
    static final class Verbs {

        private Verbs() {}

        static boolean allows(Verb verb, State shown, MessageState state) {
            boolean held = shown == State.HELD;
            boolean releasable = state.has(Reason.OPERATOR) || state.isSuspected();
            return switch (verb) {
                case RETRY ->
                        shown == State.DEFERRED
                                || (shown == State.FAILED && state.hasContent())
                                || (held && state.isSuspected());
                case HOLD ->
                        shown == State.QUEUED || shown == State.DEFERRED || (held && !releasable);
                case RELEASE -> held && releasable;
                case DELETE -> shown != State.SENDING;
            };
        }

        static MessageState apply(Verb verb, MessageState before, Instant now) {
            return switch (verb) {
                case RETRY ->
                        switch (before.state()) {
                            case FAILED -> before.queued(r -> r.state() == State.FAILED, now, now);
                            case HELD -> release(before, now);
                            case QUEUED, SENDING, DEFERRED, SENT -> before.dueAt(now);
                        };
                case HOLD -> before.held();
                case RELEASE -> release(before, now);
                case DELETE -> before;
            };
        }

        static RecordHeader.Type record(Verb verb) {
            return switch (verb) {
                case RETRY -> RecordHeader.Type.RETRIED;
                case HOLD -> RecordHeader.Type.HELD;
                case RELEASE -> RecordHeader.Type.RELEASED;
                case DELETE -> RecordHeader.Type.REMOVED;
            };
        }

        private static MessageState release(MessageState before, Instant now) {
            return before.queued(r -> r.state() == State.HELD, before.ageFrom(), now);
        }
    }
}
