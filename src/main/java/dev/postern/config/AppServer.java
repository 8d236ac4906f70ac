package dev.postern.config;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The server that an app's own settings name.
///
/// @param host its name or address
/// @param port empty: the settings do not say
/// @param user null: no log-in
/// @param password null exactly when the user is
/// @param protection how the connection is protected, as far as the settings say
/// @param variables where all this stands
record AppServer(
        String host,
        OptionalInt port,
        @Nullable String user,
        @Nullable String password,
        Protection protection,
        List<String> variables) {

    AppServer {
        variables = List.copyOf(variables);
    }

    /// How the app meant to protect its connection.
    enum Protection {
        UNSAID,
        STARTTLS,
        IMPLICIT;

        private static final Set<String> YES = Set.of("true", "yes", "on", "1", "t", "y", "always");
        private static final Map<String, Protection> WORDS =
                Map.of(
                        "tls", STARTTLS,
                        "starttls", STARTTLS,
                        "ssl", IMPLICIT,
                        "smtps", IMPLICIT,
                        "ssl/tls", IMPLICIT,
                        "force_tls", IMPLICIT);
        private static final Map<String, Protection> SCHEMES =
                Map.of(
                        "smtps", IMPLICIT,
                        "smtp+ssl", IMPLICIT,
                        "smtp+tls", STARTTLS,
                        "submission", STARTTLS);

        /// Reads a switch's value.
        ///
        /// @param yes what a plain yes means
        static Protection of(String value, Protection yes) {
            String word = value.strip().toLowerCase(Locale.ROOT);
            return YES.contains(word) ? yes : WORDS.getOrDefault(word, UNSAID);
        }

        static Protection ofScheme(String scheme) {
            return SCHEMES.getOrDefault(scheme, UNSAID);
        }

        /// Returns this, or `other` where this says nothing.
        Protection or(Protection other) {
            return this == UNSAID ? other : this;
        }
    }
}
