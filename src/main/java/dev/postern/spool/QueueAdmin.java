package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The spool as operators see it: views and verbs. Thread-safe.
///
/// A long queue is read back behind the open door: until [#awaitComplete], what the last run left
/// is not whole, and views and verbs know some of it or nothing.
public interface QueueAdmin {

    /// Waits until all that the last run left is known, if not for too long.
    ///
    /// @return whether it is
    boolean awaitComplete(Duration most);

    /// Applies an operator's verb to one message.
    Verdict apply(Verb verb, QueueId id);

    /// Makes everything deferred due now.
    ///
    /// @return how many messages that were
    int flush();

    /// Returns one page of messages, newest first.
    Page list(Query query);

    /// Returns one message with its history.
    Optional<MessageState> find(QueueId id);

    /// Returns the octets of a message; empty when it is unknown or its octets are gone.
    Optional<MessageContent> content(QueueId id);

    /// Returns figures about the whole.
    SpoolStatus status();

    /// What an operator can do to one message.
    enum Verb {
        /// Makes a deferred message due; lets a failed one try again, its age starting anew, and a
        /// suspected one.
        RETRY,
        /// Keeps a queued, deferred or egress-less message until it is released.
        HOLD,
        /// Frees what an operator held, and what is suspected of ending the process.
        RELEASE,
        /// Removes a message, whatever it owes, unless it is being sent.
        DELETE
    }

    /// What came of an operator's verb.
    enum Verdict {
        DONE,
        /// No such message.
        UNKNOWN,
        /// The message's state does not allow it.
        WRONG_STATE
    }

    /// A question for a page of messages.
    ///
    /// @param state only messages in this state; null for all
    /// @param sender only messages whose sender contains this, letter case aside; null for all
    /// @param recipient only messages one of whose recipients contains this, letter case aside;
    ///   null for all
    /// @param limit how many at most, 1 to 1000
    /// @param after only messages older than this one; null for the newest
    record Query(
            @Nullable State state,
            @Nullable String sender,
            @Nullable String recipient,
            int limit,
            @Nullable QueueId after) {}

    /// A page of messages, newest first.
    ///
    /// @param messages at most as many as were asked for; fewer where they have very many
    ///   recipients. Without their history, which can be large
    /// @param next what to ask for `after` to go on; null at the end
    record Page(List<MessageState> messages, @Nullable QueueId next) {

        public Page {
            messages = List.copyOf(messages);
        }
    }

    /// Figures about the spool.
    ///
    /// @param path its directory
    /// @param bytes how much it holds on disk
    /// @param freeBytes how much the file system has left
    /// @param messages how many messages are in each state; every state is there
    /// @param oldest when the oldest unfinished message was received; null when there is none
    /// @param trouble why mail can't be taken durably now, or none is sent since the queue can't be
    ///   read, in words; null when all is well
    record SpoolStatus(
            Path path,
            long bytes,
            long freeBytes,
            Map<State, Integer> messages,
            @Nullable Instant oldest,
            @Nullable String trouble) {

        public SpoolStatus {
            messages = Map.copyOf(messages);
        }
    }
}
