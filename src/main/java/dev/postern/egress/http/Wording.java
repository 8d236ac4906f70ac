package dev.postern.egress.http;

import dev.postern.config.Secret;
import java.util.List;

/// Puts an answer into one line for operators' eyes, without the secrets that it may repeat.
///
/// @param secrets what must not be seen
record Wording(List<Secret> secrets) {

    /// Characters of an answer's text that are kept.
    private static final int LIMIT_CHARACTERS = 500;

    Wording {
        secrets = List.copyOf(secrets);
    }

    /// Returns `HTTP 401 code: text`, or for a success that is none `HTTP 200 not an acceptance:
    /// text`.
    ///
    /// @param explained what the API made of the answer; empty: nothing, and its plain text is
    ///   taken
    /// @param accepted whether it is the acceptance that it looks like
    String of(HttpAnswer answer, String explained, boolean accepted) {
        StringBuilder said = new StringBuilder("HTTP ").append(answer.status()).append(' ');
        if (answer.isSuccess() && !accepted) {
            said.append("not an acceptance: ");
            said.append(answer.whole() ? "" : "the answer broke off: ");
        }
        String location = answer.header("location");
        if (location != null && answer.status() / 100 == 3) {
            said.append("to ").append(location).append(' ');
        }
        said.append(explained.isEmpty() ? answer.body() : explained);
        return masked(cut(said.toString().replaceAll("[\\p{Cntrl}\\s]+", " ").strip()));
    }

    private static String cut(String text) {
        return text.length() <= LIMIT_CHARACTERS
                ? text
                : text.substring(0, LIMIT_CHARACTERS - 1) + "…";
    }

    private String masked(String text) {
        String masked = text;
        for (Secret secret : secrets) {
            String value = secret.reveal();
            if (!value.isEmpty()) {
                masked = masked.replace(value, Secret.MASK);
            }
        }
        return masked;
    }
}
