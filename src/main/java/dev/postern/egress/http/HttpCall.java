package dev.postern.egress.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// One request to be made.
///
/// @param method `POST` or `GET`
/// @param path behind the endpoint, with its query: `/v3/mail/send`
/// @param headers beside those that every request has; values may be secret
/// @param body what follows
record HttpCall(String method, String path, Map<String, String> headers, HttpBody body) {

    HttpCall {
        headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    }

    /// Returns a call that only asks.
    ///
    /// @param field the header field that has the key
    static HttpCall get(String path, String field, String key) {
        Map<String, String> headers = Map.of(field, key, "Accept", "application/json");
        return new HttpCall("GET", path, headers, HttpBody.NONE);
    }

    /// Returns the method and the path; never a header.
    @Override
    public String toString() {
        return method + " " + path;
    }

    /// The body of a request: its length is known before it is written, and it can be written
    /// again. Each time the octets are the same.
    interface HttpBody {

        /// No body at all.
        HttpBody NONE = of(new byte[0]);

        /// Returns exactly how many octets [#writeTo] writes.
        ///
        /// @throws IOException when the source can't be read
        long lengthBytes() throws IOException;

        /// Writes the octets.
        ///
        /// @throws IOException when the source can't be read or the sink takes no more
        void writeTo(OutputStream out) throws IOException;

        /// Writes octets, the same each time.
        @FunctionalInterface
        interface Writing {
            void writeTo(OutputStream out) throws IOException;
        }

        /// Returns a body of these octets.
        static HttpBody of(byte[] octets) {
            return of(octets.length, out -> out.write(octets));
        }

        /// Returns a body of so many octets.
        static HttpBody of(long lengthBytes, Writing writing) {
            return new HttpBody() {
                @Override
                public long lengthBytes() {
                    return lengthBytes;
                }

                @Override
                public void writeTo(OutputStream out) throws IOException {
                    writing.writeTo(out);
                }
            };
        }
    }
}
