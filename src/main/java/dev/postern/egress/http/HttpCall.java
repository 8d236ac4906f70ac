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

    /// The media type of what is said and wanted.
    static final String JSON = "application/json";

    HttpCall {
        headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    }

    /// Returns a call that only asks.
    ///
    /// @param field the header field that has the key
    static HttpCall get(String path, String field, String key) {
        return new HttpCall("GET", path, Map.of(field, key, "Accept", JSON), HttpBody.NONE);
    }

    /// Returns the method and the path; never a header.
    @Override
    public String toString() {
        return method + " " + path;
    }

    /// The body of a request: its length is known before it is written, and it can be written
    /// again.
    ///
    /// @param lengthBytes exactly how many octets are written
    /// @param octets writes them
    record HttpBody(long lengthBytes, Writing octets) {

        /// No body at all.
        static final HttpBody NONE = new HttpBody(0, _ -> {});

        /// Writes octets.
        @FunctionalInterface
        interface Writing {

            /// Writes all of them, the same each time.
            ///
            /// @throws IOException when the source can't be read or the sink takes no more
            void writeTo(OutputStream out) throws IOException;
        }
    }
}
