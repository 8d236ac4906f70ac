package dev.postern.outcome;

import java.time.Duration;

/// Where trouble happened, for the words about it.
///
/// @param stage how far the attempt had come
/// @param host the configured host, or the name that the certificate must be for
/// @param peer whom we spoke to: `smtp.example.org:587 [192.0.2.1]`
/// @param limit the time-out that held
public record Scene(Stage stage, String host, String peer, Duration limit) {

    /// Returns the same place at another stage.
    public Scene at(Stage other, Duration otherLimit) {
        return new Scene(other, host, peer, otherLimit);
    }
}
