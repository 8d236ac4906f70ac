package dev.postern.testing;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/// Text that makes bad parsers slow or deep, of any length: the same few characters over and over,
/// and mixtures of them.
public final class NastyText {

    private static final int MIXTURES = 4;
    private static final String MIXED = "a1 \t\r\n<>()[]\"\\@.,:;=%{}+-/?&_é\u2028\0";

    private static final List<String> PIECES =
            List.of(
                    "a",
                    "Z",
                    "7",
                    " ",
                    "\t",
                    "\r",
                    "\n",
                    "\r\n",
                    "<",
                    ">",
                    "(",
                    ")",
                    "[",
                    "]",
                    "\"",
                    "\\",
                    "@",
                    ",",
                    ".",
                    ":",
                    ";",
                    "=",
                    "%",
                    "{",
                    "}",
                    "+",
                    "-",
                    "/",
                    "?",
                    "&",
                    "_",
                    "é",
                    "\0",
                    "a ",
                    "a@",
                    "@ ",
                    "a.",
                    "a,",
                    "a@b,",
                    "<a",
                    "(\\",
                    "\"\\",
                    "\"a\"",
                    "a=b ",
                    "a=b&",
                    "a:b\r\n",
                    "%41",
                    "${",
                    "://",
                    "::",
                    "1:",
                    "\n ",
                    "=?utf-8?q?a?= ");

    private NastyText() {}

    /// Asserts that a parser's work grows linearly with every kind of text, up to `largest`
    /// characters.
    ///
    /// @param what names the parser in the failure
    /// @param framed puts a text where the parser meets it
    /// @param parser does the work
    public static void assertLinear(
            String what, int largest, UnaryOperator<String> framed, Consumer<String> parser) {
        PIECES.forEach(piece ->
                grow(
                        what + " on " + shown(piece),
                        largest,
                        framed,
                        parser,
                        size -> piece.repeat(size / piece.length())));
        // One of the other kind at the beginning is what many patterns wait for.
        for (String opening : new String[] {"\"", "<", "(", "["}) {
            grow(
                    what + " on " + opening + "a…",
                    largest,
                    framed,
                    parser,
                    size -> opening + "a".repeat(size));
        }
        for (int seed = 1; seed <= MIXTURES; seed++) {
            long chosen = seed;
            grow(
                    what + " on mixture " + seed,
                    largest,
                    framed,
                    parser,
                    size -> mixture(chosen, size));
        }
    }

    private static void grow(
            String what,
            int largest,
            UnaryOperator<String> framed,
            Consumer<String> parser,
            IntFunction<String> text) {
        Growth.assertLinear(
                what,
                largest,
                size -> {
                    String input = framed.apply(text.apply(size));
                    return () -> parser.accept(input);
                });
    }

    private static String mixture(long seed, int size) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder(size);
        while (text.length() < size) {
            text.append(MIXED.charAt(random.nextInt(MIXED.length())));
        }
        return text.toString();
    }

    private static String shown(String piece) {
        StringBuilder shown = new StringBuilder();
        piece.chars()
                .forEach(c -> {
                    if (c > ' ' && c < 127) {
                        shown.append((char) c);
                    } else {
                        shown.append(String.format("\\u%04x", c));
                    }
                });
        return shown.toString();
    }
}
