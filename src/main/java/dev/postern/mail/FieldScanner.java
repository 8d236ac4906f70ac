package dev.postern.mail;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;

/// Finds the fields of a header section (RFC 5322 §2.2) while it streams by: the one reading of a
/// header for all ways in, whether it decides the envelope or what is taken out.
///
/// What comes in has CRLF line ends only ([CrlfLines], or decoded by the listener), in pieces of
/// any size. The section ends at the first empty line, or before the first line when that is no
/// field. A malformed line *between* fields does not end it, since more than one old mailer wraps
/// long fields without indenting them, and the fields after it still count; behind a Bcc field it
/// belongs to that, or a list that is wrapped so would leave in part. Nor does the `From ` line of
/// a mailbox file end the section, which programs leave on.
///
/// *Limits.* The octets of what may become a field's name are held back until it is known what they
/// are, [#HELD_OCTETS_AT_MOST] at most. Beyond that a name is none that matters, and passes, or
/// goes with the Bcc field before it. If it proves to be no field after all and is the first line,
/// the section ends *behind* it, which is all that can still be done. A name with more blanks
/// before its colon is taken as that name, with a colon or without: no Bcc leaves because its end
/// was not in sight.
final class FieldScanner {

    /// No line may be longer (RFC 5322 §2.1.1).
    static final int HELD_OCTETS_AT_MOST = 998;

    private static final byte CR = '\r';
    private static final byte LF = '\n';

    /// Takes what was found. Every octet comes out as [#octets], but those of the empty line.
    interface Sink {

        /// A field begins; its octets follow, the name and folded lines included.
        ///
        /// @param name as written, without blanks
        void field(String name);

        /// Something begins that is no field, or whose name is too long for one that matters.
        void other();

        /// Takes octets of what began last, or of the body. They must be used up before it returns.
        void octets(ByteBuffer octets);

        /// The section is over; the body follows.
        ///
        /// @param emptyLine whether an empty line ended it
        void end(boolean emptyLine);
    }

    /// Where in the header section the next octet stands.
    private enum At {
        /// At the first octet of a line.
        LINE_START,
        /// In what may become a field's name, held back.
        NAME,
        /// In what may become one, too long to be held back.
        LONG_NAME,
        /// Behind the colon, or in a line that is no field.
        REST,
        /// After the CR of the empty line.
        EMPTY_LINE_CR,
        /// Behind the section.
        BODY
    }

    private final Sink sink;
    private final byte[] held = new byte[HELD_OCTETS_AT_MOST];
    private At at = At.LINE_START;
    private int heldOctets;
    private int nameOctets;
    private boolean blind;
    private boolean blankSeen;
    private boolean anyField;
    private boolean endsBehindLine;

    FieldScanner(Sink sink) {
        this.sink = sink;
    }

    /// Returns whether a field of that name holds recipients that the others must not see (RFC 5322
    /// §3.6.3, §3.6.6).
    static boolean isBlind(String name) {
        return name.equalsIgnoreCase("bcc") || name.equalsIgnoreCase("resent-bcc");
    }

    /// Takes the next piece of content; the buffer is drained.
    void write(ByteBuffer in) {
        while (in.hasRemaining()) {
            switch (at) {
                case LINE_START -> lineStart(in);
                case NAME -> name(in);
                case LONG_NAME -> longName(in);
                case REST -> rest(in);
                case EMPTY_LINE_CR -> emptyLine(in);
                case BODY -> {
                    sink.octets(in.duplicate());
                    in.position(in.limit());
                }
            }
        }
    }

    /// Ends the content; what was held back is given.
    void finish() {
        if (at == At.NAME) {
            notAField();
        }
    }

    private void lineStart(ByteBuffer in) {
        byte octet = in.get(in.position());
        if (octet == CR) {
            in.get();
            at = At.EMPTY_LINE_CR;
        } else if (!isBlank(octet)) {
            heldOctets = 0;
            nameOctets = 0;
            at = At.NAME;
        } else if (anyField) {
            // A folded line belongs to the field before it (RFC 5322 §2.2.3).
            at = At.REST;
        } else {
            end(false);
        }
    }

    private void name(ByteBuffer in) {
        while (in.hasRemaining() && at == At.NAME) {
            byte octet = in.get(in.position());
            if (octet == ':' && nameOctets > 0) {
                field();
            } else if (!mayBeName(octet) || (!isBlank(octet) && heldOctets > nameOctets)) {
                notAField();
            } else if (heldOctets < HELD_OCTETS_AT_MOST) {
                held[heldOctets++] = in.get();
                nameOctets = isBlank(octet) ? nameOctets : heldOctets;
            } else if (heldOctets > nameOctets) {
                field();
            } else {
                other();
                giveHeld();
                blankSeen = false;
                at = At.LONG_NAME;
            }
        }
    }

    /// Field names are printable ASCII; blanks before the colon are obsolete syntax that is still
    /// seen (RFC 5322 §4.5).
    private static boolean mayBeName(byte octet) {
        return (octet > ' ' && octet < 127 && octet != ':') || isBlank(octet);
    }

    private static boolean isBlank(byte octet) {
        return octet == ' ' || octet == '\t';
    }

    private void field() {
        String name = new String(held, 0, nameOctets, US_ASCII);
        anyField = true;
        blind = isBlind(name);
        sink.field(name);
        giveHeld();
        at = At.REST;
    }

    /// A line that is no field, or may be none: behind a blind field it goes on with that, whatever
    /// it has.
    private void other() {
        if (!blind) {
            sink.other();
        }
    }

    private void notAField() {
        String start = new String(held, 0, heldOctets, US_ASCII);
        if (anyField || start.startsWith("From ") || start.startsWith(">From ")) {
            other();
            at = At.REST;
        } else {
            end(false);
        }
        giveHeld();
    }

    private void giveHeld() {
        if (heldOctets > 0) {
            sink.octets(ByteBuffer.wrap(held, 0, heldOctets));
        }
        heldOctets = 0;
    }

    private void longName(ByteBuffer in) {
        ByteBuffer some = in.duplicate();
        while (in.hasRemaining() && at == At.LONG_NAME) {
            byte octet = in.get(in.position());
            if (mayBeName(octet) && (isBlank(octet) || !blankSeen)) {
                blankSeen |= isBlank(octet);
                in.get();
            } else {
                boolean colon = octet == ':';
                endsBehindLine = !anyField && !colon;
                anyField |= colon;
                at = At.REST;
            }
        }
        sink.octets(some.limit(in.position()));
    }

    private void rest(ByteBuffer in) {
        ByteBuffer line = in.duplicate();
        boolean ended = false;
        while (in.hasRemaining() && !ended) {
            ended = in.get() == LF;
        }
        sink.octets(line.limit(in.position()));
        if (ended && endsBehindLine) {
            end(false);
        } else if (ended) {
            at = At.LINE_START;
        }
    }

    private void emptyLine(ByteBuffer in) {
        if (in.get(in.position()) == LF) {
            in.get();
        }
        end(true);
    }

    private void end(boolean emptyLine) {
        at = At.BODY;
        sink.end(emptyLine);
    }
}
