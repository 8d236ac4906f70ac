package dev.postern.testing;

import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The test of a package's readers: their time grows as the text does, whatever is in it. A
/// subclass has the rows, in `static Stream<Arguments> parsers()`.
public abstract class ReadersGrowth {

    /// Characters of the longest text.
    protected static final int LARGEST = 64 * 1024;

    /// Returns the characters of the longest text that these readers are given.
    protected int largest() {
        return LARGEST;
    }

    /// Returns the row of a reader.
    protected static Arguments row(String what, Consumer<String> parser) {
        return Arguments.of(what, parser);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("parsers")
    public final void readsAnyTextInTimeThatGrowsAsTheTextDoes(
            String what, Consumer<String> parser) {
        NastyText.assertLinear(what, largest(), text -> text, parser);
    }
}
