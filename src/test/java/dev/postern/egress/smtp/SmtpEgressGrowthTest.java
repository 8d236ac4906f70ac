package dev.postern.egress.smtp;

import dev.postern.egress.smtp.ServerCheck.Interception;
import dev.postern.egress.smtp.SmtpCommands.Offers;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble.Context;
import dev.postern.smtp.UpstreamReply;
import dev.postern.testing.ReadersGrowth;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// Everything here that reads what next hops say. A new reader gets a row.
class SmtpEgressGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("RemoteQueueId", SmtpTransaction.RemoteQueueId::in),
                row(
                        "RemoteQueueId behind a code",
                        text -> SmtpTransaction.RemoteQueueId.in("250 " + text)),
                row(
                        "RemoteQueueId with a word",
                        text -> SmtpTransaction.RemoteQueueId.in("250 Ok id=" + text + " x")),
                row(
                        "RemoteQueueId of SES",
                        text -> SmtpTransaction.RemoteQueueId.in("250 Ok " + text)),
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
                row("Reached", SmtpEgressGrowthTest::reached),
                row("Wording", text -> wording(text)),
                row("Wording of a quoted local part", text -> wording("\"" + text + "\"@x")),
                row("Wording of a domain", text -> wording("a@" + text)),
                row("Wording of an odd domain", text -> wording("a@é" + text)));
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

    private static void reached(String text) {
        UpstreamReply ehlo =
                UpstreamReply.parse("250-x\n250-AUTH " + text + "\n250-" + text + "\n250 SIZE");
        PortCheck reached =
                new PortCheck(
                        new InetSocketAddress(FAR, 587),
                        PortChecker.TlsStart.STARTTLS,
                        Stage.AUTH,
                        null,
                        greeting(text),
                        ehlo,
                        null,
                        Map.of());
        reached.mechanisms();
        reached.extensions();
    }

    private static void wording(String address) {
        SmtpCommands wording =
                new SmtpCommands(new Offers(0, false, false, false, false, 1), false);
        wording.unsuitability(new ForwardPath(address));
    }
}
