package dev.postern.mail;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.function.Consumer;

/// Makes the permitted changes to a header section while it streams by, and learns from it: one
/// Received field is put first (RFC 5321 §4.4), Bcc fields are left out (RFC 5322 §3.6.3), a
/// missing Date or Message-ID is added at the section's end (RFC 6409 §8.2, §8.3). Every other
/// octet passes unchanged.
///
/// What comes in has CRLF line ends only, in pieces of any size. The section ends at the first
/// empty line, or at once when the first line is no header field: then an empty line is added, or
/// our fields would run into the body. A malformed line *between* fields passes without ending the
/// section, since more than one old mailer wraps long fields without indenting them, and the fields
/// after it still count.
///
/// *Limits.* It holds back at most [#NAME_LIMIT_OCTETS] octets, and keeps [#SUBJECT_LIMIT_OCTETS]
/// of the subject.
public final class HeaderRewriter {

    /// No field that matters here has a longer name.
    static final int NAME_LIMIT_OCTETS = 64;

    /// Octets of the raw subject that are kept to be shown; more than [Subject] shows needs.
    static final int SUBJECT_LIMIT_OCTETS = 1024;

    private static final byte CR = '\r';
    private static final byte LF = '\n';
    private static final byte[] CRLF = {CR, LF};

    /// Where in the header section the next octet stands.
    private enum At {
        /// At the first octet of a line.
        LINE_START,
        /// In what may become a field name.
        NAME,
        /// Behind the colon, or in a line that is no field.
        REST,
        /// After the CR of what is the empty line, if an LF follows.
        EMPTY_LINE_CR,
        /// Behind the section.
        BODY
    }

    /// What is done with the field at hand.
    private enum Field {
        BCC,
        DATE,
        MESSAGE_ID,
        RECEIVED,
        SUBJECT,
        OTHER;

        static Field named(String name) {
            return switch (name.toLowerCase(Locale.ROOT)) {
                case "bcc" -> BCC;
                case "date" -> DATE;
                case "message-id" -> MESSAGE_ID;
                case "received" -> RECEIVED;
                case "subject" -> SUBJECT;
                default -> OTHER;
            };
        }
    }

    private final byte[] received;
    private final byte[] dateField;
    private final byte[] messageIdField;
    private final Consumer<ByteBuffer> out;
    private final byte[] name = new byte[NAME_LIMIT_OCTETS];
    private final ByteArrayOutputStream subject = new ByteArrayOutputStream();

    private At at = At.LINE_START;
    private Field field = Field.OTHER;
    private int nameOctets;
    private boolean begun;
    private boolean anyField;
    private boolean subjectSeen;
    private boolean hasDate;
    private boolean hasMessageId;
    private boolean eightBit;
    private int receivedCount;

    /// Makes a rewriter for one message.
    ///
    /// @param received the Received field to put first, folded as it shall be, without its last
    ///   CRLF
    /// @param date the value of the Date field to add if there is none
    /// @param messageId the value of the Message-ID field to add if there is none, with angle
    ///   brackets
    /// @param out takes the content; each buffer must be used up before it returns
    public HeaderRewriter(
            String received, String date, String messageId, Consumer<ByteBuffer> out) {
        this.received = (received + "\r\n").getBytes(UTF_8);
        this.dateField = ("Date: " + date + "\r\n").getBytes(US_ASCII);
        this.messageIdField = ("Message-ID: " + messageId + "\r\n").getBytes(US_ASCII);
        this.out = out;
    }

    /// Takes the next piece of content; the buffer is drained.
    public void write(ByteBuffer in) {
        begin();
        while (at != At.BODY && in.hasRemaining()) {
            step(in);
        }
        if (in.hasRemaining()) {
            out.accept(in);
        }
    }

    /// Ends the content.
    public void finish() {
        begin();
        if (at == At.NAME) {
            keepName();
        }
        if (at != At.BODY) {
            addMissing();
            at = At.BODY;
        }
    }

    /// Returns how many Received fields the message had when it came in.
    public int receivedCount() {
        return receivedCount;
    }

    /// Returns whether the header section has an octet above 127 (RFC 6532 §3).
    public boolean hasEightBitHeader() {
        return eightBit;
    }

