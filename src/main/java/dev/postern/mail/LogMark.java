package dev.postern.mail;

import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/// How lines of the log are to be treated.
public final class LogMark {

    /// This line is written each time: it belongs to the story of one message, tells one act of an
    /// operator, or that something turned, of which the last word must be the truth. Every line
    /// without it is folded when it repeats.
    public static final Marker EACH = MarkerFactory.getMarker("each");

    private LogMark() {}
}
