package dev.postern.testing;

import java.util.Arrays;
import java.util.logging.LogRecord;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.event.KeyValuePair;

/// What was logged, for tests that listen to a `java.util.logging` logger.
public final class Facts {

    private Facts() {}

    /// Returns the pairs of a record and then its message: `id=000000000001 sent=2 done`.
    public static String text(LogRecord record) {
        Object[] pairs = record.getParameters();
        Stream<String> words =
                pairs == null
                        ? Stream.empty()
                        : Arrays.stream(pairs)
                                .map(KeyValuePair.class::cast)
                                .map(pair -> pair.key + "=" + pair.value);
        return Stream.concat(words, Stream.of(record.getMessage()))
                .collect(Collectors.joining(" "));
    }
}
