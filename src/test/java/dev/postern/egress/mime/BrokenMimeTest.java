package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.egress.CommitGate;
import dev.postern.egress.http.OutboundMessages;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Messages that break the rules of MIME: what they have is carried, or its loss is recorded.
class BrokenMimeTest {

    private static final String LOST_LINES = "header lines that are no fields";

    private static ParsedMessage read(String message) throws IOException {
        byte[] octets = message.replace("\n", "\r\n").getBytes(ISO_8859_1);
        return MimeParser.read(
                new ContentCursor(OutboundMessages.content(octets), CommitGate.OPEN));
    }

    private static String text(ParsedMessage message) throws IOException {
        StringWriter all = new StringWriter();
        for (MimeLeaf leaf : message.text()) {
            try (Reader text = leaf.text()) {
                text.transferTo(all);
            }
        }
        return all.toString().replace("\r\n", "\n").stripTrailing();
    }

    @Test
    void aMessageWithoutAHeaderSectionIsText() throws Exception {
        ParsedMessage message = read("No header here.\nNor here.\n\nMore.\n");
        assertEquals("No header here.\nNor here.\n\nMore.", text(message));
        assertEquals(List.of(), message.notCarried());
    }

    @Test
    void aPartWithoutAHeaderSectionIsText() throws Exception {
        ParsedMessage message =
                read(
                        """
                        Content-Type: multipart/mixed; boundary=b

                        --b
                        Content-Type: text/plain

                        one
                        --b
                        two, at once

                        --b--
                        """);
        assertEquals(2, message.text().size());
        assertEquals("onetwo, at once", text(message));
        assertEquals(List.of(), message.attachments());
        assertEquals(List.of("text/plain as a part of its own"), message.notCarried());
    }

    @Test
    void linesThatAreNoFieldsAreRecordedAsLost() throws Exception {
        assertEquals(
                List.of(LOST_LINES), read("Subject: x\nno field\nTo: a@b\n\ny\n").notCarried());
    }

    @Test
    void whatMailboxFilesBeginWithIsNoLoss() throws Exception {
        ParsedMessage message =
                read("From a@b.example Mon Jan  1 00:00:00 2024\nSubject: x\n\ny\n");
        assertEquals(List.of(), message.notCarried());
        assertEquals("x", message.subject());
    }

