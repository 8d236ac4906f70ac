package dev.postern.submit;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Local text made ready for SMTP: every LF and every CR, alone or together, becomes CRLF (RFC 5321
/// §2.3.8), and a missing last one is added.
final class CrlfLines {

    private final InputStream in;
    private boolean owesLineFeed;
    private boolean lastWasCr;
    private boolean inLine;
    private boolean ended;

    CrlfLines(InputStream in) {
        this.in = new BufferedInputStream(in);
    }

    /// Fills `buffer`; returns how much, 0 at the end.
    int read(byte[] buffer) throws IOException {
        int length = 0;
        while (length < buffer.length) {
            int octet = next();
            if (octet < 0) {
                break;
            }
            buffer[length++] = (byte) octet;
        }
        return length;
    }

    private int next() throws IOException {
        if (owesLineFeed) {
            owesLineFeed = false;
            return '\n';
        }
        int octet = ended ? -1 : in.read();
        if (lastWasCr && octet == '\n') {
            octet = in.read();
        }
        lastWasCr = octet == '\r';
        if (octet < 0) {
            ended = true;
            return inLine ? endLine() : -1;
        }
        if (octet == '\n' || octet == '\r') {
            return endLine();
        }
        inLine = true;
        return octet;
    }

    private int endLine() {
        inLine = false;
        owesLineFeed = true;
        return '\r';
    }
}
