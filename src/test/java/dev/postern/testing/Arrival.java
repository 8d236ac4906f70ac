package dev.postern.testing;

import java.util.Set;

/// A message as a next hop took it.
///
/// @param sender the reverse-path without its angle brackets
/// @param recipients the forward-paths without theirs
/// @param content the content, without the fields that this next hop itself added
public record Arrival(String sender, Set<String> recipients, HeaderSection content) {}
