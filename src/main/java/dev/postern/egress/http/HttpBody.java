package dev.postern.egress.http;

import java.io.IOException;
import java.io.OutputStream;

/// The body of a request: its length is known before it is written, and it can be written again.
/// Each time the octets are the same.
interface HttpBody {

    /// No body at all.
    HttpBody NONE =
            new HttpBody() {
                @Override
                public long lengthBytes() {
                    return 0;
                }

                @Override
                public void writeTo(OutputStream out) {}
            };

    /// Returns exactly how many octets [#writeTo] writes.
    ///
    /// @throws IOException when the source can't be read
    long lengthBytes() throws IOException;

    /// Writes the octets.
    ///
    /// @throws IOException when the source can't be read or the sink takes no more
    void writeTo(OutputStream out) throws IOException;

    /// Returns a body of these octets.
    static HttpBody of(byte[] octets) {
        return new HttpBody() {
            @Override
            public long lengthBytes() {
                return octets.length;
            }

            @Override
            public void writeTo(OutputStream out) throws IOException {
                out.write(octets);
            }
        };
    }
}
