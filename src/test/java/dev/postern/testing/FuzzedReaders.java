package dev.postern.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// The readers of a package, which its growth test has a row for each of, for a fuzzer: the first
/// octet chooses one, the others are the text that it is given.
public final class FuzzedReaders {

    private static final int TRIALS = 3_000;
    private static final int MOST_PIECES = 60;

    private static final List<String> PIECES =
            List.of(
                    "a",
                    "@",
                    "a@b.example",
                    ".",
                    ",",
                    ";",
                    ":",
                    "<",
                    ">",
                    "(",
                    ")",
                    "[",
                    "]",
                    "\"",
                    "\\",
                    "=",
                    "%41",
                    "%",
                    "&",
                    "?",
                    "/",
                    "://",
                    "${",
                    "}",
                    "\r\n",
                    "\n",
                    "\r",
                    "\0",
                    " ",
                    "\t",
                    "é",
                    "\u2028",
                    "=?utf-8?q?a?=",
                    "250 ",
                    "250-",
                    "5.1.1",
                    "{",
                    "1",
                    "99999999999",
                    "smtp",
                    "Bcc: ",
                    "Content-Type: ",
                    "boundary=",
                    "--b");

    private final List<Consumer<String>> readers;

    private FuzzedReaders(List<Consumer<String>> readers) {
        this.readers = readers;
    }

    /// Takes the rows of a [ReadersGrowth].
    public static FuzzedReaders of(Stream<Arguments> rows) {
        return of(rows.map(FuzzedReaders::reader).toList());
    }

    /// Takes readers of texts.
    public static FuzzedReaders of(List<Consumer<String>> readers) {
        return new FuzzedReaders(List.copyOf(readers));
    }

    @SuppressWarnings("unchecked") // ReadersGrowth.row makes all rows.
    private static Consumer<String> reader(Arguments row) {
        return (Consumer<String>) row.get()[1];
    }

    /// Gives a text to one of them.
    public void read(byte[] octets) {
        if (octets.length > 1) {
            int chosen = Byte.toUnsignedInt(octets[0]) % readers.size();
            readers.get(chosen).accept(new String(octets, 1, octets.length - 1, UTF_8));
        }
    }

    /// Gives mixtures of what means something anywhere to each of them.
    public void readMixtures() {
        Seeds.forEach(
                TRIALS,
                random -> {
                    String text = mixture(1 + random.nextInt(MOST_PIECES), random::nextInt);
                    readers.get(random.nextInt(readers.size())).accept(text);
                });
    }

    /// Returns a mixture of so many pieces.
    public static String mixture(int pieces, IntUnaryOperator below) {
        StringBuilder text = new StringBuilder();
        for (int left = pieces; left > 0; left--) {
            text.append(PIECES.get(below.applyAsInt(PIECES.size())));
        }
        return text.toString();
    }
}
