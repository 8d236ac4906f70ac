package dev.postern.testing;

import java.util.List;

/// One DATA as a [Sink] saw it.
///
/// @param sender the reverse-path without its angle brackets
/// @param recipients the forward-paths without theirs
/// @param first the first field, which a forwarder put there
/// @param digest SHA-256 of what follows the first field, in hexadecimal
/// @param sizeBytes how much follows the first field
/// @param content all of it, an octet a character, if it was small enough to be kept; else empty
/// @param whole whether the end of data came
/// @param bareNewlines how many CR or LF stood alone
public record Taken(
        String sender,
        List<String> recipients,
        String first,
        String digest,
        long sizeBytes,
        String content,
        boolean whole,
        int bareNewlines) {}
