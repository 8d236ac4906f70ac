package dev.postern.egress.http;

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

    /// Returns the method and the path; never a header.
    @Override
    public String toString() {
        return method + " " + path;
    }
}
