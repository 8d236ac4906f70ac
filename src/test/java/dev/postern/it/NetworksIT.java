package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Provider;
import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.VpsExim;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The networks that mail gets stuck in, each with two hundred messages and no configuration but
/// credentials: all of it leaves exactly once, by whichever way works; the status says why the
/// other ways don't, and no credential reaches a server that it is not for.
@Timeout(300)
class NetworksIT extends InLab {

    /// More of them get an address banned.
    private static final long LOG_IN_TRIES_MAX = 1;

    private static final int FIRST_QUOTA = 50;
    private static final Duration FLAP = Duration.ofSeconds(5);

    /// A bound for tests that went wrong; real figures are in the table.
    private static final double FIRST_SECONDS_MAX = 90;

    private static final Queue<Story.Ending> ENDINGS = new ConcurrentLinkedQueue<>();

    @AfterAll
    static void printTable() {
        System.out.println(Story.Ending.HEADING);
        ENDINGS.stream().map(Story.Ending::toString).sorted().forEach(System.out::println);
    }

    @Test
    void port587IsDroppedAnd465Open() throws IOException {
        Provider gmail = gmail(587, 465);
        lab.fence().drop(587);
        Story story = begin("a 587 dropped, 465 open", gmailEgress()).submit();
        story.awaitSent().takenOnce(gmail.senders());
        story.awaitEgress(
                "gmail",
                "is up by 465, and says why not by 587",
                it ->
                        it.path("state").asText().equals("up")
                                && Story.candidate(it, 465).contains("in use")
                                && Story.candidate(it, 587).contains("no answer"));
        end(story);
    }

    @Test
    void allMailPortsAreDroppedAnd443Open() throws IOException {
        Provider gmail = gmail(587, 465);
        lab.fence().drop(MAIL_PORTS);
        Story story = begin("b all SMTP dropped, 443 open", both()).submit();
        story.awaitDown("gmail", "timeout");
        story.awaitSent().takenOnce(gmail.senders(), sendgrid.senders());
        assertEquals(List.of(), gmail.commands());
        story.attemptsFailed("gmail", "unavailable", "timed out");
        postern.awaitLine("fallback", "egress=sendgrid instead-of=gmail", "timed out");
        end(story);
    }

    @Test
    void anEximAnswersInTheProvidersPlace() throws IOException {
        Provider gmail = gmail(587, 465);
        VpsExim exim = lab.eximOnMachine(directory);
        lab.fence().redirect(25, 465, 587);
        Story story = begin("c 25, 465, 587 handed to Exim", both()).submit();
        String why = "intercepted by " + VpsExim.HOST + " (Exim 4.";
        JsonNode down = story.awaitDown("gmail", why);
        assertTrue(down.path("last-error").asText().startsWith(why), down.toString());
        story.awaitSent().takenOnce(gmail.senders(), sendgrid.senders());
        assertEquals(List.of(), gmail.commands());
        assertHeardNoSecret(exim);
        story.attemptsFailed("gmail", "unavailable", why);
        postern.awaitLine("fallback", "egress=sendgrid instead-of=gmail", VpsExim.HOST);
        end(story);
    }

    @Test
    void anEximAnswersInTheProvidersPlaceButOnOnePort() throws IOException {
        Provider relay = provider(RELAY, 587, 465, 2525);
        VpsExim exim = lab.eximOnMachine(directory);
        lab.fence().redirect(25, 465, 587);
        Story story = begin("c the same, but 2525 is open", smtp("relay", RELAY)).submit();
        story.awaitSent().takenOnce(relay.senders());
        story.awaitEgress("relay", "is up", it -> it.path("state").asText().equals("up"));
        assertHeardNoSecret(exim);
        end(story);
    }

    @Test
    void theFirewallRefusesAndIsOpenedInMidRun() throws IOException {
        Provider gmail = gmail(587, 465);
        lab.fence().reset(MAIL_PORTS);
        Story story = begin("d firewall refuses, then opened", gmailEgress()).submit();
        JsonNode down = story.awaitDown("gmail", "network");
        assertTrue(down.toString().contains("refused"), down.toString());
        story.awaitWaiting("egress-down", "refused");
        lab.fence().open();
        story.awaitSent().takenOnce(gmail.senders());
        end(story);
    }

    @Test
    void thePasswordIsWrongThenCorrected() throws IOException {
        Provider gmail = gmail(587, 465);
        Path secret = Files.writeString(directory.resolve("gmail-password"), "mistyped\n");
        String egress = gmailEgress().replace(PASSWORD, "${file:" + secret + "}");
        Story story = begin("e password wrong, then corrected", egress).submit();
        JsonNode down = story.awaitDown("gmail", "credentials");
        assertTrue(down.toString().contains("Username and Password not accepted"), down.toString());
        story.awaitWaiting("egress-down", "535 5.7.8");
        long tries = gmail.count("AUTH");
        assertTrue(tries <= LOG_IN_TRIES_MAX, tries + " wrong log-ins");
        Files.writeString(secret, PASSWORD + "\n");
        story.awaitSent().takenOnce(gmail.senders());
        end(story);
    }

