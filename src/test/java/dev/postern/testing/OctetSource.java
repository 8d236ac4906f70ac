package dev.postern.testing;

import java.io.IOException;
import java.io.InputStream;

/// Octets of a stream, buffered, without locks: gigabytes are read off it, one at a time.
final class OctetSource {

    private final InputStream stream;
    private final byte[] chunk = new byte[1 << 16];
    private int at;
    private int end;

    OctetSource(InputStream stream) {
        this.stream = stream;
    }

    /// Returns the next octet; negative: the stream has ended.
    int read() throws IOException {
        if (at == end) {
            end = Math.max(0, stream.read(chunk));
            at = 0;
        }
        return end == 0 ? -1 : chunk[at++] & 0xFF;
    }
}
