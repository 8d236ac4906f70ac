package dev.postern.spool;

import dev.postern.outcome.Attempt;
import java.util.List;

/// A message with every attempt that was made for it, oldest first.
public record MessageHistory(QueuedMessage message, List<Attempt> attempts) {

    public MessageHistory {
        attempts = List.copyOf(attempts);
    }
}
