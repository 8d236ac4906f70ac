package dev.postern.egress.http;

import dev.postern.outcome.Stage;
import java.io.IOException;

/// What became of a call.
sealed interface HttpResult {

    /// An answer came, of whatever kind.
    record Answered(HttpAnswer answer) implements HttpResult {}

    /// No answer came.
    ///
    /// @param stage how far it had come; from [Stage#ANSWER] on it may have been taken
    /// @param failure what happened
    record Failed(Stage stage, Exception failure) implements HttpResult {}

    /// We ended it ourselves, for a reason that is ours.
    final class BrokenOff extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenOff(String why) {
            super(why);
        }
    }
}
