package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Commands;
import dev.postern.testing.Provider;
import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.VpsExim;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The doctor in the networks that mail gets stuck in: it says whether mail can leave, what is in
/// the way, and what to do; soon, however much times out.
@Timeout(120)
class DoctorNetworksIT extends InLab {

    /// It promises 15 s; the rest is for machines that are busy with other tests.
    private static final double SECONDS_MAX = 25;

    private static final Queue<String> TIMES = new ConcurrentLinkedQueue<>();

    @AfterAll
    static void printTable() {
        TIMES.stream().sorted().forEach(System.out::println);
    }

    @Test
    void port587IsDroppedAnd465Open() throws IOException {
        gmail(587, 465);
        lab.fence().drop(587);
        String told = examine("a 587 dropped, 465 open", 0, gmailEgress());
        assertTells(told, "587", "dropped", "465");
    }

    @Test
    void allMailPortsAreDropped() throws IOException {
        gmail(587, 465);
        lab.fence().drop(MAIL_PORTS);
        String told = examine("b all SMTP dropped", 1, gmailEgress());
        assertTells(told, "dropped", "HTTPS egress");
    }

    @Test
    void allMailPortsAreDroppedAnd443Open() throws IOException {
        gmail(587, 465);
        lab.fence().drop(MAIL_PORTS);
        String told = examine("b all SMTP dropped, 443 open", 0, both());
        assertTells(told, "dropped", "sendgrid");
    }

    @Test
    void anEximAnswersInTheProvidersPlace() throws IOException {
        gmail(587, 465);
        VpsExim exim = lab.eximOnMachine(directory);
        lab.fence().redirect(25, 465, 587);
        String told = examine("c 25, 465, 587 handed to Exim", 1, gmailEgress());
        assertTells(told, VpsExim.HOST, "redirect");
        assertHeardNoSecret(exim);
    }

    @Test
    void theFirewallRefuses() throws IOException {
        gmail(587, 465);
        lab.fence().reset(MAIL_PORTS);
        String told = examine("d firewall refuses", 1, gmailEgress());
        assertTells(told, "refuse");
    }

    @Test
    void thePasswordIsWrong() throws IOException {
        Provider gmail = gmail(587, 465);
        String told = examine("e password wrong", 1, gmailEgress().replace(PASSWORD, "mistyped"));
        assertTells(told, "app password");
        assertTrue(gmail.count("AUTH") <= 2, gmail.commands().toString());
    }

    @Test
    void theEgressFlaps() throws IOException {
        gmail(587, 465);
        lab.fence().resetNew(MAIL_PORTS);
        String told = examine("f flaps: while it is away", 1, gmailEgress());
        assertTells(told, "refuse");
        lab.fence().open();
        examine("f flaps: while it is there", 0, gmailEgress());
    }

    /// No probe sees it: the running forwarder knows, and the doctor asks it.
    @Test
    void theQuotaIsUsedUp() throws IOException {
        Act limited = new Act.Say("550 5.4.5 Daily user sending limit exceeded.");
        gmail(587).at(587).always("MAIL", limited);
        postern.egress(gmailEgress()).start();
        new Story("g", postern).submit(1).awaitDown("gmail", "quota");
        String told = examine("g quota used up", 1, gmailEgress());
        assertTells(told, "limits", "Daily user sending limit exceeded", "wait");
        JsonNode report = postern.admin("/api/v1/doctor");
        assertFalse(report.path("works").asBoolean(true), report::toString);
        assertTells(report.toString(), "quota-login", "Daily user sending limit exceeded");
    }

    @Test
    void ipv6HasNoRoute() throws IOException {
        gmail(587, 465);
        lab.machine().configure("route del default via fd00:2::1");
        String told = examine("h IPv6 without a route", 0, gmailEgress());
        assertTells(told, "IPv6");
    }

    @Test
    void theProviderIsUnreachable() throws IOException {
        gmail(587, 465);
        lab.machine().configure("route del default via 192.0.2.1");
        lab.resolve(List.of(GMAIL), List.of(PlayedSendGrid.HOST));
        String told = examine("i unreachable (errno 101)", 0, both());
        assertTells(told, "no route", "ip route");
    }

    @Test
    void theLineIsLong() throws IOException {
        lab.remoteProvider(GMAIL, Duration.ofMillis(300), 587, 465).knowing(USERNAME, PASSWORD);
        examine("j 300 ms delay", 0, gmailEgress());
    }

    @Test
    void packetsAreLost() throws IOException {
        gmail(587, 465);
        lab.fence().lose(10, 587, 465);
        examine("k 10 % loss", 0, gmailEgress());
    }

    @Test
    void allIsWell() throws IOException {
        gmail(587, 465);
        examine("l nothing wrong", 0, both());
    }

    /// Returns what the doctor said.
    private String examine(String network, int status, String egress) throws IOException {
        String file = postern.egress(egress).writeConfiguration().toString();
        long begun = System.nanoTime();
        Commands.Result result = postern.run("doctor", "--config", file);
        double seconds = (System.nanoTime() - begun) / 1e9;
        TIMES.add(
                String.format(
                        Locale.ROOT,
                        "%-34s %5.1f s  %s",
                        network,
                        seconds,
                        verdict(result.output())));
        assertEquals(status, result.status(), result.output() + result.errors());
        assertTrue(seconds < SECONDS_MAX, network + ": " + seconds + " s");
        return result.output();
    }

    private static String verdict(String told) {
        return told.lines().filter(line -> line.startsWith("verdict")).findFirst().orElse("");
    }

    private static void assertTells(String told, String... words) {
        String line = told.replaceAll("\\s+", " ");
        for (String word : words) {
            assertTrue(line.contains(word), word + " is missing:\n" + told);
        }
    }
}
