package dev.postern.egress.smtp;

import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;

/// What dialing brought.
sealed interface ConnectResult {

    /// A session that mail can be sent over.
    record Connected(SmtpConnection connection) implements ConnectResult {}

    /// None; the outcome is always `unavailable`.
    ///
    /// @param stage how far it came
    record Failed(Verdict verdict, Stage stage) implements ConnectResult {}
}
