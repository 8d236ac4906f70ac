package dev.postern.log;

import dev.postern.mail.AddressMask;
import dev.postern.testing.NastyText;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// A line of the log is written in time that grows as its words do, whoever said them.
class LogGrowthTest {

    private static final int LARGEST = 64 * 1024;

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("text", text -> new TextFormatter(t -> t).render(Map.of("reply", text))),
                row("JSON", text -> new JsonFormatter(t -> t).render(Map.of("reply", text))),
                row("masked addresses", AddressMask::apply));
    }

    private static Arguments row(String what, Consumer<String> parser) {
        return Arguments.of(what, parser);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("parsers")
    void readsAnyTextInTimeThatGrowsAsTheTextDoes(String what, Consumer<String> parser) {
        NastyText.assertLinear(what, LARGEST, text -> text, parser);
    }
}
