package dev.postern.egress.http;

/// A message has more of something than is read of any. Its message names the limit, after "a
/// message with": `more than 2000 parts`.
final class MessageLimitException extends Exception {

    private static final long serialVersionUID = 1L;

    MessageLimitException(String what) {
        super(what, null, false, false);
    }
}
