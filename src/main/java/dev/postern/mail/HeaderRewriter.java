package dev.postern.mail;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayOutputStream;
import java.io.UnsupportedEncodingException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.function.Consumer;

/// Makes the permitted changes to a header section while it streams by, and learns from it: one
/// Received field is put first (RFC 5321 §4.4), Bcc and Resent-Bcc fields are left out (RFC 5322
/// §3.6.3, §3.6.6), a missing Date or Message-ID is added at the section's end (RFC 6409 §8.2,
/// §8.3). Every other octet passes unchanged.
///
/// What comes in has CRLF line ends only, in pieces of any size. [FieldScanner] says where fields
/// begin and the section ends. Where no empty line ends it one is added, or our fields would run
/// into the body.
///
/// *Limits.* It holds back what the scanner does, and keeps [#SUBJECT_LIMIT_OCTETS] of the subject.
public final class HeaderRewriter {

    /// Octets of the raw subject that are kept to be shown; more than [Subject] shows needs.
    static final int SUBJECT_LIMIT_OCTETS = 1024;

    private static final byte[] CRLF = {'\r', '\n'};

    private final byte[] received;
    private final byte[] dateField;
    private final byte[] messageIdField;
    private final Consumer<ByteBuffer> out;
    private final ByteArrayOutputStream subject = new ByteArrayOutputStream();
    private final FieldScanner scanner = new FieldScanner(new Section());

    private boolean blind;
    private boolean inSubject;
    private boolean begun;
    private boolean ended;
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
        scanner.write(in);
    }

    /// Ends the content.
    public void finish() {
        begin();
        scanner.finish();
        if (!ended) {
            ended = true;
            addMissing();
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

    /// What the scanner finds.
    private final class Section implements FieldScanner.Sink {

        @Override
        public void field(String name) {
            other();
            switch (name.toLowerCase(Locale.ROOT)) {
                case "date" -> hasDate = true;
                case "message-id" -> hasMessageId = true;
                case "received" -> receivedCount++;
                case "subject" -> {
                    inSubject = !subjectSeen;
                    subjectSeen = true;
                }
                default -> blind = FieldScanner.isBlind(name);
            }
        }

        @Override
        public void other() {
            blind = false;
            inSubject = false;
        }

        @Override
        public void octets(ByteBuffer octets) {
            if (ended) {
                out.accept(octets);
            } else if (blind) {
                octets.position(octets.limit());
            } else {
                learn(octets.duplicate());
                out.accept(octets);
            }
        }

        @Override
        public void end(boolean emptyLine) {
            ended = true;
            addMissing();
            give(CRLF);
        }
    }

    private void learn(ByteBuffer octets) {
        int room = inSubject ? SUBJECT_LIMIT_OCTETS - subject.size() : 0;
        while (octets.hasRemaining()) {
            byte octet = octets.get();
            eightBit |= octet < 0;
            if (room > 0) {
                subject.write(octet);
                room--;
            }
        }
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

    /// The value of a Subject field, decoded to be shown to operators.
    static final class Subject {

        /// Characters that are kept.
        static final int LIMIT_CHARACTERS = 200;

        private Subject() {}

        /// Returns the text of a raw field value, which begins behind the name, is folded perhaps,
        /// and is cut off perhaps; undecodable parts stay as they are. Control characters become
        /// blanks.
        static String decode(byte[] raw) {
            String value = new String(raw, UTF_8);
            String unfolded =
                    value.substring(value.indexOf(':') + 1).replaceAll("\r?\n", "").strip();
            String text = unfolded.contains("=?") ? decodeWords(unfolded) : unfolded;
            String printable = text.replaceAll("\\p{Cntrl}", " ").strip();
            return printable.codePointCount(0, printable.length()) <= LIMIT_CHARACTERS
                    ? printable
                    : printable.substring(0, printable.offsetByCodePoints(0, LIMIT_CHARACTERS - 1))
                            + "…";
        }

        /// Decodes encoded words (RFC 2047 §2).
        private static String decodeWords(String text) {
            try {
                return MimeUtility.decodeText(text);
            } catch (UnsupportedEncodingException e) {
                // A charset that nobody here knows: the raw words still tell more than nothing.
                return text;
            }
        }
    }
}
