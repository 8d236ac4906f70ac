package dev.postern.spool;

import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import org.jspecify.annotations.Nullable;

/// A question for a page of messages.
///
/// @param state only messages in this state; null for all
/// @param sender only messages whose sender contains this, letter case aside; null for all
/// @param recipient only messages one of whose recipients contains this, letter case aside; null
///   for all
/// @param limit how many at most, 1 to 1000
/// @param after only messages older than this one; null for the newest
public record Query(
        @Nullable State state,
        @Nullable String sender,
        @Nullable String recipient,
        int limit,
        @Nullable QueueId after) {}
