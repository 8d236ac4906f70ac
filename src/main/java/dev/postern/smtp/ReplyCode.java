package dev.postern.smtp;

import org.jspecify.annotations.Nullable;

/// The three digits of a reply (RFC 5321 §4.2). Ours are the constants; a next hop may say any
/// other.
///
/// @param value 200 to 599
public record ReplyCode(int value) {
    public static final ReplyCode HELP = new ReplyCode(214);
    public static final ReplyCode READY = new ReplyCode(220);
    public static final ReplyCode CLOSING = new ReplyCode(221);
    public static final ReplyCode AUTH_OK = new ReplyCode(235);
    public static final ReplyCode OK = new ReplyCode(250);
    public static final ReplyCode NOT_VERIFIED = new ReplyCode(252);

    public static final ReplyCode AUTH_CHALLENGE = new ReplyCode(334);
    public static final ReplyCode START_CONTENT = new ReplyCode(354);

    public static final ReplyCode NOT_AVAILABLE = new ReplyCode(421);
    public static final ReplyCode LOCAL_ERROR = new ReplyCode(451);
    public static final ReplyCode NO_STORAGE = new ReplyCode(452);
    public static final ReplyCode TEMPORARY_AUTH_FAILURE = new ReplyCode(454);

    public static final ReplyCode SYNTAX_ERROR = new ReplyCode(500);
    public static final ReplyCode ARGUMENT_ERROR = new ReplyCode(501);
    public static final ReplyCode NOT_IMPLEMENTED = new ReplyCode(502);
    public static final ReplyCode BAD_SEQUENCE = new ReplyCode(503);
    public static final ReplyCode PARAMETER_NOT_IMPLEMENTED = new ReplyCode(504);
    public static final ReplyCode AUTH_REQUIRED = new ReplyCode(530);
    public static final ReplyCode AUTH_FAILED = new ReplyCode(535);
    public static final ReplyCode ENCRYPTION_REQUIRED = new ReplyCode(538);
    public static final ReplyCode REFUSED = new ReplyCode(550);
    public static final ReplyCode TOO_BIG = new ReplyCode(552);
    public static final ReplyCode NAME_NOT_ALLOWED = new ReplyCode(553);
    public static final ReplyCode FAILED = new ReplyCode(554);
    public static final ReplyCode PARAMETERS_UNKNOWN = new ReplyCode(555);

    private static final int LOWEST = 200;
    private static final int HIGHEST = 599;
    private static final int PER_CLASS = 100;

    public ReplyCode {
        if (!isPossible(value)) {
            throw new IllegalArgumentException(value + " is not within 200 to 599");
        }
    }

    static boolean isPossible(int value) {
        return value >= LOWEST && value <= HIGHEST;
    }

    /// The first digit, 2 to 5.
    public int classDigit() {
        return value / PER_CLASS;
    }

    /// Done (2yz).
    public boolean isPositive() {
        return classDigit() == 2;
    }

    /// Go on (3yz).
    public boolean isIntermediate() {
        return classDigit() == 3;
    }

    /// Try again later (4yz).
    public boolean isTransient() {
        return classDigit() == 4;
    }

    /// Never (5yz).
    public boolean isPermanent() {
        return classDigit() == 5;
    }

    /// The three digits, and the enhanced status behind them if there is one.
    String with(@Nullable EnhancedStatus status) {
        return status == null ? toString() : this + " " + status;
    }

    /// The three digits.
    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
