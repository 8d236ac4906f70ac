package dev.postern.spool;

import dev.postern.mail.QueueId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A page of messages, newest first.
///
/// @param messages at most as many as were asked for; fewer where they have very many recipients
/// @param next what to ask for `after` to go on; null at the end
public record Page(List<QueuedMessage> messages, @Nullable QueueId next) {

    public Page {
        messages = List.copyOf(messages);
    }
}
