package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Misfit;
import dev.postern.outcome.Outcome;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Messages that break the rules of MIME: what they have is carried, or its loss is recorded.
class BrokenMimeTest {

    private static final String LOST_LINES = "header lines that are no fields";

    private static Rebuilt read(String message) throws IOException, BeyondLimit {
        byte[] octets = message.replace("\n", "\r\n").getBytes(ISO_8859_1);
        return MimeReading.read(new ContentCursor(Shipments.content(octets), CommitGate.OPEN));
    }

    private static String text(Rebuilt message) throws IOException {
        StringWriter all = new StringWriter();
        for (Leaf leaf : message.text()) {
            try (Reader text = leaf.text()) {
                text.transferTo(all);
            }
        }
        return all.toString().replace("\r\n", "\n").stripTrailing();
    }

    @Test
    void aMessageWithoutAHeaderSectionIsText() throws Exception {
        Rebuilt message = read("No header here.\nNor here.\n\nMore.\n");
        assertEquals("No header here.\nNor here.\n\nMore.", text(message));
        assertEquals(List.of(), message.notCarried());
    }

    @Test
    void aPartWithoutAHeaderSectionIsText() throws Exception {
        Rebuilt message =
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
        Rebuilt message = read("From a@b.example Mon Jan  1 00:00:00 2024\nSubject: x\n\ny\n");
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

    @Test
    void anOuterBoundaryEndsWhatIsInside() throws Exception {
        Rebuilt message =
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
        Rebuilt message =
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
        Rebuilt message =
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
        Rebuilt message =
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
        Rebuilt message =
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
        Rebuilt message =
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

    @ParameterizedTest
    @ValueSource(strings = {"resend", "postmark"})
    void anAuthorBeyondAsciiIsNotOfferedToThoseThatTakeNone(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> Shipments.acceptance(type));
                Egress egress = Shipments.egress(type, api.uri())) {
            Outcome outcome =
                    egress.send(
                                    Shipments.of(
                                            "From: j\u00c3\u00b6e@example.org\r\n\r\nx\r\n",
                                            "b@example.net"),
                                    CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            assertEquals(Misfit.FORM, assertInstanceOf(Outcome.Unsuited.class, outcome).misfit());
            assertEquals(List.of(), api.requests());
        }
    }
}
