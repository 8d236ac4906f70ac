package dev.postern.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.DkimConfig;
import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import dev.postern.dkim.DkimCheck.Checked;
import dev.postern.dkim.DkimKeys;
import dev.postern.dkim.DkimRecord.Comparison;
import dev.postern.dkim.DkimRecord.Match;
import dev.postern.doctor.Doctor.Patience;
import dev.postern.doctor.EgressReport.Step;
import dev.postern.doctor.EgressReport.StepEnd;
import dev.postern.doctor.EgressReport.StepKind;
import dev.postern.doctor.EgressReport.Works;
import dev.postern.doctor.Network.PortState;
import dev.postern.doctor.Report.Finding;
import dev.postern.egress.Probe;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.Await;
import dev.postern.testing.Ports;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whole examinations in networks that are made for them.
@Timeout(60)
class DoctorTest {

    private static final Instant NOW = Instant.parse("2026-11-22T07:00:00Z");
    private static final String HOST = "mail.example.org";

    private final FakeNetwork network = new FakeNetwork();
    private Map<String, String> environment = Map.of();
    private List<Checked> records = List.of();
    private ScriptedServer server;

    @TempDir private Path files;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.start().offering("AUTH PLAIN LOGIN").startTls("localhost");
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void aServerThatWorksIsToldStepByStep() {
        network.host("localhost", FakeNetwork.IPV4).server(587, server.port());
        network.probe("a", new Probe.Passed("logged in"));
        Report report = examine(smtp("a", "localhost", 587));
        assertTrue(report.works());
        assertEquals("mail can leave by a", report.verdict());
        EgressReport egress = report.egresses().getFirst();
        assertEquals(
                List.of(
                        StepKind.DNS,
                        StepKind.TCP,
                        StepKind.GREETING,
                        StepKind.TLS,
                        StepKind.EHLO,
                        StepKind.AUTH),
                egress.steps().stream().map(Step::kind).toList());
        assertTrue(egress.steps().stream().allMatch(step -> step.result() == StepEnd.OK));
        assertEquals(List.of(), egress.findings());
    }

    @Test
    void aPlatformThatDropsSmtpIsNamed() {
        environment = Map.of("RENDER", "true", "RENDER_SERVICE_TYPE", "web");
        network.host(HOST, FakeNetwork.IPV4)
                .port(587, PortState.DROPPED)
                .port(465, PortState.DROPPED)
                .port(2525, PortState.DROPPED)
                .probe("a", down(Fault.TIMEOUT, "timed out"));
        Report report = examine(smtp("a", HOST, 587));
        assertFalse(report.works());
        assertEquals("mail cannot leave: a does not work", report.verdict());
        assertEquals(List.of("render-smtp"), ids(report.egresses().getFirst()));
    }

    @Test
    void aPortThatIsOpenInsteadIsFound() {
        network.host("localhost", FakeNetwork.IPV4)
                .port(587, PortState.DROPPED)
                .port(465, PortState.DROPPED)
                .server(2525, server.port())
                .probe("a", down(Fault.TIMEOUT, "timed out"));
        Finding finding =
                examine(smtp("a", "localhost", 587)).egresses().getFirst().findings().getFirst();
        assertEquals("other-port", finding.id());
        assertTrue(finding.means().contains("587") && finding.means().contains("2525 is open"));
    }

    @Test
    void anotherServersCertificateIsAnInterceptionAndTheOtherPortIsNamed() throws IOException {
        try (ScriptedServer exim =
                        ScriptedServer.start()
                                .say("GREETING", "220 vps-4711.other.example ESMTP Exim 4.96 #2")
                                .offering("AUTH PLAIN LOGIN")
                                .startTls("other");
                ScriptedServer sixth = server) {
            network.host("smtp.gmail.com", FakeNetwork.IPV4)
                    .server(587, exim.port())
                    .server(465, sixth.port())
                    .probe("gmail", down(Fault.INTERCEPTION, "intercepted by vps-4711"));
            EgressReport gmail =
                    examine(smtp("gmail", "smtp.gmail.com", 587)).egresses().getFirst();
            assertEquals("intercepted", gmail.findings().getFirst().id());
            assertTrue(
                    gmail.findings()
                            .getFirst()
                            .means()
                            .contains("vps-4711.other.example (Exim 4.96)"),
                    gmail.toString());
            assertEquals(0, exim.count("AUTH"), "the wrong server is asked for no log-in");
        }
    }

    @Test
    void aServerThatDoesNotSpeakTlsOnItsTlsPortIsTold() throws IOException {
        try (ScriptedServer clear = ScriptedServer.start()) {
            network.host("localhost", FakeNetwork.IPV4)
                    .server(465, clear.port())
                    .probe("a", down(Fault.TLS, "does not speak TLS"));
            assertEquals("plain-on-tls-port", cause(examine(smtp("a", "localhost", 465))));
        }
    }