    @Test
    void theEgressFlaps() throws IOException {
        Provider gmail = gmail(587, 465);
        Story story = begin("f flaps every 5 s", both());
        AtomicBoolean up = new AtomicBoolean(true);
        try (ScheduledExecutorService flapper = Executors.newSingleThreadScheduledExecutor()) {
            flapper.scheduleAtFixedRate(
                    () -> flap(gmail, up), 0, FLAP.toMillis(), TimeUnit.MILLISECONDS);
            story.submitOver(FLAP.multipliedBy(4));
            // The fence also resets what a connection of before says next.
            story.awaitSentUnlessUncertain();
            flapper.shutdownNow();
        }
        story.takenOnce(gmail.senders(), sendgrid.senders());
        assertFalse(gmail.senders().isEmpty());
        assertFalse(sendgrid.senders().isEmpty());
        story.awaitEgress("gmail", "is known", _ -> true);
        end(story);
    }

    private void flap(Provider gmail, AtomicBoolean up) {
        try {
            boolean down = up.getAndSet(!up.get());
            if (down) {
                lab.fence().resetNew(MAIL_PORTS);
                gmail.each(it -> it.always("MAIL", new Act.SayAndClose("421 4.3.2 restarting")));
            } else {
                gmail.each(it -> it.behave());
                lab.fence().open();
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Test
    void theQuotaIsUsedUpAfterFifty() throws IOException {
        Provider gmail = gmail(587);
        gmail.at(587)
                .on(
                        "MAIL",
                        Collections.nCopies(FIRST_QUOTA, new Act.Say("250 2.1.0 OK"))
                                .toArray(Act[]::new))
                .always("MAIL", new Act.Say("550 5.4.5 Daily user sending limit exceeded."));
        Story story = begin("g quota used up after 50", both()).submit();
        JsonNode down = story.awaitDown("gmail", "quota");
        assertTrue(
                Instant.parse(down.path("next-probe").asText())
                        .isAfter(Instant.now().plus(Duration.ofMinutes(50))),
                down.toString());
        story.awaitSent().takenOnce(gmail.senders(), sendgrid.senders());
        assertEquals(FIRST_QUOTA, gmail.senders().size());
        end(story);
    }

    @Test
    void ipv6HasNoRoute() throws IOException {
        Provider gmail = gmail(587, 465);
        lab.machine().configure("route del default via fd00:2::1");
        Story story = begin("h IPv6 without a route", gmailEgress()).submit();
        story.awaitSent().takenOnce(gmail.senders());
        story.awaitEgress("gmail", "is up", it -> it.path("state").asText().equals("up"));
        end(story);
    }

    @Test
    void theProviderIsUnreachable() throws IOException {
        Provider gmail = gmail(587, 465);
        lab.machine().configure("route del default via 192.0.2.1");
        lab.resolve(List.of(GMAIL), List.of(PlayedSendGrid.HOST));
        Story story = begin("i unreachable (errno 101)", both()).submit();
        JsonNode down = story.awaitDown("gmail", "network");
        assertTrue(down.toString().contains("unreachable"), down.toString());
        story.awaitSent().takenOnce(gmail.senders(), sendgrid.senders());
        story.attemptsFailed("gmail", "unavailable", "unreachable");
        assertEquals(List.of(), gmail.commands());
        end(story);
    }

    @Test
    void theLineIsLong() throws IOException {
        Provider gmail =
                lab.remoteProvider(GMAIL, Duration.ofMillis(300), 587, 465)
                        .knowing(USERNAME, PASSWORD);
        Story story = begin("j 300 ms delay", gmailEgress()).submit();
        story.awaitSent().takenOnce(gmail.senders());
        story.awaitEgress("gmail", "is up", it -> it.path("state").asText().equals("up"));
        end(story);
    }

    @Test
    void packetsAreLost() throws IOException {
        Provider gmail = gmail(587, 465);
        lab.fence().lose(10, 587, 465);
        Story story = begin("k 10 % loss", gmailEgress()).submit();
        story.awaitSent().takenOnce(gmail.senders());
        story.awaitEgress("gmail", "is known", _ -> true);
        end(story);
    }

    private Story begin(String name, String egress) throws IOException {
        postern.egress(egress).start();
        return new Story(name, postern);
    }

    /// What is generous here is not so for a forwarder that waits for the wrong thing.
    private void end(Story story) {
        Story.Ending ending = story.ending();
        ENDINGS.add(ending);
        assertTrue(ending.firstSeconds() < FIRST_SECONDS_MAX, ending.toString());
        sendgrid.heard().forEach(said -> assertFalse(said.contains(PASSWORD), said));
    }
}
