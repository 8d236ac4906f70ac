package dev.postern.log;

import dev.postern.log.LineFormatter.JsonFormatter;
import dev.postern.log.LineFormatter.TextFormatter;
import dev.postern.mail.AddressMask;
import dev.postern.testing.ReadersGrowth;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// A line of the log is written in time that grows as its words do, whoever said them.
class LogGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("text", text -> new TextFormatter(t -> t).render(Map.of("reply", text))),
                row("JSON", text -> new JsonFormatter(t -> t).render(Map.of("reply", text))),
                row("masked addresses", AddressMask::apply));
    }
}
