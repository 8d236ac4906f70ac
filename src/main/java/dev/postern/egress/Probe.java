package dev.postern.egress;

import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What a probe of an egress found. A probe sends no mail.
public sealed interface Probe {

    /// Everything up to and including the log-in works.
    ///
    /// @param detail what was seen, such as `smtp.gmail.com:587 TLSv1.3, logged in`
    record Passed(String detail) implements Probe {}

    /// Reachable, but whether it may send could not be shown without sending.
    record Unproven(String detail) implements Probe {}

    /// It can't send now.
    ///
    /// @param trouble what a message would meet
    record Failed(Outcome.Unavailable trouble) implements Probe {

        public Failed(String reply, Fault fault, @Nullable Duration retryAfter) {
            this(new Outcome.Unavailable(reply, fault, retryAfter));
        }
    }
}
