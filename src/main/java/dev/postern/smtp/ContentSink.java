package dev.postern.smtp;

import java.nio.ByteBuffer;

/// Where streamed message content goes.
@FunctionalInterface
public interface ContentSink {
    /// Throws everything away.
    ContentSink DISCARD = _ -> {};

    /// Takes the remaining octets of `octets`. The buffer is a view that the caller changes as soon
    /// as this returns: what is to be kept must be copied.
    void write(ByteBuffer octets);
}
