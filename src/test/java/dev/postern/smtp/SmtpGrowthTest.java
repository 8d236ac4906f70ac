package dev.postern.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.testing.ReadersGrowth;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// Everything here that reads what clients and next hops say. A new reader gets a row.
class SmtpGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("CommandParser", SmtpGrowthTest::command),
                row("MAIL", text -> command("MAIL FROM:<" + text + "> SIZE=1")),
                row("MAIL with parameters", text -> command("MAIL FROM:<a@b.example> " + text)),
                row("RCPT", text -> command("RCPT TO:<" + text + ">")),
                row("AUTH", text -> command("AUTH PLAIN " + text)),
                row("BDAT", text -> command("BDAT " + text + " LAST")),
                row("PathParser", PathParser::new),
                row("PathParser in brackets", text -> new PathParser("<" + text + ">")),
                row(
                        "PathParser with a source route",
                        text -> new PathParser("<@" + text + ":a@b>")),
                row("MailParametersParser", CommandParser.MailParametersParser::new),
                row(
                        "MailParametersParser with a value",
                        text -> new CommandParser.MailParametersParser("AUTH=" + text)),
                row("LineReader", text -> new LineReader().read(octets(text + "\r\n"))),
                row(
                        "MailParametersParser with escapes",
                        text -> new CommandParser.MailParametersParser("AUTH=+3D" + text)),
                row("EnhancedStatus", EnhancedStatus::parse),
                row("EnhancedStatus in digits", text -> EnhancedStatus.parse("5.1." + text)),
                row("digits", CommandParser::decimal),
                row("Extension", Extension::offered),
                row("Sasl", Sasl::isMechanism),
                row("base64", Sasl::decode),
                row("SASL PLAIN", text -> Sasl.UserPassword.parsePlain(text.getBytes(UTF_8))),
                row("UpstreamReply", SmtpGrowthTest::reply),
                row("UpstreamReply with a code", text -> reply("250 " + text)),
                row(
                        "UpstreamReply of many lines",
                        text -> reply("250-" + text.replace("\n", "\n250-"))),
                row("UpstreamReply with a status", text -> reply("250 2.0." + text)),
                row("UpstreamReplyLine", UpstreamReply.UpstreamReplyLine::parse),
                row(
                        "Reply",
                        text -> new Reply(ReplyCode.OK, null, List.of(text, text), false).encode()),
                row(
                        "upstream's words",
                        text -> Replies.upstreamRefusal(ReplyCode.FAILED, null, text)),
                row("DataDecoder", SmtpGrowthTest::data),
                row("BdatDecoder", SmtpGrowthTest::bdat),
                row(
                        "DotStuffer",
                        text ->
                                new DotStuffer()
                                        .stuff(
                                                octets(
                                                        text.replace("\r", "")
                                                                .replace("\n", "\r\n")),
                                                SmtpGrowthTest::drain)));
    }

    private static ByteBuffer octets(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    private static void drain(ByteBuffer octets) {
        octets.position(octets.limit());
    }

    private static void command(String text) {
        CommandParser.parse(text.getBytes(UTF_8));
    }

    private static void reply(String text) {
        UpstreamReply reply = UpstreamReply.parse(text);
        reply.oneLine();
        reply.text();
    }

    private static void data(String text) {
        new DataDecoder(BareNewline.NORMALIZE, Long.MAX_VALUE)
                .decode(octets(text), SmtpGrowthTest::drain);
    }

    private static void bdat(String text) {
        ByteBuffer octets = octets(text);
        BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, Long.MAX_VALUE);
        decoder.begin(new Command.Bdat(octets.remaining(), true));
        decoder.decode(octets, SmtpGrowthTest::drain);
    }
}
