package dev.postern.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/// A log record that kept its pairs.
final class Fact extends LogRecord {

    private static final long serialVersionUID = 1;

    private static final Formatter WORDS = new SimpleFormatter();

    private final String pattern;
    private final transient List<KeyValuePair> pairs;
    private final boolean each;
    private long repeated;

    /// @param logger who tells it
    /// @param pattern the message before its arguments were put in: what stays the same
    /// @param each whether it is written however often it repeats
    Fact(
            Level level,
            @Nullable String logger,
            String pattern,
            String message,
            List<KeyValuePair> pairs,
            boolean each) {
        super(level, message);
        this.pattern = pattern;
        this.pairs = List.copyOf(pairs);
        this.each = each;
        setLoggerName(logger);
        // For whoever listens to the logger and knows only the standard record.
        setParameters(this.pairs.toArray());
    }

    /// Returns a record as a fact; one from a third party is told with its logger's name.
    static Fact of(LogRecord entry) {
        if (entry instanceof Fact fact) {
            return fact;
        }
        String logger = String.valueOf(entry.getLoggerName());
        Fact fact =
                new Fact(
                        entry.getLevel(),
                        logger,
                        Objects.requireNonNullElse(entry.getMessage(), ""),
                        Objects.requireNonNullElse(WORDS.formatMessage(entry), ""),
                        List.of(new KeyValuePair("logger", logger)),
                        false);
        fact.setInstant(entry.getInstant());
        fact.setThrown(entry.getThrown());
        return fact;
    }

    /// Returns this fact with its values in a form that can be kept: small and unchangeable.
    ///
    /// @param chars how much of the text of each value is kept
    Fact kept(int chars) {
        List<KeyValuePair> small = new ArrayList<>();
        for (KeyValuePair pair : pairs) {
            small.add(new KeyValuePair(pair.key, LineFormatter.plain(pair.value, chars)));
        }
        if (getThrown() != null) {
            small.add(new KeyValuePair("error", LineFormatter.plain(getThrown(), chars)));
        }
        String words = LineFormatter.cut(getMessage(), chars);
        Fact kept = new Fact(getLevel(), getLoggerName(), pattern, words, small, each);
        kept.setInstant(getInstant());
        return kept;
    }

    /// Returns the line that counts repetitions of which this is the latest.
    Fact repeated(long times) {
        List<KeyValuePair> more = new ArrayList<>(pairs);
        more.add(new KeyValuePair("repeated", times));
        more.add(new KeyValuePair("latest", getInstant()));
        Fact count = new Fact(getLevel(), getLoggerName(), pattern, getMessage(), more, true);
        count.repeated = times;
        return count;
    }

    String pattern() {
        return pattern;
    }

    List<KeyValuePair> pairs() {
        return pairs;
    }

    boolean each() {
        return each;
    }

    /// Returns how many facts this one stands for.
    long weight() {
        return Math.max(1, repeated);
    }
}
