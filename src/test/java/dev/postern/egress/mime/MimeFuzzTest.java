package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.egress.mime.MimeParsers.Parser;
import dev.postern.egress.mime.ReadingBudget.MessageLimitException;
import dev.postern.testing.FuzzedReaders;
import dev.postern.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// No message makes a reader of MIME throw, but for a limit that it breaks.
class MimeFuzzTest {

    private static final FuzzedReaders READERS =
            FuzzedReaders.of(MimeParsers.ALL.values().stream().map(MimeFuzzTest::reader).toList());

    private static Consumer<String> reader(Parser parser) {
        return text -> {
            try {
                parser.parse(new String(text.getBytes(ISO_8859_1), ISO_8859_1));
            } catch (MessageLimitException tooMuch) {
                return;
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        };
    }

    @FuzzTest
    void anyMessageIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }

    /// What is shown of a header field has no control character, and is the same when it is encoded
    /// and decoded again.
    @FuzzTest
    void headerTextComesBack(byte[] octets) {
        assertComesBack(new String(octets, ISO_8859_1));
    }

    @Test
    void anyHeaderTextComesBack() {
        Seeds.forEach(
                3_000,
                random ->
                        assertComesBack(
                                FuzzedReaders.mixture(random.nextInt(12), random::nextInt)));
    }

    private static void assertComesBack(String octets) {
        String latin1 = new String(octets.getBytes(ISO_8859_1), ISO_8859_1);
        String text = HeaderText.decode(new Fields.Raw(latin1));
        assertTrue(text.chars().noneMatch(c -> c < ' ' || c == 127), text);
        assertEquals(
                List.of(text),
                List.of(HeaderText.decode(new Fields.Raw(HeaderText.encoded(text)))));
    }
}