    @Test
    void whatServersDoWrongIsTold() throws IOException {
        network.host("localhost", FakeNetwork.IPV4).server(587, server.port());
        network.probe("a", down(Fault.SERVICE, "554 5.7.1 go away"));
        server.say("GREETING", "554 5.7.1 go away");
        assertEquals("greeting-refused", cause(examine(smtp("a", "localhost", 587))));
        server.on("GREETING", new Act.Close());
        assertEquals("greeting-other", cause(examine(smtp("a", "localhost", 587))));
        server.startTls("expired");
        assertEquals("certificate-expired", cause(examine(smtp("a", "localhost", 587))));
        server.startTls("stranger");
        assertEquals("unknown-issuer", cause(examine(smtp("a", "localhost", 587))));
        server.startTls("other");
        assertEquals("certificate-name", cause(examine(smtp("a", "localhost", 587))));
        try (ScriptedServer clear = ScriptedServer.start()) {
            network.server(587, clear.port());
            assertEquals("no-starttls", cause(examine(smtp("a", "localhost", 587))));
        }
    }

    @Test
    void aRefusedLogInIsTheCause() {
        network.host("localhost", FakeNetwork.IPV4).server(587, server.port());
        network.probe("a", down(Fault.CREDENTIALS, "535 5.7.8 no"));
        assertEquals("login-refused", cause(examine(smtp("a", "localhost", 587))));
    }

    @Test
    void namesThatFailAreTheCause() {
        network.probe("a", down(Fault.NETWORK, "no such host"));
        network.missing(HOST, "no answer from 192.0.2.53");
        assertEquals("dns-no-answer-here", cause(examine(smtp("a", HOST, 587))));
        network.missing(HOST, "NXDOMAIN, says 192.0.2.53");
        assertEquals("dns-nxdomain", cause(examine(smtp("a", HOST, 587))));
    }

    @Test
    void onlyIpv6FailingIsToldThoughMailLeaves() {
        network.host("localhost", FakeNetwork.IPV6, FakeNetwork.IPV4)
                .server(587, server.port())
                .ipv6(PortState.UNREACHABLE)
                .probe("a", new Probe.Passed("logged in"));
        Report report = examine(smtp("a", "localhost", 587));
        assertTrue(report.works());
        assertEquals(List.of("ipv6-only-fails"), ids(report.egresses().getFirst()));
    }

    @Test
    void aKeyThatMayOnlySendCountsAsWorking() {
        network.probe("resend", new Probe.Unproven("reachable"));
        Report report = examine(api("resend"));
        assertTrue(report.works());
        assertEquals(Works.UNPROVEN, report.egresses().getFirst().works());
        assertTrue(report.verdict().startsWith("resend answers"), report.verdict());
    }

