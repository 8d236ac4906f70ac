package dev.postern.egress.smtp;

import dev.postern.egress.smtp.ServerCheck.Interception;
import dev.postern.egress.smtp.SmtpCommands.Offers;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble.Context;
import dev.postern.smtp.UpstreamReply;
import dev.postern.testing.ReadersGrowth;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// Everything here that reads what next hops say. A new reader gets a row.
class SmtpEgressGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("RemoteQueueId", SmtpTransaction::remoteQueueId),
                row(
                        "RemoteQueueId behind a code",
                        text -> SmtpTransaction.remoteQueueId("250 " + text)),
                row(
                        "RemoteQueueId with a word",
                        text -> SmtpTransaction.remoteQueueId("250 Ok id=" + text + " x")),
                row(
                        "RemoteQueueId of SES",
                        text -> SmtpTransaction.remoteQueueId("250 Ok " + text)),
                row("Answer", SmtpEgressGrowthTest::answer),
                row("Interception", text -> intercepted("smtp.gmail.com", text, "vps.example")),
                row(
                        "Interception by a name",
                        text -> intercepted("smtp.gmail.com", "a." + text, "vps.example")),
                row(
                        "Interception by our name",
                        text -> intercepted("mx.example", "a.example", text)),
                row(
                        "Interception at a host",
                        text -> intercepted(text, "a.example", "vps.example")),
                row("Mechanisms", SmtpEgressGrowthTest::mechanisms),
                row("SmtpCommands", text -> commands(text)),
                row("SmtpCommands of a quoted local part", text -> commands("\"" + text + "\"@x")),
                row("SmtpCommands of a domain", text -> commands("a@" + text)),
                row("SmtpCommands of an odd domain", text -> commands("a@é" + text)));
    }

    private static final InetAddress FAR = InetAddress.ofLiteral("192.0.2.25");

    private static UpstreamReply greeting(String text) {
        return UpstreamReply.parse("220 " + text);
    }

    private static void answer(String text) {
        Answer answer = new Answer(greeting(text), greeting(text), List.of(), null);
        answer.software();
        answer.greetingName();
        answer.ehloName();
    }

    private static void intercepted(String host, String name, String ownName) {
        Context context = Context.ofSmtp(Stage.TLS, "mx.example", "mx.example:587", Duration.ZERO);
        Answer answer = new Answer(greeting(name), greeting(name), List.of(name), null);
        new Interception(host, host, ownName).verdict(context, FAR, answer);
    }

    private static void mechanisms(String text) {
        UpstreamReply ehlo =
                UpstreamReply.parse("250-x\n250-AUTH " + text + "\n250-" + text + "\n250 SIZE");
        new Answer(greeting(text), ehlo, List.of(), null).mechanisms();
    }

    private static void commands(String address) {
        SmtpCommands commands =
                new SmtpCommands(new Offers(0, false, false, false, false, 1), false);
        commands.unsuitability(new ForwardPath(address));
    }
}
