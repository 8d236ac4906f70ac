package dev.postern.egress;

import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import java.io.IOException;
import java.util.Map;

/// What an attempt passes on its way, and tells of it while it lasts.
///
/// The commit point is the last moment at which an attempt can be broken off without doubt about
/// its outcome: right before the final dot of DATA, or the last octet of an HTTP request. Passing
/// it is noted in the spool, so that a crash afterwards is known as a possible duplicate.
///
/// The preparation is what is done with the message itself before its first octet goes out: it is
/// read, taken apart, rebuilt. A message that ends the process in that time is found by it. Waiting
/// for a turn, a connection or an answer is none. All of this may be told on any thread.
@FunctionalInterface
public interface CommitGate {

    /// A gate that is always open, for probes and tests.
    CommitGate OPEN = () -> true;

    /// Called once per attempt, right before the commit point.
    ///
    /// @return whether to go on; when false the egress must not send the committing octet, and
    ///   answers `unavailable`
    boolean pass();

    /// Called before the message is read, and again after [#waiting]. May block for a while.
    default void preparing() {}

    /// Called before the attempt waits for something that the message has no part in.
    default void waiting() {}

    /// Called when the first octet of the message or its envelope goes out: this preparation is
    /// over. Another egress may prepare the message after it.
    default void sending() {}

    /// Called after the commit point when some recipients' outcomes are known and others are asked
    /// for yet, which may end otherwise than well.
    ///
    /// @param outcomes all that are known so far
    default void told(Map<ForwardPath, Outcome> outcomes) {}

    /// Returns this gate for an attempt of several calls, of which only the first passes it.
    default CommitGate once() {
        return new Relayed(this) {

            private boolean passed;

            @Override
            public synchronized boolean pass() {
                passed = passed || super.pass();
                return passed;
            }
        };
    }

    /// We ended an attempt ourselves, for a reason that is ours.
    final class BrokenOff extends IOException {
        private static final long serialVersionUID = 1L;

        public BrokenOff(String why) {
            super(why);
        }
    }

    /// A gate that is another, but for what is told otherwise.
    class Relayed implements CommitGate {

        private final CommitGate whole;

        Relayed(CommitGate whole) {
            this.whole = whole;
        }

        @Override
        public boolean pass() {
            return whole.pass();
        }

        @Override
        public void preparing() {
            whole.preparing();
        }

        @Override
        public void waiting() {
            whole.waiting();
        }

        @Override
        public void sending() {
            whole.sending();
        }

        @Override
        public void told(Map<ForwardPath, Outcome> outcomes) {
            whole.told(outcomes);
        }
    }
}
