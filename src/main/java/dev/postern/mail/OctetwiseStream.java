package dev.postern.mail;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/// A stream that is made octet by octet, whoever reads many of them. An error in the midst is
/// thrown at once, where [InputStream] would give what came before and go on behind it.
public abstract class OctetwiseStream extends InputStream {

    /// Returns the next octet; negative at the end.
    protected abstract int nextOctet() throws IOException;

    @Override
    public final int read() throws IOException {
        return nextOctet();
    }

    @Override
    public final int read(byte[] to, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        int count = 0;
        while (count < length) {
            int octet = nextOctet();
            if (octet < 0) {
                break;
            }
            to[offset + count++] = (byte) octet;
        }
        return count == 0 && length > 0 ? -1 : count;
    }
}
