package dev.postern.spool;

import dev.postern.mail.State;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Figures about the spool.
///
/// @param path its directory
/// @param bytes how much it holds on disk
/// @param freeBytes how much the file system has left
/// @param messages how many messages are in each state; every state is there
/// @param oldest when the oldest unfinished message was received; null when there is none
/// @param trouble why mail can't be taken durably now, in words with the fix; null when it can
public record SpoolStatus(
        Path path,
        long bytes,
        long freeBytes,
        Map<State, Integer> messages,
        @Nullable Instant oldest,
        @Nullable String trouble) {

    public SpoolStatus {
        messages = Map.copyOf(messages);
    }
}
