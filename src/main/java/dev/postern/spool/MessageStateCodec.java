package dev.postern.spool;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The body of a record that holds a [MessageState], layout 1. Numbers are big-endian; `text` is an
/// i32 length (-1 for null) and UTF-8; times are i64 milliseconds since 1970; a list is an i32
/// count and its members.
///
/// ```
///  u8 layout   u8 flags: 1 content, 2 possible duplicate, 4 damaged, 8 SMTPUTF8,
///              16 8-bit, 32 8-bit header
///  i64 size    i32 longest line    time received, age from, due    i32 attempt count
///  text sender, client, helo, protocol, authenticated-as, subject
///  recipients: text address   u8 state   u8 reason   text reply, egress
///  attempts:   time at   text egress   u8 outcome   text reply   i64 milliseconds taken
///              recipients: i32 index (-1: text address follows)    not carried: text
/// ```
final class MessageStateCodec {

    private static final int LAYOUT = 1;
    private static final int NO_REASON = 255;
    private static final int MAX_TEXT_CHARACTERS = 4_000;

    // Codes on disk are places in these lists, which only grow at their ends.
    private static final List<State> STATES =
            List.of(
                    State.QUEUED,
                    State.SENDING,
                    State.DEFERRED,
                    State.HELD,
                    State.SENT,
                    State.FAILED);
    private static final List<Reason> REASONS =
            List.of(
                    Reason.OPERATOR,
                    Reason.NO_EGRESS,
                    Reason.EGRESS_DOWN,
                    Reason.RECIPIENT,
                    Reason.UNSUITED,
                    Reason.LIMITED,
                    Reason.UNCERTAIN,
                    Reason.SUSPECTED);
    private static final List<OutcomeClass> OUTCOMES =
            List.of(
                    OutcomeClass.ACCEPTED,
                    OutcomeClass.DEFERRED,
                    OutcomeClass.REJECTED,
                    OutcomeClass.UNSUITED,
                    OutcomeClass.UNAVAILABLE,
                    OutcomeClass.UNCERTAIN);

    /// The lowest bits of the flags; all that a layout has room for.
    private static final List<MessageState.Mark> MARKS =
            List.of(
                    MessageState.Mark.CONTENT,
                    MessageState.Mark.POSSIBLE_DUPLICATE,
                    MessageState.Mark.DAMAGED);

    private MessageStateCodec() {}

    static byte[] encode(MessageState state) {
        OctetWriter to = new OctetWriter();
        to.u8(LAYOUT).u8(flags(state)).i64(state.message().sizeBytes());
        to.i32(state.message().traits().longestLineOctets());
        to.time(state.message().received()).time(state.ageFrom()).time(state.due());
        to.i32(state.attemptCount());
        Origin origin = state.message().origin();
        to.text(state.envelope().sender().address());
        to.text(origin.client()).text(origin.helo()).text(origin.protocol());
        to.text(origin.authenticatedAs()).text(cut(state.message().subject()));
        Map<ForwardPath, Integer> places = new HashMap<>();
        to.i32(state.recipients().size());
        for (Recipient recipient : state.recipients()) {
            places.put(recipient.address(), places.size());
            putRecipient(to, recipient);
        }
        to.i32(state.attempts().size());
        for (Attempt attempt : state.attempts()) {
            putAttempt(to, attempt, places);
        }
        return to.octets();
    }

    private static int flags(MessageState state) {
        int marks = 0;
        for (MessageState.Mark mark : state.marks()) {
            marks |= 1 << MARKS.indexOf(mark);
        }
        return marks
                | (state.envelope().smtpUtf8() ? 8 : 0)
                | (state.message().traits().eightBit() ? 16 : 0)
                | (state.message().traits().eightBitHeader() ? 32 : 0);
    }

    private static Set<MessageState.Mark> marks(int flags) {
        Set<MessageState.Mark> marks = EnumSet.noneOf(MessageState.Mark.class);
        for (int bit = 0; bit < MARKS.size(); bit++) {
            if ((flags & (1 << bit)) != 0) {
                marks.add(MARKS.get(bit));
            }
        }
        return marks;
    }

    private static void putRecipient(OctetWriter to, Recipient recipient) {
        assert recipient.state() != State.SENDING : "sending is never written";
        Reason reason = recipient.reason();
        to.text(recipient.address().address()).u8(STATES.indexOf(recipient.state()));
        to.u8(reason == null ? NO_REASON : REASONS.indexOf(reason));
        to.text(cut(recipient.reply())).text(recipient.egress());
    }

    private static void putAttempt(
            OctetWriter to, Attempt attempt, Map<ForwardPath, Integer> places) {
        to.time(attempt.at()).text(attempt.egress()).u8(OUTCOMES.indexOf(attempt.outcome()));
        to.text(cut(attempt.reply())).i64(attempt.took().toMillis());
        to.i32(attempt.recipients().size());
        for (ForwardPath recipient : attempt.recipients()) {
            int place = places.getOrDefault(recipient, -1);
            to.i32(place);
            if (place < 0) {
                to.text(recipient.address());
            }
        }
        to.i32(attempt.notCarried().size());
        attempt.notCarried().forEach(what -> to.text(cut(what)));
    }

