package dev.postern.mail;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.mail.AddressList.BareAddresses;
import dev.postern.testing.ReadersGrowth;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// Everything here that reads what strangers write. A new reader gets a row.
class MailGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("AddressList", AddressList::parse),
                row("AddressList in brackets", text -> AddressList.parse("a <" + text + ">, b")),
                row("AddressList.isAddress", AddressList::isAddress),
                row(
                        "AddressList.isAddress with a domain",
                        text -> AddressList.isAddress("a@" + text)),
                row("BareAddresses", text -> BareAddresses.complete(text, local -> local + "@x")),
                row(
                        "BareAddresses in brackets",
                        text -> BareAddresses.complete("a <" + text, _ -> "x")),
                row("ALabels", text -> ALabels.address("a@\u00FC" + text)),
                row("ALabels, short", text -> ALabels.domain("\u00FC" + start(text))),
                row("AddressMask", AddressMask::apply),
                row("AddressMask before an at-sign", text -> AddressMask.apply(text + " @")),
                row("AddressMask behind an at-sign", text -> AddressMask.apply("a@" + text + "@b")),
                row("AddressMask in quotes", text -> AddressMask.apply('"' + text + "\"@b")),
                row(
                        "AddressMask of escaped quotes",
                        text -> AddressMask.apply("\\\"@ ".repeat(text.length() / 4))),
                row("AddressMask.name", AddressMask::name),
                row(
                        "Subject",
                        text ->
                                HeaderRewriter.Subject.decode(
                                        ("Subject: " + text).getBytes(UTF_8))),
                row("QueueId", QueueId::parse),
                row("CrlfLines", MailGrowthTest::lines),
                row("HeaderSection", MailGrowthTest::header),
                row("HeaderSection in a field", text -> header("Bcc: " + text)),
                row("HeaderSection in a name", text -> header("Bcc" + text + ": a@x\r\n\r\n")),
                row("HeaderRewriter", MailGrowthTest::rewritten),
                row("HeaderRewriter in a name", text -> rewritten("Bcc" + text + ": a@x\r\n\r\n")));
    }

    /// As much of a text as may be a domain.
    private static String start(String text) {
        return text.substring(0, Math.min(text.length(), 250));
    }

    private static void lines(String text) {
        try {
            new CrlfLines(new ByteArrayInputStream(text.getBytes(UTF_8))).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void header(String text) {
        try {
            HeaderSection header =
                    HeaderSection.read(new ByteArrayInputStream(text.getBytes(UTF_8)));
            header.destinations();
            header.sender();
            header.rawValues("bcc");
            header.withValues((_, value) -> value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void rewritten(String text) {
        HeaderRewriter rewriter =
                new HeaderRewriter(
                        "Received: x", "x", "<x>", octets -> octets.position(octets.limit()));
        rewriter.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
        rewriter.finish();
        rewriter.subject();
    }
}
