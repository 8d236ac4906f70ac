package dev.postern.egress;

import dev.postern.mail.Envelope;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;

/// What an egress is asked to send.
///
/// @param id the queue id
/// @param envelope the sender, and the recipients of this attempt only
/// @param content the octets
/// @param asItIs whether 8-bit content is to go even to a hop that did not promise to carry it; if
///   not, another egress may do better, and this one declines as unsuited in form
public record OutboundMessage(
        QueueId id, Envelope envelope, MessageContent content, boolean asItIs) {

    /// Creates a message that goes as it is.
    public OutboundMessage(QueueId id, Envelope envelope, MessageContent content) {
        this(id, envelope, content, true);
    }
}
