package dev.postern.mail;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Text of a message whose lines end in CRLF only, as a message travels (RFC 5322 §2.3): a bare LF
/// becomes CRLF, a bare CR a space, and a missing last CRLF is added. It is the same reading of
/// lines as the listener's, so that nobody who looks at a message before takes a bare CR for the
/// end of a line.
public final class CrlfLines extends OctetwiseStream {

    private static final int NONE = -2;

    private final InputStream in;
    private boolean owesLineFeed;
    private int owed = NONE;
    private boolean inLine;

    /// @param in as a program hands it over
    public CrlfLines(InputStream in) {
        this.in = new BufferedInputStream(in);
    }

    @Override
    protected int nextOctet() throws IOException {
        if (owesLineFeed) {
            owesLineFeed = false;
            return '\n';
        }
        int octet = next();
        if (octet == '\r') {
            owed = next();
            octet = owed == '\n' ? next() : ' ';
        }
        if (octet == '\n') {
            return endLine();
        }
        if (octet < 0) {
            owed = octet;
            return inLine ? endLine() : octet;
        }
        inLine = true;
        return octet;
    }

    private int next() throws IOException {
        int octet = owed == NONE ? in.read() : owed;
        owed = NONE;
        return octet;
    }

    private int endLine() {
        inLine = false;
        owesLineFeed = true;
        return '\r';
    }
}
