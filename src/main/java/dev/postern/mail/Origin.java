package dev.postern.mail;

import org.jspecify.annotations.Nullable;

/// Where a message came from, for the Received field and for operators.
///
/// @param client the client's address, such as `127.0.0.1`
/// @param helo what the client called itself; empty over HTTP
/// @param protocol the `with` word of Received: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, UTF8SMTP…
///   (RFC 3848, RFC 6531 §4.3), or HTTP
/// @param authenticatedAs the user name that AUTH proved; null without
public record Origin(
        String client, String helo, String protocol, @Nullable String authenticatedAs) {}
