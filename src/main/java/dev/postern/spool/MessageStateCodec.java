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

    static byte[] encode(MessageState snapshot) {
        OctetWriter to = new OctetWriter();
        to.u8(LAYOUT).u8(flags(snapshot)).i64(snapshot.sizeBytes());
        to.i32(snapshot.traits().longestLineOctets());
        to.time(snapshot.received()).time(snapshot.ageFrom()).time(snapshot.due());
        to.i32(snapshot.attemptCount());
        Origin origin = snapshot.origin();
        to.text(snapshot.envelope().sender().address());
        to.text(origin.client()).text(origin.helo()).text(origin.protocol());
        to.text(origin.authenticatedAs()).text(cut(snapshot.subject()));
        Map<ForwardPath, Integer> places = new HashMap<>();
        to.i32(snapshot.recipients().size());
        for (Recipient recipient : snapshot.recipients()) {
            places.put(recipient.address(), places.size());
            putRecipient(to, recipient);
        }
        to.i32(snapshot.attempts().size());
        for (Attempt attempt : snapshot.attempts()) {
            putAttempt(to, attempt, places);
        }
        return to.octets();
    }

    private static int flags(MessageState snapshot) {
        int marks = 0;
        for (MessageState.Mark mark : snapshot.marks()) {
            marks |= 1 << MARKS.indexOf(mark);
        }
        return marks
                | (snapshot.envelope().smtpUtf8() ? 8 : 0)
                | (snapshot.traits().eightBit() ? 16 : 0)
                | (snapshot.traits().eightBitHeader() ? 32 : 0);
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

    /// Reads a snapshot.
    ///
    /// @throws IOException when these octets are none, although their CRC was right
    static MessageState decode(QueueId id, byte[] body) throws IOException {
        OctetReader from = new OctetReader(body);
        try {
            return decode(id, from);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException("message " + id + " has a state that can't be read", e);
        }
    }

    private static MessageState decode(QueueId id, OctetReader from) throws IOException {
        int layout = from.u8();
        if (layout != LAYOUT) {
            throw new IOException("message " + id + " is in layout " + layout);
        }
        int flags = from.u8();
        long sizeBytes = from.i64();
        int longestLine = from.i32();
        Instant received = from.time();
        Instant ageFrom = from.time();
        Instant due = from.time();
        int attemptCount = from.i32();
        ReversePath sender = new ReversePath(from.text());
        Origin origin = new Origin(from.text(), from.text(), from.text(), from.textOrNull());
        String subject = from.text();
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

    private static List<Recipient> recipients(OctetReader from) {
        int count = from.i32();
        List<Recipient> recipients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ForwardPath address = new ForwardPath(from.text());
            State state = STATES.get(from.u8());
            int reason = from.u8();
            recipients.add(
                    new Recipient(
                            address,
                            state,
                            reason == NO_REASON ? null : REASONS.get(reason),
                            from.textOrNull(),
                            from.textOrNull()));
        }
        return recipients;
    }

    private static List<Attempt> attempts(OctetReader from, List<ForwardPath> paths) {
        int count = from.i32();
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Instant at = from.time();
            String egress = from.text();
            OutcomeClass outcome = OUTCOMES.get(from.u8());
            String reply = from.text();
            Duration took = Duration.ofMillis(from.i64());
            List<ForwardPath> recipients = attemptRecipients(from, paths);
            List<String> notCarried = new ArrayList<>();
            for (int left = from.i32(); left > 0; left--) {
                notCarried.add(from.text());
            }
            attempts.add(new Attempt(at, egress, outcome, reply, took, recipients, notCarried));
        }
        return attempts;
    }

    private static List<ForwardPath> attemptRecipients(OctetReader from, List<ForwardPath> paths) {
        List<ForwardPath> recipients = new ArrayList<>();
        for (int left = from.i32(); left > 0; left--) {
            int place = from.i32();
            recipients.add(place < 0 ? new ForwardPath(from.text()) : paths.get(place));
        }
        return recipients;
    }

    /// Reads what an [OctetWriter] wrote. Octets that it can't have written give an
    /// [IndexOutOfBoundsException] or an [IllegalArgumentException].
    static final class OctetReader {

        private final ByteBuffer octets;
        private int at;

        OctetReader(byte[] octets) {
            this.octets = ByteBuffer.wrap(octets);
        }

        int u8() {
            return octets.get(at++) & 0xFF;
        }

        int i32() {
            int value = octets.getInt(at);
            at += Integer.BYTES;
            return value;
        }

        long i64() {
            long value = octets.getLong(at);
            at += Long.BYTES;
            return value;
        }

        Instant time() {
            return Instant.ofEpochMilli(i64());
        }

        String text() {
            String text = textOrNull();
            if (text == null) {
                throw new IllegalArgumentException("a text is missing at " + at);
            }
            return text;
        }

        @Nullable String textOrNull() {
            int length = i32();
            if (length < 0) {
                return null;
            }
            if (length > octets.limit() - at) {
                throw new IndexOutOfBoundsException("a text of " + length + " octets at " + at);
            }
            String text = new String(octets.array(), at, length, StandardCharsets.UTF_8);
            at += length;
            return text;
        }
    }

    /// Writes numbers and texts into an array that grows.
    static final class OctetWriter {

        private byte[] octets = new byte[512];
        private int length;

        OctetWriter u8(int value) {
            assert value >= 0 && value <= 255 : value;
            room(1);
            octets[length++] = (byte) value;
            return this;
        }

        OctetWriter i32(int value) {
            room(Integer.BYTES);
            for (int shift = 24; shift >= 0; shift -= 8) {
                octets[length++] = (byte) (value >>> shift);
            }
            return this;
        }

        OctetWriter i64(long value) {
            return i32((int) (value >>> 32)).i32((int) value);
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
            room(text.length);
            System.arraycopy(text, 0, octets, length, text.length);
            length += text.length;
            return this;
        }

        byte[] octets() {
            return Arrays.copyOf(octets, length);
        }

        private void room(int more) {
            if (length + more > octets.length) {
                octets = Arrays.copyOf(octets, Math.max(octets.length * 2, length + more));
            }
        }
    }
}
