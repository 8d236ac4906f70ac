package dev.postern.listener;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.ReversePath;
import dev.postern.reception.IncomingMessage;
import dev.postern.smtp.BdatDecoder;
import dev.postern.smtp.Command;
import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.ContentDecoder.ContentSink;
import dev.postern.smtp.Reply;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// MAIL to the end of the data (RFC 5321 §3.3): the envelope while it is spoken, then the message
/// while it comes in.
final class Transaction {

    /// What a recipient takes beside its characters: the set's entry and three objects.
    private static final long RECIPIENT_BYTES = 128;

    /// A character as it is kept, and once more in the spool's record.
    private static final long CHARACTER_BYTES = 2;

    private final ReversePath sender;
    private final boolean smtpUtf8;
    private final Set<Key> recipients = new LinkedHashSet<>();
    private long envelopeBytes;
    private boolean recipientRefused;
    private @Nullable IncomingMessage incoming;

    Transaction(ReversePath sender, boolean smtpUtf8) {
        this.sender = sender;
        this.smtpUtf8 = smtpUtf8;
    }

    boolean isSmtpUtf8() {
        return smtpUtf8;
    }

    /// A recipient as it is told from others: its domain's letter case does not matter, the local
    /// part's may (RFC 5321 §2.4).
    private record Key(ForwardPath path) {

        private String folded() {
            int at = path.address().lastIndexOf('@') + 1;
            String domain = path.address().substring(at).toLowerCase(Locale.ROOT);
            return path.address().substring(0, at) + domain;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            // In lower case some letters are two: such domains are told apart.
            return other instanceof Key key
                    && key.path.address().length() == path.address().length()
                    && key.folded().equals(folded());
        }

        @Override
        public int hashCode() {
            return folded().hashCode();
        }
    }

    /// Returns whether there is such a recipient already: it is taken once (RFC 5321 §4.5.3.1.8
    /// counts recipients, not commands).
    boolean has(String address) {
        return recipients.contains(new Key(new ForwardPath(address)));
    }

    /// Returns how many recipients there are.
    int recipientCount() {
        return recipients.size();
    }

    /// Adds a recipient that is not there yet.
    void add(String address) {
        recipients.add(new Key(new ForwardPath(address)));
        envelopeBytes += bytes(address.length());
    }

    /// Returns what a recipient takes of the heap, at most and about.
    static long bytes(int addressLength) {
        return RECIPIENT_BYTES + CHARACTER_BYTES * addressLength;
    }

    /// Returns what the recipients take of the heap.
    long envelopeBytes() {
        return envelopeBytes;
    }

    /// Notes that a recipient was refused, which tells a client's mistake from an empty envelope.
    void recipientRefused() {
        recipientRefused = true;
    }

    boolean hasRefusedRecipient() {
        return recipientRefused;
    }

    Envelope envelope() {
        return new Envelope(sender, recipients.stream().map(Key::path).toList(), smtpUtf8);
    }

    /// Starts the content.
    void receive(IncomingMessage message) {
        incoming = message;
    }

    /// Returns whether content has begun.
    boolean isReceiving() {
        return incoming != null;
    }

    /// Returns whether the intake is full.
    boolean isFull() {
        return incoming != null && !incoming.isWritable();
    }

    /// Returns the message that comes in.
    IncomingMessage incoming() {
        return Objects.requireNonNull(incoming, "no content yet");
    }

    /// Gives the transaction up.
    void abort() {
        if (incoming != null) {
            incoming.abort();
        }
    }

    /// A chunk of BDAT that was refused: its octets come all the same, and are thrown away (RFC
    /// 3030 §2).
    ///
    /// @param reply why it was refused, to be said behind it
    /// @param after the state behind it
    record RefusedChunk(BdatDecoder decoder, Reply reply, Protocol.SessionState after) {

        /// Begins to throw away.
        RefusedChunk(Command.Bdat command, Reply reply, Protocol.SessionState after) {
            this(new BdatDecoder(BareNewline.NORMALIZE, 0), reply, after);
            decoder.begin(command);
        }

        /// Throws octets away.
        ///
        /// @return whether the chunk's end was reached
        boolean swallow(ByteBuffer in) {
            return decoder.decode(in, ContentSink.DISCARD);
        }
    }
}
