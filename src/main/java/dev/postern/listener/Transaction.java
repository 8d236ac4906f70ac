package dev.postern.listener;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.ReversePath;
import dev.postern.reception.IncomingMessage;
import dev.postern.smtp.BdatDecoder;
import dev.postern.smtp.Command;
import dev.postern.smtp.ContentDecoder;
import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.ContentDecoder.ContentFault;
import dev.postern.smtp.ContentDecoder.ContentSink;
import dev.postern.smtp.DataDecoder;
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
    private @Nullable ContentDecoder decoder;
    private Command.@Nullable Bdat chunk;

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

        private String domain() {
            return path.address().substring(at()).toLowerCase(Locale.ROOT);
        }

        private int at() {
            return path.address().lastIndexOf('@') + 1;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key(ForwardPath(String address))
                    && address.length() == path.address().length()
                    && address.regionMatches(0, path.address(), 0, at())
                    && domain().equals(new Key(new ForwardPath(address)).domain());
        }

        @Override
        public int hashCode() {
            return path.address().substring(0, at()).hashCode() + domain().hashCode();
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

    /// Starts the content, framed as DATA or BDAT does.
    void receive(IncomingMessage message, ContentDecoder framing) {
        incoming = message;
        decoder = framing;
    }

    /// Returns whether content has begun.
    boolean isReceiving() {
        return incoming != null;
    }

    /// Begins a chunk of BDAT.
    void begin(Command.Bdat command) {
        chunk = command;
        switch (decoder()) {
            case BdatDecoder chunks -> chunks.begin(command);
            case DataDecoder _ -> throw new AssertionError("a chunk within DATA");
        }
    }

    /// Takes the octets of DATA or of the chunk.
    ///
    /// @return whether its end was reached
    boolean content(ByteBuffer in) {
        IncomingMessage message = incoming();
        boolean ended =
                switch (decoder()) {
                    case DataDecoder data -> data.decode(in, message);
                    case BdatDecoder chunks -> chunks.decode(in, message);
                };
        if (decoder().fault() != null) {
            // Room in the spool is for mail that will be kept; the rest is only read.
            message.abort();
        }
        return ended;
    }

    /// Returns whether no more content is to come, once an end was reached. A chunk that takes the
    /// message over its size is refused itself (RFC 3030 §2); for what is in the content the
    /// message is refused as a whole, at its true end.
    boolean isWhole() {
        return chunk == null || chunk.last() || decoder().fault() == ContentFault.OVER_SIZE;
    }

    /// Returns the octets of the chunk at hand.
    long chunkOctets() {
        return chunk == null ? 0 : chunk.sizeOctets();
    }

    /// Returns whether the intake is full.
    boolean isFull() {
        return incoming != null && !incoming.isWritable();
    }

    /// Returns the message that comes in.
    IncomingMessage incoming() {
        return Objects.requireNonNull(incoming, "no content yet");
    }

    /// Returns the content's decoder.
    ContentDecoder decoder() {
        return Objects.requireNonNull(decoder, "no content yet");
    }

    /// Gives the transaction up.
    void abort() {
        if (incoming != null) {
            incoming.abort();
        }
    }

    /// A chunk of BDAT that was refused: its octets come all the same, and are thrown away (RFC
    /// 3030 §2).
    static final class RefusedChunk {

        private final BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, 0);
        private final Reply reply;
        private final Protocol.SessionState after;

        /// Begins to throw away.
        ///
        /// @param reply why it was refused, to be said behind it
        /// @param after the state behind it
        RefusedChunk(Command.Bdat command, Reply reply, Protocol.SessionState after) {
            this.reply = reply;
            this.after = after;
            decoder.begin(command);
        }

        Reply reply() {
            return reply;
        }

        Protocol.SessionState after() {
            return after;
        }

        /// Throws octets away.
        ///
        /// @return whether the chunk's end was reached
        boolean swallow(ByteBuffer in) {
            return decoder.decode(in, ContentSink.DISCARD);
        }
    }
}
