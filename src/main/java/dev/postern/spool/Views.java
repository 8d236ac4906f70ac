package dev.postern.spool;

import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Brings snapshots up to what the [MessageTable] knows better than the disk.
final class Views {

    private Views() {}

    /// Returns a snapshot with what changed in memory only: possible duplicate, freed holds.
    static MessageState current(MessageState snapshot, QueueIndex.Found found) {
        MessageState current = found.possiblyDuplicate() ? snapshot.possiblyDuplicate() : snapshot;
        return found.freed()
                ? current.queued(Views::isFreed, current.ageFrom(), current.due())
                : current;
    }

    private static boolean isFreed(Recipient recipient) {
        return recipient.state() == State.HELD && recipient.reason() == Reason.NO_EGRESS;
    }

    /// Returns a snapshot as its claimant gets it: in state `sending`, and with the reason for
    /// which each recipient waited until now, because one that an egress perhaps took goes back to
    /// that egress.
    static MessageState claimed(MessageState snapshot) {
        return snapshot.with(
                recipient ->
                        recipient.state().isFinal()
                                ? recipient
                                : changed(recipient, State.SENDING, recipient.reason()),
                snapshot.ageFrom(),
                snapshot.due());
    }

    /// Returns a snapshot whose unfinished recipients are shown as being sent.
    private static MessageState sending(MessageState snapshot) {
        return snapshot.with(
                recipient ->
                        recipient.state().isFinal()
                                ? recipient
                                : changed(recipient, State.SENDING, null),
                snapshot.ageFrom(),
                snapshot.due());
    }

    private static Recipient changed(Recipient recipient, State state, @Nullable Reason reason) {
        return new Recipient(
                recipient.address(), state, reason, recipient.reply(), recipient.egress());
    }

    /// Returns a message as users see it now.
    static QueuedMessage shown(MessageState snapshot, QueueIndex.Found found) {
        MessageState current = current(snapshot, found);
        MessageState now =
                current.with(
                        recipient -> recipient,
                        current.ageFrom(),
                        Instant.ofEpochMilli(found.due()));
        return (found.shown() == State.SENDING ? sending(now) : now).message();
    }
}
