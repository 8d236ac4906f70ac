package dev.postern.listener;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.SmtpConfig.User;
import java.security.MessageDigest;
import java.util.List;

/// A user name and a password that a client gave.
///
/// @param username who it says it is
/// @param password secret, left out of `toString`
record Credentials(String username, String password) {

    /// Returns whether these are one user's. Takes the same time whichever name or password is
    /// wrong. Passwords may be fetched from files: this can block.
    boolean areOf(List<User> users) {
        byte[] name = username.getBytes(UTF_8);
        byte[] secret = password.getBytes(UTF_8);
        boolean found = false;
        for (User user : users) {
            boolean sameName = MessageDigest.isEqual(user.username().getBytes(UTF_8), name);
            boolean sameSecret =
                    MessageDigest.isEqual(user.password().reveal().getBytes(UTF_8), secret);
            // Both are known by now: this tells nobody by its time which of them was wrong.
            found |= sameName && sameSecret;
        }
        return found;
    }

    @Override
    public String toString() {
        return "Credentials[username=" + username + "]";
    }
}
