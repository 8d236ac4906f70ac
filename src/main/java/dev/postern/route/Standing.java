package dev.postern.route;

import java.time.Instant;

/// How an egress stands at the moment of routing, as far as the choice depends on it.
public sealed interface Standing {

    /// The standing of an egress that may be used.
    Standing USABLE = new Usable();

    /// It may be used; being busy or unproven does not matter here.
    record Usable() implements Standing {}

    /// Its breaker is open: it gets no mail.
    ///
    /// @param words what it last said or did
    record Down(String words) implements Standing {}

    /// Its rate or quota is used up.
    ///
    /// @param until when there is room again
    record Limited(Instant until) implements Standing {}
}