    @Test
    void anApiIsToldStepByStepAndItsClockComparedWithOurs() throws IOException {
        try (ServerSocket api = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> answerAll(api, "Sun, 22 Nov 2026 10:00:00 GMT"));
            URI base = URI.create("http://127.0.0.1:" + api.getLocalPort());
            network.host("127.0.0.1", InetAddress.getLoopbackAddress())
                    .local(api.getLocalPort(), api.getLocalPort())
                    .probe("resend", down(Fault.CREDENTIALS, "HTTP 401 invalid_api_key"));
            Report report = examine(api("resend", base));
            assertEquals(List.of("key-refused"), ids(report.egresses().getFirst()));
            assertEquals(
                    List.of(StepKind.DNS, StepKind.TCP, StepKind.TLS, StepKind.API),
                    report.egresses().getFirst().steps().stream().map(Step::kind).toList());
            Finding clock = report.findings().getFirst();
            assertEquals("clock-wrong", clock.id());
            assertTrue(clock.means().contains("3 h behind"), clock.means());
        }
    }

    @Test
    void anApiThatCannotBeReachedIsTold() throws IOException {
        int closed = Ports.free(1).getFirst();
        network.host("127.0.0.1", InetAddress.getLoopbackAddress())
                .probe("resend", down(Fault.NETWORK, "connection refused"));
        URI base = URI.create("https://127.0.0.1:" + closed);
        assertEquals("refused-local", cause(examine(api("resend", base))));
    }

    /// Answers every request with this clock.
    private static void answerAll(ServerSocket api, String date) {
        while (!api.isClosed()) {
            try (Socket socket = api.accept()) {
                String answer =
                        "HTTP/1.1 200 OK\r\nDate: " + date + "\r\nContent-Length: 0\r\n\r\n";
                socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                socket.shutdownOutput();
                socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (IOException _) {
                return;
            }
        }
    }

    @Test
    void whatNeverEndsIsReportedAsUnfinishedAndTheRestAsItIs() {
        network.host("localhost", FakeNetwork.IPV4).server(587, server.port());
        network.probe("good", new Probe.Passed("logged in"));
        CompletableFuture<Void> asked = new CompletableFuture<>();
        Patience untilOnlyTheStuckOneIsLeft =
                (end, limit) -> {
                    assertTrue(limit.compareTo(Doctor.LIMIT) <= 0);
                    awaitStuck();
                    asked.complete(null);
                    return false;
                };
        DoctorRun round =
                doctor(
                                untilOnlyTheStuckOneIsLeft,
                                smtp("good", "localhost", 587),
                                smtp("stuck", "localhost", 587))
                        .begin();
        awaitProgress(round);
        Report report = round.report();
        assertFalse(report.complete());
        assertTrue(report.works());
        EgressReport stuck = report.egresses().get(1);
        assertEquals(Works.NO, stuck.works());
        Step last = stuck.steps().getLast();
        assertEquals(StepKind.AUTH, last.kind());
        assertEquals(StepEnd.UNFINISHED, last.result());
        assertTrue(asked.isDone());
    }

    @Test
    void aTransparentProxyAndALocalMailServerAreNoticed() {
        network.nobody(PortState.OPEN).local(25, server.port());
        server.always("GREETING", new Act.Say("220 vps.example ESMTP Postfix"));
        network.probe("a", down(Fault.NETWORK, "x"));
        List<String> ids =
                examine(smtp("a", HOST, 587)).findings().stream().map(Finding::id).toList();
        assertEquals(List.of("local-mta", "transparent-proxy"), ids);
    }

    @Test
    void whatReceiversCanNotCheckIsNoticed() {
        network.probe("a", down(Fault.NETWORK, "x"));
        DkimConfig key = DkimKeys.key("example.org", "s1", DkimKeys.ED25519);
        Map<Match, List<String>> ids =
                Map.of(
                        Match.SAME, List.of(),
                        Match.MISSING, List.of("dkim-missing"),
                        Match.DIFFERENT, List.of("dkim-different"),
                        Match.UNKNOWN, List.of("dkim-unknown"));
        ids.forEach((match, wanted) -> {
            records = List.of(new Checked(key, new Comparison(match, "as found")));
            List<Finding> findings = examine(smtp("a", HOST, 587)).findings();
            assertEquals(wanted, findings.stream().map(Finding::id).toList());
            String line = "s1._domainkey.example.org: as found";
            assertTrue(findings.stream().allMatch(it -> it.means().contains(line)), () -> line);
        });
    }

    @Test
    void withNothingConfiguredTheWellKnownWaysAreTold() {
        network.host("smtp.gmail.com", FakeNetwork.IPV4)
                .port(587, PortState.DROPPED)
                .port(465, PortState.DROPPED);
        Report report = examine();
        assertFalse(report.works());
        assertEquals(List.of(), report.egresses());
        assertTrue(report.ways().size() >= 9);
        EgressReport gmail = report.ways().getFirst();
        assertEquals("465 dropped, 587 dropped", gmail.summary());
        assertTrue(report.verdict().startsWith("no egress is configured"), report.verdict());
        assertFalse(report.advice().isEmpty());
    }

    private void awaitStuck() {
        try {
            network.stuck.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitProgress(DoctorRun round) {
        Await.until(
                "only the stuck one is left",
                () -> round.progress().startsWith("2 of 3 examined, waiting for stuck (auth"));
    }

    private static Probe down(Fault fault, String reply) {
        return new Probe.Failed(reply, fault, null);
    }

    private static List<String> ids(EgressReport egress) {
        return egress.findings().stream().map(Finding::id).toList();
    }

    private static String cause(Report report) {
        List<String> ids = ids(report.egresses().getFirst());
        return ids.isEmpty() ? "nothing found: " + report.egresses() : ids.getFirst();
    }

    private Report examine(EgressConfig... egresses) {
        Patience patience =
                (end, _) -> {
                    end.join();
                    return true;
                };
        return doctor(patience, egresses).begin().report();
    }

    private Doctor doctor(Patience patience, EgressConfig... egresses) {
        Doctor.World world =
                new Doctor.World(
                        network,
                        () -> new PlatformReading(environment, files).platform(),
                        Clock.fixed(NOW, ZoneOffset.UTC),
                        System::nanoTime,
                        patience);
        return new Doctor(List.of(egresses), Set.of(), () -> records, world);
    }

    private static EgressConfig smtp(String name, String host, int port) {
        return new EgressConfig.Smtp(
                common(name, null),
                new SmtpEgressConfig(
                        host,
                        OptionalInt.of(port),
                        Tls.REQUIRED,
                        null,
                        "me",
                        Secret.of("secret"),
                        null,
                        SubmissionPort.USUAL));
    }

    private static EgressConfig api(String type) {
        return api(type, URI.create("http://127.0.0.1:1"));
    }

    private static EgressConfig api(String type, URI base) {
        return new EgressConfig.Api(common(type, base), type, Secret.of("key"));
    }

    private static Common common(String name, @Nullable URI base) {
        Duration limit = Duration.ofSeconds(30);
        return new Common(
                name,
                base,
                null,
                1,
                limit,
                limit,
                limit,
                limit,
                List.of(),
                null,
                null,
                WhenLimited.WAIT,
                Fidelity.BEST_EFFORT,
                false);
    }
}
