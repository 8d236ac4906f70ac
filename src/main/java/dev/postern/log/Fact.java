package dev.postern.log;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.slf4j.event.KeyValuePair;

/// A log record that kept its pairs.
final class Fact extends LogRecord {

    private static final long serialVersionUID = 1;

    private final transient List<KeyValuePair> pairs;

    Fact(Level level, String message, List<KeyValuePair> pairs) {
        super(level, message);
        this.pairs = List.copyOf(pairs);
        // For whoever listens to the logger and knows only the standard record.
        setParameters(this.pairs.toArray());
    }

    List<KeyValuePair> pairs() {
        return pairs;
    }
}
