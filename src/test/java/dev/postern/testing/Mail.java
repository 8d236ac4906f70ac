package dev.postern.testing;

import dev.postern.egress.OutboundMessage;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import dev.postern.mail.ReversePath;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/// OutboundMessages for tests.
public final class Mail {

    /// A small message.
    public static final String TEXT = "From: a@example.org\r\nSubject: hello\r\n\r\nHello.\r\n";

    private Mail() {}

    /// Returns the small message from a@example.org to these.
    public static OutboundMessage to(String... recipients) {
        return of("a@example.org", TEXT.getBytes(StandardCharsets.US_ASCII), false, recipients);
    }

    /// Returns a message.
    public static OutboundMessage of(
            String sender, byte[] content, boolean smtpUtf8, String... recipients) {
        return of(sender, content(content), smtpUtf8, recipients);
    }

    /// Returns a message.
    public static OutboundMessage of(
            String sender, MessageContent content, boolean smtpUtf8, String... recipients) {
        List<ForwardPath> paths = Stream.of(recipients).map(ForwardPath::new).toList();
        Envelope envelope = new Envelope(new ReversePath(sender), paths, smtpUtf8);
        return new OutboundMessage(new QueueId(1), envelope, content);
    }

    /// Returns content with the traits that its octets have.
    public static MessageContent content(byte[] octets) {
        return new MessageContent() {
            @Override
            public long sizeBytes() {
                return octets.length;
            }

            @Override
            public ContentTraits traits() {
                return Mail.traits(octets);
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(octets);
            }
        };
    }

    private static ContentTraits traits(byte[] octets) {
        String text = new String(octets, StandardCharsets.ISO_8859_1);
        int headerEnd = text.indexOf("\r\n\r\n");
        String header = headerEnd < 0 ? text : text.substring(0, headerEnd);
        int longest = text.lines().mapToInt(String::length).max().orElse(0);
        return new ContentTraits(isEightBit(text), isEightBit(header), longest);
    }

    private static boolean isEightBit(String text) {
        return text.chars().anyMatch(octet -> octet > 127);
    }
}
