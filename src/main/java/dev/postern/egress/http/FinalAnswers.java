package dev.postern.egress.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The octets that come over a connection, without the interim answers (1xx) that may stand before
/// an answer (RFC 9110 §15.2): Helidon's client takes the first head for the answer, so that mail
/// would fail which the server goes on to accept. 101 is final, since nobody asks to switch.
///
/// *Limits.* [#INTERIM_LIMIT_OCTETS] of them before one answer, [#LIMIT_OCTETS] in all: Helidon
/// holds a chunk in memory as a whole, however long the server says that it is. More is an
/// `UncheckedIOException` from [#get].
final class FinalAnswers implements Supplier<byte @Nullable []> {

    /// Enough for more than two thousand `100 Continue`.
    static final int INTERIM_LIMIT_OCTETS = 64 * 1024;

    /// Several times what is kept of an answer.
    static final int LIMIT_OCTETS = 256 * 1024;

    private static final byte[] PROTOCOL = {'H', 'T', 'T', 'P', '/', '1', '.'};

    /// How an interim answer begins; `d` stands for a digit.
    private static final String INTERIM = "HTTP/1.d 1dd";

    private static final int LINE_END_TWICE = '\r' << 24 | '\n' << 16 | '\r' << 8 | '\n';
    private static final int SWITCHING_PROTOCOLS = '1' << 16 | '0' << 8 | '1';
    private static final int THREE_OCTETS = 0xFF_FFFF;

    private final Supplier<byte[]> source;

    /// The head that may be of an interim answer, and its last four octets.
    private final ByteArrayOutputStream head = new ByteArrayOutputStream();

    private int tail;
    private int interimOctets;
    private int octets;
    private boolean passing;
    private boolean isHttp;

    /// @param source gives what came, or null at the end of the stream
    FinalAnswers(Supplier<byte[]> source) {
        this.source = source;
    }

    /// Begins to look for the answer to another request.
    void expect() {
        passing = false;
        isHttp = false;
        octets = 0;
        interimOctets = 0;
        head.reset();
    }

    @Override
    public byte @Nullable [] get() {
        while (!passing) {
            byte @Nullable [] some = more();
            if (some == null) {
                passing = true;
                return head.size() == 0 ? null : head.toByteArray();
            }
            int at = 0;
            while (at < some.length && !passing) {
                take(some[at++]);
            }
            if (passing) {
                head.write(some, at, some.length - at);
                byte[] first = head.toByteArray();
                int mismatch = Arrays.mismatch(first, PROTOCOL);
                isHttp = mismatch < 0 || mismatch == PROTOCOL.length;
                return first;
            }
        }
        return more();
    }

    private byte @Nullable [] more() {
        byte @Nullable [] some = source.get();
        octets += some == null ? 0 : some.length;
        if (octets > LIMIT_OCTETS) {
            throw new UncheckedIOException(
                    new IOException("the answer has more than " + LIMIT_OCTETS + " octets"));
        }
        return some;
    }

    /// Returns whether the answer has begun as one of HTTP.
    boolean isHttp() {
        return isHttp;
    }

    private void take(byte octet) {
        head.write(octet);
        tail = tail << 8 | (octet & 0xFF);
        if (!isInterim(octet)) {
            passing = true;
        } else if (tail == LINE_END_TWICE) {
            interimOctets += head.size();
            head.reset();
        } else if (interimOctets + head.size() > INTERIM_LIMIT_OCTETS) {
            throw new UncheckedIOException(
                    new IOException(
                            "more than " + INTERIM_LIMIT_OCTETS + " octets of 1xx answers"));
        }
    }

    /// Returns whether the head is one of an interim answer, as far as it has come.
    private boolean isInterim(byte last) {
        int size = head.size();
        if (size > INTERIM.length()) {
            return true;
        }
        char wanted = INTERIM.charAt(size - 1);
        boolean fits = wanted == 'd' ? last >= '0' && last <= '9' : last == wanted;
        boolean switches = size == INTERIM.length() && (tail & THREE_OCTETS) == SWITCHING_PROTOCOLS;
        return fits && !switches;
    }
}
