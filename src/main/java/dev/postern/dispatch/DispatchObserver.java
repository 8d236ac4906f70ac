package dev.postern.dispatch;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import java.time.Duration;
import java.util.List;

/// Who is told of the dispatcher's work, for metrics and notices. Called on its threads, one at a
/// time; must be quick.
public interface DispatchObserver {

    /// One call of an egress is over.
    ///
    /// @param lines its outcome classes with their recipients, at least one
    /// @param took how long it lasted
    default void attempted(QueueId id, String egress, List<Attempt> lines, Duration took) {}

    /// A message takes another way than the preferred one.
    ///
    /// @param why what the preferred egress said or did
    default void fellBack(QueueId id, String egress, String insteadOf, String why) {}

    /// Nothing more is owed of a message.
    ///
    /// @param recipients all, each sent or failed
    default void done(QueueId id, List<Recipient> recipients) {}
}
