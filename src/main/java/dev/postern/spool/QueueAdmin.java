package dev.postern.spool;

import dev.postern.mail.LogMark;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import java.io.IOException;
import java.time.InstantSource;
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
    private @Nullable JournalWrite apply(Spool.Verb verb, QueueIndex.Found found, MessageState before) {
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
}
