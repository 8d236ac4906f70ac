package dev.postern.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class HeaderRewriterTest {

    private static final String RECEIVED = "Received: by here";
    private static final String DATE = "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n";
    private static final String ID = "Message-ID: <new@here>\r\n";
    private static final String ADDED = DATE + ID;

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    private HeaderRewriter rewriter() {
        written.reset();
        return new HeaderRewriter(
                RECEIVED,
                DATE.substring(6, DATE.length() - 2),
                "<new@here>",
                octets -> {
                    while (octets.hasRemaining()) {
                        written.write(octets.get());
                    }
                });
    }

    /// Rewrites `content` whole, and cut at every place, and expects the same each time.
    private HeaderRewriter rewrite(String content, String expected) {
        byte[] octets = content.getBytes(ISO_8859_1);
        HeaderRewriter last = rewriter();
        for (int cut = octets.length; cut >= 0; cut--) {
            last = rewriter();
            last.write(ByteBuffer.wrap(octets, 0, cut));
            last.write(ByteBuffer.wrap(octets, cut, octets.length - cut));
            last.finish();
            assertEquals(
                    RECEIVED + "\r\n" + expected, written.toString(ISO_8859_1), "cut at " + cut);
        }
        return last;
    }

    // What is there already passes unchanged.

    @Test
    void aCompleteHeaderOnlyGetsReceived() {
        String whole = "Date: x\r\nMessage-Id: <a@b>\r\nSubject: s\r\n\r\nbody\r\n\r\n.dot\r\n";
        rewrite(whole, whole);
    }

    @Test
    void oddSpellingsAndOddFieldsPass() {
        String odd =
                "DATE : x\r\nmessage-ID:<a@b>\r\nX-Very: \tlong\r\n  folded\r\n\tmore\r\n"
                        + "Broken line without colon\r\n: no name\r\nTo: \u00fc@x\r\n\r\nb\r\n";
        HeaderRewriter rewriter = rewrite(odd, odd);
        assertTrue(rewriter.hasEightBitHeader());
    }

    @Test
    void eightBitInTheBodyIsNotTheHeaders() {
        String plain = "Date: x\r\nMessage-ID: <a@b>\r\n\r\n\u00fc\r\n";
        assertFalse(rewrite(plain, plain).hasEightBitHeader());
    }

    // Missing fields are added at the end of the section.

    @Test
    void missingFieldsAreAdded() {
        rewrite("Subject: s\r\n\r\nbody\r\n", "Subject: s\r\n" + ADDED + "\r\nbody\r\n");
        rewrite("Date: d\r\n\r\nbody\r\n", "Date: d\r\n" + ID + "\r\nbody\r\n");
        rewrite("Message-ID: <m>\r\n\r\n", "Message-ID: <m>\r\n" + DATE + "\r\n");
    }

    @Test
    void aMessageWithoutBodyGetsThemToo() {
        rewrite("Subject: s\r\n", "Subject: s\r\n" + ADDED);
        rewrite("", ADDED);
        rewrite("\r\n", ADDED + "\r\n");
    }

    @Test
    void aMessageWithoutHeaderGetsAnEmptyLine() {
        rewrite("Hello world\r\nDate: no\r\n", ADDED + "\r\nHello world\r\nDate: no\r\n");
        rewrite(" indented\r\n", ADDED + "\r\n indented\r\n");
        rewrite("caf\u00e9: x\r\n", ADDED + "\r\ncaf\u00e9: x\r\n");
    }

    @Test
    void aMailboxSeparatorDoesNotEndTheHeader() {
        rewrite(
                "From me Sun Nov 22\r\nDate: d\r\nMessage-ID: <m>\r\n\r\nb\r\n",
                "From me Sun Nov 22\r\nDate: d\r\nMessage-ID: <m>\r\n\r\nb\r\n");
    }

    @Test
    void fieldsInTheBodyDoNotCount() {
        rewrite(
                "To: a\r\n\r\nDate: d\r\nBcc: b\r\n",
                "To: a\r\n" + ADDED + "\r\nDate: d\r\nBcc: b\r\n");
    }

    // Bcc goes, with everything folded under it, and nothing else does.

    @Test
    void bccIsRemoved() {
        rewrite(
                "Date: d\r\nBcc: a@x,\r\n b@x\r\n\tc@x\r\nMessage-ID: <m>\r\n"
                        + "BCC : z\r\nX-Bcc: y\r\n\r\nb\r\n",
                "Date: d\r\nMessage-ID: <m>\r\nX-Bcc: y\r\n\r\nb\r\n");
        rewrite("bcc:\r\nDate: d\r\nMessage-ID: <m>\r\n", "Date: d\r\nMessage-ID: <m>\r\n");
    }

    @Test
    void aBccThatIsWrappedWithoutIndentingGoesWhole() {
        rewrite(
                "Date: d\r\nBcc: a@x, \r\nb@x,\r\nAnn <c@x>\r\nMessage-ID: <m>\r\n\r\nb\r\n",
                "Date: d\r\nMessage-ID: <m>\r\n\r\nb\r\n");
        String wide = "w".repeat(600) + "@x," + "w".repeat(600) + "@x";
        for (String field :
                new String[] {
                    "Bcc: a@x;\r\nb@x\r\n",
                    "Bcc:\r\nb@x\r\n",
                    "Bcc: a@x\r\n, b@x\r\n",
                    "Bcc: a@x\r\nb@x\r\n c@x\r\nd@x\r\n",
                    "Resent-Bcc: a@x\r\n\u00fc <b@x>\r\n<c@x>\r\n",
                    "Bcc: a@x\r\n" + wide + "\r\n",
                    "Bcc: a@x\r\nFrom b@x\r\n: c@x\r\n"
                }) {
            rewrite(
                    "Date: d\r\n" + field + "Message-ID: <m>\r\n\r\nb\r\n",
                    "Date: d\r\nMessage-ID: <m>\r\n\r\nb\r\n");
            rewrite(
                    "Date: d\r\nMessage-ID: <m>\r\n" + field + "\r\nb\r\n",
                    "Date: d\r\nMessage-ID: <m>\r\n\r\nb\r\n");
        }
        String other = "Date: d\r\nMessage-ID: <m>\r\nTo: a@x\r\nstray\r\n\r\nb\r\n";
        rewrite(other, other);
    }

    @Test
    void resentBccIsRemovedToo() {
        rewrite(
                "Resent-To: a@x\r\nResent-Bcc: b@x,\r\n c@x\r\nDate: d\r\nMessage-ID: <m>\r\n"
                        + "\r\nb\r\n",
                "Resent-To: a@x\r\nDate: d\r\nMessage-ID: <m>\r\n\r\nb\r\n");
    }

    /// However long the first field's name is, the header does not become body.
    @Test
    void bccIsRemovedBehindALongName() {
        String end = "Date: d\r\nMessage-ID: <m>\r\n\r\nBcc: in the body\r\n";
        for (int octets : new int[] {64, 65, 72, 997, 998, 999, 1500}) {
            String name = "X-" + "y".repeat(octets - 2);
            for (String field : new String[] {name + ": v\r\n", name + " \t: v\r\n folded\r\n"}) {
                rewrite(field + "Bcc: b@x\r\n" + end, field + end);
            }
        }
    }

    @Test
    void bccIsRemovedHoweverManyBlanksStandBeforeItsColon() {
        String end = "Date: d\r\nMessage-ID: <m>\r\n\r\n";
        for (int blanks : new int[] {1, 64, 994, 995, 996, 2000}) {
            rewrite("Bcc" + " ".repeat(blanks) + ": b@x\r\n c@x\r\n" + end, end);
        }
    }

    /// A first line that is no field ends the section, whatever its length; where it is too long to
    /// be held back, behind it.
    @Test
    void aLongFirstLineThatIsNoFieldEndsTheHeader() {
        String body = "Bcc: body\r\n";
        String words = "no field " + "y".repeat(2000) + "\r\n";
        rewrite(words + body, ADDED + "\r\n" + words + body);
        String word = "y".repeat(998) + "\r\n";
        rewrite(word + body, ADDED + "\r\n" + word + body);
        String longer = "y".repeat(1100) + "\r\n";
        rewrite(longer + body, longer + ADDED + "\r\n" + body);
    }

    @Test
    void longNamesPass() {
        String name = "X-" + "y".repeat(300);
        String whole = "Date: d\r\nMessage-ID: <m>\r\n" + name + ": v\r\n\r\n";
        rewrite(whole, whole);
    }

    // What is learned.

    @Test
    void receivedFieldsAreCounted() {
        String hops =
                "Received: a\r\n b\r\nreceived : c\r\nX-Received: d\r\nDate: d\r\n"
                        + "Message-ID: <m>\r\n\r\n";
        assertEquals(2, rewrite(hops, hops).receivedCount());
    }

    @Test
    void theSubjectIsDecoded() {
        String rest = "Date: d\r\nMessage-ID: <m>\r\n\r\n";
        assertEquals("", rewrite(rest, rest).subject());
        String words = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?b?IOKckw==?=\r\n" + rest;
        assertEquals("Grüße ✓", rewrite(words, words).subject());
        String two = "Subject: first: one\r\nSubject: second\r\n" + rest;
        assertEquals("first: one", rewrite(two, two).subject());
        String unknown = "Subject: =?no-such?q?x?=\r\n" + rest;
        assertEquals("=?no-such?q?x?=", rewrite(unknown, unknown).subject());
    }

    @Test
    void aLongSubjectIsCut() {
        String whole = "Subject: " + "s".repeat(5000) + "\r\nDate: d\r\nMessage-ID: <m>\r\n\r\n";
        HeaderRewriter rewriter = rewriter();
        rewriter.write(ByteBuffer.wrap(whole.getBytes(ISO_8859_1)));
        assertEquals("s".repeat(199) + "…", rewriter.subject());
    }
}