    @Test
    void textThatIsSaidToBeBase64AndIsNotStaysAsItIs() throws Exception {
        String text = "This has blanks, and it is no base64, whatever its header may say of it.";
        assertEquals(text, text(read("Content-Transfer-Encoding: base64\n\n" + text + "\n")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SGVs*bG8=", "SGVs\nbG8=", " SGVsbG8=  ", "SGVsbG8"})
    void base64WithAFaultIsDecoded(String encoded) throws Exception {
        assertEquals("Hello", text(read("Content-Transfer-Encoding: base64\n\n" + encoded + "\n")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "base64 (x)",
                "(x) base64",
                "(x (y\\)) z)base64(w)",
                "Base64;",
                " base64 (never ends",
            })
    void commentsMayStandBesideAnEncoding(String encoding) throws Exception {
        assertEquals(
                "Hello", text(read("Content-Transfer-Encoding: " + encoding + "\n\nSGVsbG8=\n")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "image/png; name=a.png",
                "(c) image/png (c); (c) name=a.png",
                "image (c) / (c) png; name (c) = (c) a.png (c;d)",
                "image/png; name=(c) \"a.png\" (c); x=y",
                "image/ png; name*0=a; name*1=.png (c)",
            })
    void commentsMayStandBesideAllOfAType(String type) throws Exception {
        ParsedMessage.Attachment file =
                read("Content-Type: " + type + "\n\nx\n").attachments().getFirst();
        assertEquals("image/png", file.type());
        assertEquals("a.png", file.name());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a (1).png", "a(1).png", "a (1.png", "a).png", "a(1)"})
    void namesOfFilesMayHaveBracketsWithoutQuotes(String name) throws Exception {
        String type = "image/png; name=" + name;
        assertEquals(
                name,
                read("Content-Type: " + type + "; x=y\n\nx\n").attachments().getFirst().name());
    }

    /// Two boundaries, one directly after the other, have nothing between them.
    @Test
    void aDoubledBoundaryLosesNothing() throws Exception {
        ParsedMessage message =
                read(
                        """
                        Content-Type: multipart/mixed; boundary=B

                        --B
                        Content-Type: text/plain

                        hello
                        --B
                        --B
                        Content-Type: text/html
                        Content-Disposition: attachment; filename=a.html

                        <p>x
                        --B
                        --B
                        --B

                        bye
                        --B--
                        """);
        assertEquals("hellobye", text(message));
        assertEquals(
                List.of("a.html"),
                message.attachments().stream().map(ParsedMessage.Attachment::name).toList());
        assertEquals(List.of("text/plain as a part of its own"), message.notCarried());
    }

    @ParameterizedTest
    @CsvSource(
            delimiterString = " => ",
            quoteCharacter = '`',
            value = {
                "\"%s\" => %s",
                "\"%s  \" => %s",
                "\"a b'()+_,-./:=?;<>@[]c\" => a b'()+_,-./:=?;<>@[]c",
                "\"a\\\"b\\\\c\" => a\"b\\c",
                "=_a(b)=c? => =_a(b)=c?",
                "a (comment) => a",
                "\"=?utf-8?q?a?=\" => =?utf-8?q?a?=",
                "\"f\u00fcr\" => f\u00fcr",
                "\"f\u00c3\u00bcr\" => f\u00c3\u00bcr",
                "\" a\" => ` a`",
            })
    void aBoundaryIsTheOctetsThatItIs(String said, String boundary) throws Exception {
        String very = "very-long-".repeat(90);
        String written = boundary.formatted(very);
        ParsedMessage message =
                read(
                        "Content-Type: multipart/mixed; boundary=%s; x=y\n\n"
                                        .formatted(said)
                                        .formatted(very)
                                + "--%1$s  \n\none\n--%1$s\n\ntwo\n--%1$s--\n".formatted(written));
        assertEquals("onetwo", text(message));
        assertEquals(List.of("text/plain as a part of its own"), message.notCarried());
    }

    @ParameterizedTest
    @CsvSource({
        "utf-8, \u00ef\u00bb\u00bfPr\u00c3\u00bcfen, Prüfen, false",
        "'', \u00ef\u00bb\u00bfPr\u00c3\u00bcfen, Prüfen, false",
        "utf-8, \u00d0\u009f\u00d1\u0080\u00ff!, Пр\uFFFD!, true",
        "'', \u00d0\u009f\u00d1\u0080\u00ff!, Пр\uFFFD!, true",
        "utf-8, a\u00ff\u00ffb, a\uFFFD\uFFFDb, true",
        // Cut in the middle of a character.
        "utf-8, caf\u00c3, caf\uFFFD, true",
        "'', \u00d0\u009f\u00d1\u0080\u00d0, Пр\uFFFD, true",
        // A literal replacement is no bad octet.
        "utf-8, a\u00ef\u00bf\u00bdb, a\uFFFDb, false",
        "'', \u0093CAF\u00c9\u0094, “CAFÉ”, false",
        "iso-2022-jp, a\u001b$B:4F#\u001b(B., a佐藤., false",
        "shift_jis, \u008d\u00b2\u0093\u00a1, 佐藤, false",
        // What Windows has beyond the standards, which readers show as well.
        "shift_jis, \u0087@\u008d\u00b2, ①佐, false",
        "iso-2022-jp, a\u001b$B-!\u001b(B., a①., false",
        "iso-8859-9, \u0093a\u0094, “a”, false",
        "shift_jis, \u008d\u00b2\u00ff, 佐\uFFFD, true",
        "koi8-r, \u00f0, П, false",
        "gb2312, \u00ff!, \uFFFD!, true",
    })
    void textHasItsCharactersWhateverIsWrongWithSome(
            String charset, String octets, String text, boolean recorded) throws Exception {
        String type =
                charset.isEmpty() ? "" : "Content-Type: text/plain; charset=" + charset + "\n";
        ParsedMessage message = read(type + "Subject: x\n\n" + octets);
        assertEquals(text, text(message));
        assertEquals(recorded, !message.notCarried().isEmpty(), message.notCarried().toString());
    }

    @Test
    void anOuterBoundaryEndsWhatIsInside() throws Exception {
        ParsedMessage message =
                read(
                        """
                        Content-Type: multipart/mixed; boundary=o

                        --o
                        Content-Type: multipart/mixed; boundary=i

                        --i

                        one
                        --o

                        two
                        --i
                        still two
                        --o--
                        --o

                        no more
                        """);
        assertEquals("one" + "two\n--i\nstill two", text(message));
    }

    @Test
    void aPartMayEndWithinItsHeader() throws Exception {
        ParsedMessage message =
                read(
                        """
                        Content-Type: multipart/mixed; boundary=b

                        --b
                        --b
                        Content-Type: text/plain
                        --b

                        text
                        --b--
                        """);
        assertEquals("text", text(message));
        assertEquals(List.of(), message.attachments());
        assertEquals(List.of(), message.notCarried());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--b  \t", "--b"})
    void blanksMayFollowABoundary(String delimiter) throws Exception {
        ParsedMessage message =
                read(
                        """
                        Content-Type: multipart/mixed; boundary=b

                        --bb
                        %s

                        --bx
                        text
                        --b--
                        """
                                .formatted(delimiter));
        assertEquals("--bx\ntext", text(message));
    }

    @Test
    void aMultipartThatNamesNoBoundaryHasTheFirstLineThatLooksLikeOne() throws Exception {
        ParsedMessage message =
                read(
                        """
                        Content-Type: multipart/mixed

                        ------
                        --guess

                        one
                        --guess

                        two
                        --guess--
                        """);
        assertEquals("onetwo", text(message));
    }

    @ParameterizedTest
    @ValueSource(strings = {"multipart/*", "multipart/x-nobody-knows"})
    void theNameOfAMultipartMattersNot(String type) throws Exception {
        ParsedMessage message =
                read(
                        """
                        Content-Type: %s; boundary=b

                        --b

                        text
                        --b
                        Content-Type: image/png; name=a.png

                        x
                        --b--
                        """
                                .formatted(type));
        assertEquals("text", text(message));
        assertEquals("a.png", message.attachments().getFirst().name());
    }

    @Test
    void aLastBoundaryThatLacksItsEndMakesNoAttachment() throws Exception {
        ParsedMessage message =
                read(
                        """
                        Content-Type: multipart/alternative; boundary=b

                        --b

                        text
                        --b


                        """);
        assertEquals("text", text(message));
        assertEquals(List.of(), message.attachments());
    }
}
