package dev.postern.egress;

import dev.postern.mail.MessageContent.ContentTraits;
import java.util.List;

/// One way out. Thread-safe: several messages may be under way at once, each on a thread of its
/// own.
///
/// *Diagnostics.* Trouble of any kind on the other side is an [dev.postern.outcome.Outcome], never
/// an exception. What an egress throws is our own fault.
public interface Egress extends AutoCloseable {

    /// Returns the configured name.
    String name();

    /// Sends one message and blocks until its outcome is known or every time-out has run. Meant for
    /// virtual threads; an interrupt breaks off what has not reached the commit point.
    ///
    /// @param outbound what to send, to whom
    /// @param gate passed once, right before the octet that commits the other side to the message,
    ///   and told how far the attempt has come
    Delivery send(OutboundMessage outbound, CommitGate gate);

    /// Returns whether content with these traits may be spoilt on this way, as far as is known:
    /// another egress that can send is better, if there is one.
    default boolean maySpoil(ContentTraits traits) {
        return false;
    }

    /// Returns the ways to reach its server that were tried last, and what came of each; empty
    /// where there is one way only, and before any was tried. Does not block.
    default List<EgressView.Way> candidates() {
        return List.of();
    }

    /// Examines whether this egress could send, without sending. Blocks.
    Probe probe();

    /// Closes idle connections. Attempts under way end by themselves.
    @Override
    void close();

    /// An egress that is another, but for what it is given to send.
    abstract class Relayed implements Egress {

        private final Egress egress;

        Relayed(Egress egress) {
            this.egress = egress;
        }

        /// Returns the one that sends.
        Egress egress() {
            return egress;
        }

        @Override
        public String name() {
            return egress.name();
        }

        @Override
        public boolean maySpoil(ContentTraits traits) {
            return egress.maySpoil(traits);
        }

        @Override
        public List<EgressView.Way> candidates() {
            return egress.candidates();
        }

        @Override
        public Probe probe() {
            return egress.probe();
        }

        @Override
        public void close() {
            egress.close();
        }
    }
}
