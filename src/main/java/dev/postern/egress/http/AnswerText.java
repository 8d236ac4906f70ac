package dev.postern.egress.http;

/// Puts an answer into one line for operators' eyes, without the secrets that it may repeat.
///
/// @param mask takes out what must not be seen
record AnswerText(KeyMask mask) {

    /// Characters of an answer's text that are kept.
    private static final int LIMIT_CHARACTERS = 500;

    /// Characters of it that are looked at, more than the kept ones and a secret have.
    private static final int LOOKED_AT_CHARACTERS = 8 * 1024;

    /// Returns `HTTP 401 code: text`, or for a success that is none `HTTP 200 not an acceptance:
    /// text`.
    ///
    /// @param explained what the API made of the answer; empty: nothing, and its plain text is
    ///   taken
    /// @param genuine whether a success is the provider's
    String of(HttpAnswer answer, String explained, boolean genuine) {
        StringBuilder said = new StringBuilder("HTTP ").append(answer.status()).append(' ');
        if (answer.isSuccess() && !genuine) {
            said.append("not an acceptance: ");
            said.append(answer.whole() ? "" : "the answer broke off: ");
        }
        String location = answer.header("location");
        if (location != null && answer.status() / 100 == 3) {
            said.append("to ").append(location).append(' ');
        }
        said.append(explained.isEmpty() ? answer.body() : explained);
        return line(said.toString());
    }

    /// Returns `HTTP 202 accepted as ID: text`.
    String ofAcceptance(HttpAnswer answer, String id, String explained) {
        String text = explained.isEmpty() ? "" : ": " + explained;
        return line("HTTP " + answer.status() + " accepted as " + id + text);
    }

    /// Returns the text without secrets.
    String masked(String text) {
        return mask.mask(text);
    }

    /// Masked before it is cut: half a secret would not be recognised.
    private String line(String said) {
        String some = said.substring(0, Math.min(said.length(), LOOKED_AT_CHARACTERS));
        String text = masked(some).replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return text.length() <= LIMIT_CHARACTERS
                ? text
                : text.substring(0, LIMIT_CHARACTERS - 1) + "…";
    }
}
