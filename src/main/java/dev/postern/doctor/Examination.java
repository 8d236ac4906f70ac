package dev.postern.doctor;

import java.util.Optional;

/// The examination of one way out. [#run] is for one thread, the others may be called from any at
/// any time.
interface Examination {

    /// Tries everything. Blocks; an interrupt breaks it off.
    void run();

    /// Returns what it is about: the egress's name.
    String name();

    /// Returns what it waits for now.
    Optional<String> waitsFor();

    /// Returns what is known by now.
    EgressReport examined();
}
