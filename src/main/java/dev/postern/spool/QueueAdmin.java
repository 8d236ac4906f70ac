package dev.postern.spool;

import dev.postern.mail.LogMark;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The operators' side of the spool: views and verbs.
final class QueueAdmin {

    /// What a recipient of a suspected message is told.
    private static final String SUSPECTED =
            "the program ended again and again while it prepared this message: release tries it"
                    + " once more, alone";

    private static final Logger log = LoggerFactory.getLogger(QueueAdmin.class);

    private final QueueIndex queueIndex;
    private final MessageStates snapshots;
    private final JournalReader reader;
    private final JournalWrites notes;
    private final Preparations preparations;
    private final InstantSource clock;

    QueueAdmin(
            QueueIndex queueIndex,
            MessageStates snapshots,
            JournalReader reader,
            JournalWrites notes,
            Preparations preparations,
            InstantSource clock) {
        this.queueIndex = queueIndex;
        this.snapshots = snapshots;
        this.reader = reader;
        this.notes = notes;
        this.preparations = preparations;
        this.clock = clock;
    }

    Spool.Verdict apply(Spool.Verb verb, QueueId id) {
        while (true) {
            QueueIndex.Found found = queueIndex.find(id.value());
            if (found == null) {
                return Spool.Verdict.UNKNOWN;
            }
            try {
                MessageState before = Views.current(snapshots.load(id.value(), found), found);
                if (!Verbs.allows(verb, found.shown(), before)) {
                    return Spool.Verdict.WRONG_STATE;
                }
                JournalWrite note = apply(verb, found, before);
                if (note != null) {
                    notes.awaitDurable(note);
                    return Spool.Verdict.DONE;
                }
            } catch (IOException e) {
                if (queueIndex.knows(id.value())) {
                    report(id, e);
                    return Spool.Verdict.WRONG_STATE;
                }
            }
        }
    }

    private static void report(QueueId id, IOException trouble) {
        log.atError().setCause(trouble).addKeyValue("id", id).log("message can't be read");
    }

    /// Applies a verb.
    ///
    /// @return null when the message changed since it was found
    private @Nullable JournalWrite apply(
            Spool.Verb verb, QueueIndex.Found found, MessageState before) {
        synchronized (queueIndex) {
            int row = queueIndex.index().find(before.id().value());
            if (row == MessageTable.NONE || !found.equals(queueIndex.found(row))) {
                return null;
            }
            if (verb == Spool.Verb.DELETE) {
                return remove(row);
            }
            MessageState after = Verbs.apply(verb, before, clock.instant());
            if (before.isSuspected() && !after.isSuspected()) {
                preparations.lastChance(before.id().value());
            }
            return notes.change(queueIndex, Verbs.record(verb), after, true);
        }
    }

    private JournalWrite remove(int row) {
        MessageTable index = queueIndex.index();
        long id = index.id(row);
        int first = index.first(row);
        queueIndex.forget(row);
        queueIndex.leaves(id, first);
        // A copy of it may be on its way to any segment before the one that gets this record.
        JournalWrite note = JournalWrite.removed(queueIndex, id, first, Integer.MAX_VALUE, true);
        notes.submit(note);
        return note;
    }

    /// Gives up the octets of a failed message, for want of room. Does not wait for the disk.
    ///
    /// @return false when it has none or changed meanwhile
    boolean dropContent(long id) throws IOException {
        QueueIndex.Found found = queueIndex.find(id);
        if (found == null || found.shown() != State.FAILED) {
            return false;
        }
        MessageState before = snapshots.load(id, found);
        synchronized (queueIndex) {
            int row = queueIndex.index().find(id);
            boolean same = row != MessageTable.NONE && found.equals(queueIndex.found(row));
            if (!same || !before.hasContent()) {
                return false;
            }
            notes.change(queueIndex, RecordType.DONE, before.withoutContent(false), false);
            return true;
        }
    }

    /// Holds what ended the process again and again while it was prepared.
    void suspect(QueueId id) {
        QueueIndex.Found found = queueIndex.find(id.value());
        if (found == null) {
            return;
        }
        MessageState before;
        try {
            before = Views.current(snapshots.load(id.value(), found), found);
        } catch (IOException e) {
            report(id, e);
            return;
        }
        notes.change(queueIndex, RecordType.HELD, before.suspected(SUSPECTED), true);
        log.atError()
                .addMarker(LogMark.EACH)
                .addKeyValue("id", id)
                .addKeyValue("from", before.envelope().sender())
                .addKeyValue("advice", "postern queue release " + id + " tries it once more, alone")
                .log("a message is held: the program ended again and again while it prepared it");
    }

    Page list(Query query) {
        return new Listing(queueIndex, snapshots).page(query);
    }

    Optional<MessageHistory> find(QueueId id) {
        QueueIndex.Found found = queueIndex.find(id.value());
        if (found == null) {
            return Optional.empty();
        }
        try {
            MessageState snapshot = snapshots.load(id.value(), found);
            return Optional.of(
                    new MessageHistory(Views.shown(snapshot, found), snapshot.attempts()));
        } catch (IOException e) {
            report(id, e);
            return Optional.empty();
        }
    }

