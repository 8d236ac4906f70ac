package dev.postern.admin;

import dev.postern.egress.Probe;
import java.util.List;
import java.util.Optional;

/// All ways out, as operators see them. Thread-safe.
public interface Egresses {

    /// Returns by which egresses mail leaves instead of preferred ones, and why: `sendgrid instead
    /// of gmail: 587 timed out`.
    default List<String> fallbacks() {
        return List.of();
    }

    /// Returns the configured egresses in order of preference; empty when there are none. Does not
    /// block.
    List<EgressView> views();

    /// Examines an egress now, whatever was planned. Blocks until it is done.
    ///
    /// @return what was found; empty when there is no egress of that name
    Optional<Probe> probe(String name);
}
