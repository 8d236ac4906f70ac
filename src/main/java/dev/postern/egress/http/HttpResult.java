package dev.postern.egress.http;

import dev.postern.outcome.Stage;

/// What became of a call.
sealed interface HttpResult {

    /// An answer came, of whatever kind.
    record Answered(HttpAnswer answer) implements HttpResult {}

    /// No answer came.
    ///
    /// @param stage how far it had come; from [Stage#ANSWER] on it may have been taken
    /// @param failure what happened
    record Failed(Stage stage, Exception failure) implements HttpResult {}
}