    private static @Nullable String cut(@Nullable String text) {
        return text == null || text.length() <= MAX_TEXT_CHARACTERS
                ? text
                : text.substring(0, MAX_TEXT_CHARACTERS);
    }

    /// Reads a state.
    ///
    /// @throws IOException when these octets are none, although their CRC was right
    static MessageState decode(QueueId id, byte[] body) throws IOException {
        try {
            return decode(id, ByteBuffer.wrap(body));
        } catch (IllegalArgumentException
                | IndexOutOfBoundsException
                | BufferUnderflowException e) {
            throw new IOException("message " + id + " has a state that can't be read", e);
        }
    }

    private static MessageState decode(QueueId id, ByteBuffer from) throws IOException {
        int layout = from.get() & 0xFF;
        if (layout != LAYOUT) {
            throw new IOException("message " + id + " is in layout " + layout);
        }
        int flags = from.get() & 0xFF;
        long sizeBytes = from.getLong();
        int longestLine = from.getInt();
        Instant received = time(from);
        Instant ageFrom = time(from);
        Instant due = time(from);
        int attemptCount = from.getInt();
        ReversePath sender = new ReversePath(text(from));
        Origin origin = new Origin(text(from), text(from), text(from), textOrNull(from));
        String subject = text(from);
        List<Recipient> recipients = recipients(from);
        List<ForwardPath> paths = recipients.stream().map(Recipient::address).toList();
        List<Attempt> attempts = attempts(from, paths);
        MessageState.Message message =
                new MessageState.Message(
                        id,
                        new Envelope(sender, paths, (flags & 8) != 0),
                        origin,
                        received,
                        sizeBytes,
                        new ContentTraits((flags & 16) != 0, (flags & 32) != 0, longestLine),
                        subject);
        return new MessageState(
                message, ageFrom, due, recipients, attempts, attemptCount, marks(flags));
    }

    private static List<Recipient> recipients(ByteBuffer from) {
        int count = from.getInt();
        List<Recipient> recipients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ForwardPath address = new ForwardPath(text(from));
            State state = STATES.get(from.get());
            int reason = from.get() & 0xFF;
            recipients.add(
                    new Recipient(
                            address,
                            state,
                            reason == NO_REASON ? null : REASONS.get(reason),
                            textOrNull(from),
                            textOrNull(from)));
        }
        return recipients;
    }

    private static List<Attempt> attempts(ByteBuffer from, List<ForwardPath> paths) {
        int count = from.getInt();
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Instant at = time(from);
            String egress = text(from);
            OutcomeClass outcome = OUTCOMES.get(from.get());
            String reply = text(from);
            Duration took = Duration.ofMillis(from.getLong());
            List<ForwardPath> recipients = attemptRecipients(from, paths);
            List<String> notCarried = new ArrayList<>();
            for (int left = from.getInt(); left > 0; left--) {
                notCarried.add(text(from));
            }
            attempts.add(new Attempt(at, egress, outcome, reply, took, recipients, notCarried));
        }
        return attempts;
    }

    private static List<ForwardPath> attemptRecipients(ByteBuffer from, List<ForwardPath> paths) {
        List<ForwardPath> recipients = new ArrayList<>();
        for (int left = from.getInt(); left > 0; left--) {
            int place = from.getInt();
            recipients.add(place < 0 ? new ForwardPath(text(from)) : paths.get(place));
        }
        return recipients;
    }

    private static Instant time(ByteBuffer from) {
        return Instant.ofEpochMilli(from.getLong());
    }

    private static String text(ByteBuffer from) {
        String text = textOrNull(from);
        if (text == null) {
            throw new IllegalArgumentException("a text is missing at " + from.position());
        }
        return text;
    }

    private static @Nullable String textOrNull(ByteBuffer from) {
        int length = from.getInt();
        if (length < 0) {
            return null;
        }
        if (length > from.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] text = new byte[length];
        from.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    /// Writes numbers and texts into an array that grows.
    static final class OctetWriter {

        private ByteBuffer octets = ByteBuffer.allocate(512);

        OctetWriter u8(int value) {
            assert value >= 0 && value <= 255 : value;
            room(1).put((byte) value);
            return this;
        }

        OctetWriter i32(int value) {
            room(Integer.BYTES).putInt(value);
            return this;
        }

        OctetWriter i64(long value) {
            room(Long.BYTES).putLong(value);
            return this;
        }

        OctetWriter time(Instant value) {
            return i64(value.toEpochMilli());
        }

        OctetWriter text(@Nullable String value) {
            if (value == null) {
                return i32(-1);
            }
            byte[] text = value.getBytes(StandardCharsets.UTF_8);
            i32(text.length);
            room(text.length).put(text);
            return this;
        }

        byte[] octets() {
            return Arrays.copyOf(octets.array(), octets.position());
        }

        private ByteBuffer room(int more) {
            if (octets.remaining() < more) {
                int length = Math.max(octets.capacity() * 2, octets.position() + more);
                octets = ByteBuffer.allocate(length).put(octets.flip());
            }
            return octets;
        }
    }
}
