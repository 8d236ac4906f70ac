package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.outcome.Attempt;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// The spool as the dispatcher sees it: what is due is claimed, and settled. Thread-safe.
///
/// What an outcome wrote is on disk at the latest 100 ms later: a crash in between can repeat a
/// delivery, never lose one.
public interface DueQueue {

    /// How many shelves there are.
    int SHELVES = 100;

    /// Takes up to `max` messages that are due, new ones first, then deferred ones by due time, and
    /// marks their unfinished recipients as being sent; the reasons for which they waited stay with
    /// them. A claimed message belongs to the caller until it is settled.
    ///
    /// @param shelf from which; 0: what is on none
    List<MessageState> claim(int max, int shelf);

    /// Gives back a claim of which nothing was made, and puts the message on a shelf, where it
    /// stays as it was until it is claimed from there, changes, or the program ends. Claims from no
    /// shelf pass it over: so what is to wait does not stand before what need not. Nothing is
    /// written.
    ///
    /// @param shelf 1 to [#SHELVES]
    void shelve(QueueId id, int shelf);

    /// Empties all shelves: what was there is on none again.
    void clearShelves();

    /// Returns when the next message on a shelf (0: on none) is due that is neither claimed nor
    /// held; empty when none waits there.
    Optional<Instant> nextDue(int shelf);

    /// Sets what to run, on any thread and briefly, whenever a message may have become due.
    void onDue(Runnable wake);

    /// Sets what is told, on any thread and briefly, which messages an operator is about to make
    /// due: what [QueueAdmin#flush], [QueueAdmin.Verb#RETRY] and [QueueAdmin.Verb#RELEASE] want is
    /// wanted now, whatever the dispatcher waits for.
    void onWish(Consumer<Predicate<QueueId>> told);

    /// Notes that an attempt is about to pass its commit point. Written at once, synced with the
    /// next sync. If the process dies before [#settle], the message comes back marked as a possible
    /// duplicate.
    void committing(QueueId id);

    /// Notes that a claimed message is read from here on, until [#prepared], to be sent. The note
    /// outlives the process, which the message may end: one that was being prepared when the
    /// process ended uncleanly twice in a row is prepared alone, and held as `suspected` when that
    /// ends it too, unless another was held before and none went well since. Nothing is written to
    /// the journal. Blocks while another message must be alone, and until this one is if it must;
    /// not for long.
    void preparing(QueueId id);

    /// Notes that the preparation pauses, or is over.
    ///
    /// @param sending whether it went well: the message's first octet goes out. It is above
    ///   suspicion when it is settled after that
    void prepared(QueueId id, boolean sending);

    /// Records what attempts brought so far, of a claimed message that stays claimed and is still
    /// past a commit point. If the process dies before [#settle], the message comes back with this.
    ///
    /// @param soFar its due time does not count
    void progress(QueueId id, Settlement soFar);

    /// Records what attempts brought and gives the claim back. A message whose recipients are all
    /// final is done: its octets may go (of `failed` ones after `keep-failed`), its history stays
    /// for a while.
    void settle(QueueId id, Settlement settlement);

    /// Makes everything that is held for want of an egress queued again. What an operator holds,
    /// and what is `suspected`, is freed by an operator, message by message.
    ///
    /// @return how many messages that were
    int releaseAll();

    /// Makes what is deferred for `reason` due at `due`, where that is earlier: what is due first.
    ///
    /// @param most how many messages at most
    /// @return how many messages that were
    int hasten(Reason reason, Instant due, int most);

    /// Returns the octets of a message; empty when it is unknown or its octets are gone.
    Optional<MessageContent> content(QueueId id);

    /// Returns a message's lines of history, the oldest first; none when it is unknown.
    List<Attempt> history(QueueId id);

    /// Keeps a few octets under a name, in the place of what was kept there. They survive the
    /// process, and the machine some seconds later.
    ///
    /// @param name begins with `limits-`
    /// @throws java.io.UncheckedIOException when the disk does not take them
    void keep(String name, byte[] octets);

    /// Returns what was kept under a name; nothing when there is nothing, or nothing whole.
    byte[] kept(String name);

    /// What attempts brought for one claimed message.
    ///
    /// @param calls how many calls of egresses were made (each adds one to the attempt count; one
    ///   call can have several lines of history)
    /// @param attempts the lines of history to add
    /// @param recipients the new states of the recipients that changed; none in state `sending`.
    ///   Claimed recipients that are not named go back to the state they had
    /// @param due when the message is due next; of no meaning when all is final
    /// @param uncertain whether the last call lost its answer after the commit point
    record Settlement(
            int calls,
            List<Attempt> attempts,
            List<Recipient> recipients,
            Instant due,
            boolean uncertain) {

        public Settlement {
            attempts = List.copyOf(attempts);
            recipients = List.copyOf(recipients);
        }
    }
}
