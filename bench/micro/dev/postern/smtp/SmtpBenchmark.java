package dev.postern.smtp;

import dev.postern.mail.AddressList;
import dev.postern.mail.HeaderSection;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// What the octets of a message cost on their way in.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SmtpBenchmark {

    private static final int LIMIT_OCTETS = 1 << 20;

    private final byte[] mail = octets("MAIL FROM:<app@example.org> SIZE=4096 BODY=8BITMIME");
    private final byte[] rcpt = octets("RCPT TO:<user@example.net>");
    private final byte[] content =
            octets("x".repeat(76).concat("\r\n").repeat(52) + "..dot\r\n.\r\n");
    private final byte[] header =
            octets(
                    """
                    From: The shop <app@example.org>\r
                    To: "A. User" <user@example.net>\r
                    Date: Mon, 30 Nov 2026 12:00:00 +0000\r
                    Message-ID: <1@example.org>\r
                    Subject: =?utf-8?q?Your_order?=\r
                    MIME-Version: 1.0\r
                    Content-Type: text/plain; charset=utf-8\r
                    \r
                    """);

    private static byte[] octets(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Benchmark
    public Command mail() {
        return CommandParser.parse(mail);
    }

    @Benchmark
    public Command rcpt() {
        return CommandParser.parse(rcpt);
    }

    /// Four KiB of lines, with a dot to be taken away.
    @Benchmark
    public boolean decodeData() {
        return new DataDecoder(ContentDecoder.BareNewline.REJECT, LIMIT_OCTETS)
                .decode(ByteBuffer.wrap(content), _ -> {});
    }

    @Benchmark
    public HeaderSection header() throws IOException {
        return HeaderSection.read(new ByteArrayInputStream(header));
    }

    @Benchmark
    public AddressList addresses() {
        return AddressList.parse("\"A. User\" <user@example.net>, app@example.org");
    }
}
