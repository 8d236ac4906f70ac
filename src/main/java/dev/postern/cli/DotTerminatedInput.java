package dev.postern.cli;

import dev.postern.mail.OctetwiseStream;
import java.io.IOException;
import java.io.InputStream;

/// Standard input that ends at a line of one dot, as people at a terminal end their mail. Its lines
/// end in CRLF.
final class DotTerminatedInput extends OctetwiseStream {

    private static final int NONE = -2;

    private final InputStream in;
    private boolean lineStart = true;
    private boolean ended;
    private int owedOctet = NONE;

    DotTerminatedInput(InputStream in) {
        this.in = in;
    }

    @Override
    protected int nextOctet() throws IOException {
        if (ended) {
            return -1;
        }
        if (owedOctet != NONE) {
            return given(owed());
        }
        int octet = in.read();
        if (lineStart && octet == '.') {
            return afterDot();
        }
        return given(octet);
    }

    private int afterDot() throws IOException {
        int next = in.read();
        if (next == '\r' || next < 0) {
            ended = true;
            return -1;
        }
        owedOctet = next;
        lineStart = false;
        return '.';
    }

    private int owed() {
        int octet = owedOctet;
        owedOctet = NONE;
        return octet;
    }

    private int given(int octet) {
        lineStart = octet == '\n';
        ended = octet < 0;
        return octet;
    }
}