    Optional<MessageContent> content(QueueId id) {
        QueueIndex.Found found = queueIndex.find(id.value());
        if (found == null) {
            return Optional.empty();
        }
        try {
            MessageState snapshot = snapshots.load(id.value(), found);
            if (!snapshot.hasContent()) {
                return Optional.empty();
            }
            return Optional.of(
                    new StoredContent(
                            reader,
                            queueIndex,
                            id,
                            snapshot.sizeBytes(),
                            snapshot.traits(),
                            () -> queueIndex.pinContent(id.value())));
        } catch (IOException e) {
            report(id, e);
            return Optional.empty();
        }
    }

    /// Answers operators' questions for pages of messages.
    static final class Listing {

        private static final Logger log = LoggerFactory.getLogger(Listing.class);

        /// Recipients on a page at most, unless its only message has more: what memory can bear.
        static final int PAGE_RECIPIENTS = 20_000;

        private final QueueIndex queueIndex;
        private final MessageStates snapshots;

        Listing(QueueIndex queueIndex, MessageStates snapshots) {
            this.queueIndex = queueIndex;
            this.snapshots = snapshots;
        }

        Page page(Query query) {
            long[] ids = candidates(query);
            List<QueuedMessage> messages = new ArrayList<>();
            int recipients = 0;
            for (int i = ids.length - 1; i >= 0; i--) {
                QueuedMessage message = isExcluded(query, ids[i]) ? null : read(ids[i]);
                if (message != null && matches(query, message)) {
                    recipients += message.recipients().size();
                    boolean more = messages.size() < query.limit() && recipients <= PAGE_RECIPIENTS;
                    if (!more && !messages.isEmpty()) {
                        return new Page(messages, messages.getLast().id());
                    }
                    messages.add(message);
                }
            }
            return new Page(messages, null);
        }

        private long[] candidates(Query query) {
            QueueId after = query.after();
            long below = after == null ? Long.MAX_VALUE : after.value();
            long[] ids;
            synchronized (queueIndex) {
                MessageTable index = queueIndex.index();
                DueQueues lines = queueIndex.lines();
                ids =
                        index.ids(row ->
                                index.id(row) < below
                                        && (query.state() == null
                                                || lines.shownState(row) == query.state()));
            }
            Arrays.sort(ids);
            return ids;
        }

        /// Returns whether the catalogue knows that a message is not asked for.
        private boolean isExcluded(Query query, long id) {
            if (query.sender() == null && query.recipient() == null) {
                return false;
            }
            synchronized (queueIndex) {
                int row = queueIndex.index().find(id);
                Catalogue catalogue = queueIndex.catalogue();
                return row == MessageTable.NONE
                        || catalogue.match(row, id, query.sender(), query.recipient())
                                == Catalogue.Match.NO;
            }
        }

        private @Nullable QueuedMessage read(long id) {
            QueueIndex.Found found = queueIndex.find(id);
            if (found == null) {
                return null;
            }
            try {
                return Views.shown(snapshots.load(id, found), found);
            } catch (IOException e) {
                log.atError()
                        .setCause(e)
                        .addKeyValue("id", new QueueId(id))
                        .log("message can't be read");
                return null;
            }
        }

        private static boolean matches(Query query, QueuedMessage message) {
            return (query.state() == null || message.state() == query.state())
                    && contains(message.envelope().sender().address(), query.sender())
                    && (query.recipient() == null
                            || message.recipients().stream()
                                    .map(Recipient::address)
                                    .anyMatch(to -> contains(to.address(), query.recipient())));
        }

        private static boolean contains(String address, @Nullable String part) {
            return part == null
                    || address.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
        }
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

        static boolean allows(Spool.Verb verb, State shown, MessageState snapshot) {
            boolean held = shown == State.HELD;
            return switch (verb) {
                case RETRY ->
                        shown == State.DEFERRED
                                || (shown == State.FAILED && snapshot.hasContent())
                                || (held && snapshot.isSuspected());
                case HOLD ->
                        shown == State.QUEUED
                                || shown == State.DEFERRED
                                || (held
                                        && !snapshot.has(Reason.OPERATOR)
                                        && !snapshot.isSuspected());
                case RELEASE -> held && (snapshot.has(Reason.OPERATOR) || snapshot.isSuspected());
                case DELETE -> shown != State.SENDING;
            };
        }

        static MessageState apply(Spool.Verb verb, MessageState before, Instant now) {
            return switch (verb) {
                case RETRY -> retry(before, now);
                case HOLD -> before.with(Verbs::hold, before.ageFrom(), before.due());
                case RELEASE -> release(before, now);
                case DELETE -> before;
            };
        }

        static RecordType record(Spool.Verb verb) {
            return switch (verb) {
                case RETRY -> RecordType.RETRIED;
                case HOLD -> RecordType.HELD;
                case RELEASE -> RecordType.RELEASED;
                case DELETE -> RecordType.REMOVED;
            };
        }

        private static MessageState retry(MessageState before, Instant now) {
            return switch (before.state()) {
                case FAILED -> before.queued(r -> r.state() == State.FAILED, now, now);
                case HELD -> release(before, now);
                case QUEUED, SENDING, DEFERRED, SENT ->
                        before.with(recipient -> recipient, before.ageFrom(), now);
            };
        }

        private static MessageState release(MessageState before, Instant now) {
            return before.queued(r -> r.state() == State.HELD, before.ageFrom(), now);
        }

        private static Recipient hold(Recipient recipient) {
            return recipient.state().isFinal()
                    ? recipient
                    : new Recipient(
                            recipient.address(),
                            State.HELD,
                            Reason.OPERATOR,
                            recipient.reply(),
                            recipient.egress());
        }
    }
}