    /// Returns the decoded subject for operators' eyes; empty without one.
    public String subject() {
        return Subject.decode(subject.toByteArray());
    }

    private void begin() {
        if (!begun) {
            begun = true;
            give(received);
        }
    }

    private void step(ByteBuffer in) {
        switch (at) {
            case LINE_START -> lineStart(in);
            case NAME -> name(in);
            case REST -> rest(in);
            case EMPTY_LINE_CR -> emptyLine(in);
            case BODY -> throw new AssertionError();
        }
    }

    private void lineStart(ByteBuffer in) {
        byte octet = in.get(in.position());
        if (octet == CR) {
            in.get();
            at = At.EMPTY_LINE_CR;
        } else if (octet == ' ' || octet == '\t') {
            continuation();
        } else {
            field = Field.OTHER;
            nameOctets = 0;
            at = At.NAME;
        }
    }

    /// A folded line belongs to the field before it (RFC 5322 §2.2.3); without one there is no
    /// header section.
    private void continuation() {
        if (anyField) {
            at = At.REST;
        } else {
            endWithoutFields();
        }
    }

    private void name(ByteBuffer in) {
        while (in.hasRemaining() && at == At.NAME) {
            byte octet = in.get(in.position());
            if (octet == ':') {
                recognise();
            } else if (octet == CR || nameOctets == NAME_LIMIT_OCTETS || !mayBeName(octet)) {
                notAField();
            } else {
                name[nameOctets++] = in.get();
            }
        }
    }

    /// Field names are printable ASCII; blanks before the colon are obsolete syntax that is still
    /// seen (RFC 5322 §4.5).
    private static boolean mayBeName(byte octet) {
        return (octet >= ' ' && octet < 127) || octet == '\t';
    }

    private void recognise() {
        String text = new String(name, 0, nameOctets, US_ASCII).stripTrailing();
        if (text.isEmpty() || text.indexOf(' ') >= 0 || text.indexOf('\t') >= 0) {
            notAField();
            return;
        }
        anyField = true;
        field = Field.named(text);
        note();
        keepName();
        at = At.REST;
    }

    private void note() {
        switch (field) {
            case DATE -> hasDate = true;
            case MESSAGE_ID -> hasMessageId = true;
            case RECEIVED -> receivedCount++;
            case SUBJECT -> {
                if (subjectSeen) {
                    field = Field.OTHER;
                }
                subjectSeen = true;
            }
            case BCC, OTHER -> {}
        }
    }

    private void notAField() {
        String start = new String(name, 0, nameOctets, US_ASCII);
        if (anyField || start.startsWith("From ") || start.startsWith(">From ")) {
            // The second: the separator of a mailbox file, which programs leave on.
            keepName();
            at = At.REST;
        } else {
            endWithoutFields();
            keepName();
        }
    }

    private void keepName() {
        if (field != Field.BCC && nameOctets > 0) {
            out.accept(ByteBuffer.wrap(name, 0, nameOctets));
        }
        nameOctets = 0;
    }

    private void rest(ByteBuffer in) {
        ByteBuffer line = in.duplicate();
        boolean ended = false;
        while (in.hasRemaining() && !ended) {
            byte octet = in.get();
            eightBit |= octet < 0 && field != Field.BCC;
            ended = octet == LF;
        }
        line.limit(in.position());
        if (field == Field.SUBJECT) {
            keepSubject(line.duplicate());
        }
        if (field != Field.BCC) {
            out.accept(line);
        }
        if (ended) {
            at = At.LINE_START;
        }
    }

    private void keepSubject(ByteBuffer line) {
        int room = SUBJECT_LIMIT_OCTETS - subject.size();
        for (int i = 0; i < room && line.hasRemaining(); i++) {
            subject.write(line.get());
        }
    }

    private void emptyLine(ByteBuffer in) {
        if (in.get(in.position()) == LF) {
            in.get();
        }
        addMissing();
        give(CRLF);
        at = At.BODY;
    }

    private void endWithoutFields() {
        addMissing();
        give(CRLF);
        at = At.BODY;
    }

    private void addMissing() {
        if (!hasDate) {
            give(dateField);
        }
        if (!hasMessageId) {
            give(messageIdField);
        }
    }

    private void give(byte[] octets) {
        out.accept(ByteBuffer.wrap(octets));
    }
}
