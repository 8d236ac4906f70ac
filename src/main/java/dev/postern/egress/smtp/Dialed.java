package dev.postern.egress.smtp;

import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;

/// What dialing brought.
sealed interface Dialed {

    /// A session that mail can be sent over.
    record Connected(Connection connection) implements Dialed {}

    /// None; the outcome is always `unavailable`.
    ///
    /// @param stage how far it came
    record Failed(Verdict verdict, Stage stage) implements Dialed {}
}
