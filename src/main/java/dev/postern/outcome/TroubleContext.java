package dev.postern.outcome;

import java.time.Duration;

/// Where trouble happened, for the words about it.
///
/// @param type the type word of the egress: `smtp`, `mailgun`
/// @param stage how far the attempt had come
/// @param host the configured host, or the name that the certificate must be for
/// @param peer whom we spoke to: `smtp.example.org:587 [192.0.2.1]`
/// @param limit the time-out that held
public record TroubleContext(String type, Stage stage, String host, String peer, Duration limit) {

    static final String SMTP = "smtp";

    /// Returns a place in a submission.
    public static TroubleContext ofSmtp(Stage stage, String host, String peer, Duration limit) {
        return new TroubleContext(SMTP, stage, host, peer, limit);
    }

    /// Returns a place in a call of an API.
    public static TroubleContext ofApi(String type, Stage stage, String authority, Duration limit) {
        return new TroubleContext(type, stage, authority, authority, limit);
    }

    /// Returns the same place at another stage.
    public TroubleContext at(Stage other, Duration otherLimit) {
        return new TroubleContext(type, other, host, peer, otherLimit);
    }
}
