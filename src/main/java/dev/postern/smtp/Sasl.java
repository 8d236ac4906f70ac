package dev.postern.smtp;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;

/// The words of SASL that SMTP uses (RFC 4422, RFC 4954).
public final class Sasl {
    public static final String PLAIN = "PLAIN";
    public static final String LOGIN = "LOGIN";

    /// LOGIN's challenges, as clients compare them (draft-murchison-sasl-login).
    public static final Reply LOGIN_USERNAME = Replies.authChallenge(encode("Username:"));

    public static final Reply LOGIN_PASSWORD = Replies.authChallenge(encode("Password:"));

    /// PLAIN without an initial response: an empty challenge (RFC 4954 §4).
    public static final Reply EMPTY_CHALLENGE = Replies.authChallenge("");

    static final int BASE64_GROUP = 4;

    private static final Pattern MECHANISM =
            Pattern.compile("[A-Za-z0-9_-]{1," + Limits.MECHANISM_OCTETS + "}");

    private Sasl() {}

    static boolean isMechanism(String text) {
        return MECHANISM.matcher(text).matches();
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
