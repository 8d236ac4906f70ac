package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.testing.Commands;
import dev.postern.testing.Exim;
import dev.postern.testing.Ports;
import dev.postern.testing.Postern;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.TestKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `postern doctor` and the doctor of a running forwarder, against real servers and scripted ones.
class DoctorIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PASSWORD = "do-not-show-this-word";

    @TempDir private Path directory;

    @Test
    void aRealEximThatAnswersForGmailIsUnmaskedAndGetsNoPassword() throws IOException {
        try (Exim exim = Exim.start(directory)) {
            String certificate = "ca: " + exim.ca();
            String egress =
                    egress(
                            "gmail",
                            exim.submissionPort(),
                            "required",
                            "tls-name: smtp.gmail.com",
                            certificate);
            JsonNode gmail = only(doctor(1, egress));
            assertEquals("no", gmail.path("works").asText());
            assertTrue(findings(gmail).contains("intercepted"), gmail.toString());
            String means = gmail.path("findings").get(0).path("means").asText();
            assertTrue(means.contains("Exim"), means);
            assertEquals("failed", step(gmail, "tls").path("result").asText());
            assertEquals("ok", step(gmail, "tcp").path("result").asText());
            assertFalse(exim.trouble().contains("authenticator"), exim.trouble());
        }
    }

    @Test
    void aRealEximThatIsTheRightOneWorks() throws IOException {
        try (Exim exim = Exim.start(directory)) {
            String broken = egress("broken", Ports.free(1).getFirst(), "required");
            JsonNode report = doctor(0, exim.egress() + broken);
            assertTrue(report.path("works").asBoolean());
            assertEquals("yes", report.path("egress").get(0).path("works").asText());
            assertEquals("no", report.path("egress").get(1).path("works").asText());
            assertTrue(
                    report.path("verdict").asText().startsWith("mail can leave by exim"),
                    report.toString());
            JsonNode works = report.path("egress").get(0);
            assertTrue(step(works, "tls").path("detail").asText().startsWith("TLSv1.3"));
            assertTrue(step(works, "ehlo").path("detail").asText().contains("PLAIN"));
            assertEquals("ok", step(works, "auth").path("result").asText());
            assertEquals(Set.of(), findings(works));
        }
    }

    @Test
    void aPortWhereNobodyListensIsToldInWords() throws IOException {
        String egress = egress("relay", Ports.free(1).getFirst(), "required");
        Commands.Result result = text(1, egress);
        assertTrue(result.output().contains("nothing listens on"), result.output());
        assertTrue(
                result.output().contains("verdict  mail cannot leave: relay does not work"),
                result.output());
        assertFalse(result.output().contains("\u001b"), "no colours where it is no terminal");
        result.output()
                .lines()
                .forEach(line -> assertTrue(line.length() <= 100, line.length() + ": " + line));
        assertEquals("", result.errors());
    }

    @Test
    void aWrongPasswordIsToldWithTheServersWords() throws IOException {
        try (ScriptedServer server = server().say("AUTH", "535 5.7.8 no such pair")) {
            JsonNode egress = only(doctor(1, localhost(server)));
            assertEquals(Set.of("login-refused"), findings(egress));
            assertTrue(
                    egress.path("findings").get(0).path("means").asText().contains("no such pair"));
            assertEquals(1, server.count("AUTH"), "asked once: more would get an address banned");
        }
    }

    @Test
    void theJsonHasItsDocumentedMembers() throws IOException {
        try (ScriptedServer server = server()) {
            JsonNode report = doctor(0, localhost(server));
            assertEquals(
                    Set.of(
                            "at",
                            "seconds",
                            "complete",
                            "works",
                            "verdict",
                            "advice",
                            "platform",
                            "egress",
                            "ways",
                            "findings"),
                    members(report));
            assertEquals(
                    Set.of(
                            "kind",
                            "label",
                            "distribution",
                            "hostname",
                            "container",
                            "root",
                            "proxies"),
                    members(report.path("platform")));
            JsonNode egress = only(report);
            assertEquals(
                    Set.of("name", "type", "host", "works", "summary", "steps", "findings"),
                    members(egress));
            assertEquals(
                    Set.of("step", "target", "result", "detail", "seconds"),
                    members(egress.path("steps").get(0)));
            assertTrue(report.path("complete").asBoolean());
            assertEquals(0, server.count("MAIL"), "a doctor sends no mail");
        }
    }

    @Test
    void aBadConfigurationIsOneLineAndStatus2() throws IOException {
        Commands.Result result = text(2, "  - {name: relay, type: smtp, hots: localhost}\n");
        assertEquals("", result.output());
        assertTrue(result.errors().contains("hots"), result.errors());
        assertEquals(2, postern().run("doctor", "--jsno").status());
    }

    @Test
    void aRunningForwarderTellsAtItsStartAndWhenAsked() throws IOException {
        try (ScriptedServer server = server();
                Postern postern =
                        postern()
                                .egress(
                                        localhost(server)
                                                + egress(
                                                        "dead",
                                                        Ports.free(1).getFirst(),
                                                        "required"))
                                .start()) {
            postern.awaitLine("doctor: egress", "egress=scripted", "works=yes");
            postern.awaitLine("doctor: egress", "egress=dead", "works=no", "refused-local");
            postern.awaitLine("doctor: mail can leave", "working=1", "egresses=2");
            JsonNode report = postern.admin("/api/v1/doctor");
            assertTrue(report.path("works").asBoolean());
            assertEquals("yes", report.path("egress").get(0).path("works").asText());
            assertEquals(Set.of("refused-local"), findings(report.path("egress").get(1)));
            assertFalse(String.join("\n", postern.log()).contains(PASSWORD));
        }
    }

    private static ScriptedServer server() throws IOException {
        return ScriptedServer.start().offering("AUTH PLAIN LOGIN").startTls("localhost");
    }

    private static String localhost(ScriptedServer server) {
        return egress("scripted", server.port(), "required", "ca: " + TestKeys.ca());
    }

    private static String egress(String name, int port, String tls, String... more) {
        List<String> items = new ArrayList<>();
        items.add("name: " + name);
        items.add("type: smtp");
        items.add("host: 127.0.0.1");
        items.add("port: " + port);
        items.add("tls: " + tls);
        items.add("username: me@example.org");
        items.add("password: " + PASSWORD);
        items.addAll(List.of(more));
        return "  - {" + String.join(", ", items) + "}\n";
    }

    private Postern postern() {
        return Postern.in(directory);
    }

    private JsonNode doctor(int status, String egress) throws IOException {
        Commands.Result result = run(status, egress, "--json");
        assertEquals(1, result.output().lines().count(), result.output());
        return JSON.readTree(result.output());
    }

    private Commands.Result text(int status, String egress) throws IOException {
        return run(status, egress);
    }

    private Commands.Result run(int status, String egress, String... more) throws IOException {
        Path configuration = postern().egress(egress).writeConfiguration();
        List<String> words =
                new ArrayList<>(List.of("doctor", "--config", configuration.toString()));
        words.addAll(List.of(more));
        Commands.Result result = postern().run(words.toArray(String[]::new)).expect(status);
        assertFalse((result.output() + result.errors()).contains(PASSWORD), "it shows a password");
        return result;
    }

    private static JsonNode only(JsonNode report) {
        assertEquals(1, report.path("egress").size(), report.toString());
        return report.path("egress").get(0);
    }

    private static JsonNode step(JsonNode egress, String kind) {
        for (JsonNode step : egress.path("steps")) {
            if (step.path("step").asText().equals(kind)) {
                return step;
            }
        }
        throw new AssertionError("no step " + kind + ": " + egress);
    }

    private static Set<String> findings(JsonNode egress) {
        Set<String> ids = new TreeSet<>();
        egress.path("findings").forEach(finding -> ids.add(finding.path("id").asText()));
        return ids;
    }

    private static Set<String> members(JsonNode object) {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
