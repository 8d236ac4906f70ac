package dev.postern.egress.http;

import dev.postern.outcome.Stage;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What became of a call.
sealed interface HttpResult {

    /// No answer came.
    ///
    /// @param stage how far it had come; from [Stage#ANSWER] on it may have been taken
    /// @param failure what happened
    record Failed(Stage stage, Exception failure) implements HttpResult {}

    /// What a server answered.
    ///
    /// @param status the status code
    /// @param headers the first value of each field, by its name in lower case
    /// @param body as much of it as is of interest, as text
    /// @param whole false when the body broke off or was longer than we read
    record HttpAnswer(int status, Map<String, String> headers, String body, boolean whole)
            implements HttpResult {

        /// Returns a field's value; null without one.
        @Nullable String header(String name) {
            return headers.get(name.toLowerCase(Locale.ROOT));
        }

        /// Returns whether the status says that all is well (2xx).
        boolean isSuccess() {
            return status >= 200 && status < 300;
        }
    }
}
