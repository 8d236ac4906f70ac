package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

/// No key is seen in any log, at any level, of ours or of the libraries.
class SecrecyTest {

    private static final String BODY = "Words that are nobody's business.";

    /// Keeps every line that anybody logs.
    private static final class Kept extends Handler {

        private final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        public void publish(LogRecord entry) {
            lines.add(new SimpleFormatter().format(entry));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @Test
    void neitherKeysNorBodiesAreLogged() throws Exception {
        Logger root = Logger.getLogger("");
        Level before = root.getLevel();
        Handler[] usual = root.getHandlers();
        Logger warning = Logger.getLogger(HttpEgress.class.getName());
        Level usually = warning.getLevel();
        warning.setLevel(Level.ALL);
        Kept kept = new Kept();
        kept.setLevel(Level.ALL);
        root.setLevel(Level.ALL);
        List.of(usual).forEach(root::removeHandler);
        root.addHandler(kept);
        try {
            for (String type : OutboundMessages.TYPES) {
                use(type, OutboundMessages.acceptance(type));
                use(
                        type,
                        FakeApi.said(
                                401, "{\"message\":\"bad key " + OutboundMessages.KEY + "\"}"));
                use(type, new FakeApi.Answer.Closed());
            }
        } finally {
            root.removeHandler(kept);
            List.of(usual).forEach(root::addHandler);
            root.setLevel(before);
            warning.setLevel(usually);
        }
        assertTrue(kept.lines.size() > 5, "lines: " + kept.lines.size());
        String all = String.join("\n", kept.lines);
        String login =
                Base64.getEncoder()
                        .encodeToString(
                                ("api:" + OutboundMessages.KEY)
                                        .getBytes(java.nio.charset.StandardCharsets.UTF_8));
        for (String secret : List.of(OutboundMessages.KEY, login, BODY)) {
            assertFalse(all.contains(secret), secret + " in the log");
        }
    }

    private static void use(String type, FakeApi.Answer answer) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> answer)) {
            EgressConfig config = OutboundMessages.config(type, OutboundMessages.common(api.uri()));
            assertFalse(
                    config.toString().contains(OutboundMessages.KEY),
                    "in the configuration's text");
            try (Egress egress = HttpEgresses.of(config, _ -> null)) {
                egress.send(
                        OutboundMessages.of(
                                "From: a@example.org\r\nSubject: x\r\n\r\n" + BODY + "\r\n",
                                "b@example.net"),
                        CommitGate.OPEN);
                egress.probe();
            }
        }
    }
}
