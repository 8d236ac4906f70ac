package dev.postern.egress;

import dev.postern.mail.Envelope;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;

/// What an egress is asked to send.
///
/// @param id the queue id
/// @param envelope the sender, and the recipients of this attempt only
/// @param content the octets
public record Shipment(QueueId id, Envelope envelope, MessageContent content) {}
