package dev.postern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.ClientConfig;
import dev.postern.doctor.KnownTrouble;
import dev.postern.submit.AdminClient;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/// What a running forwarder knows of its egresses that nobody finds out without sending mail.
final class RunningHealth {

    private RunningHealth() {}

    /// Returns it by egress; nothing where no forwarder runs or it does not answer us.
    static Map<String, KnownTrouble> of(ClientConfig config) {
        Map<String, KnownTrouble> known = new HashMap<>();
        try {
            AdminClient.Answer answer = RunningForwarder.find(config).adminClient().get("/status", Map.of());
            if (answer.isOk()) {
                answer.body().path("egress").forEach(egress -> note(egress, known));
            }
        } catch (IOException _) {
            return Map.of();
        }
        return known;
    }

    private static void note(JsonNode egress, Map<String, KnownTrouble> known) {
        String reason = egress.path("reason").asText(null);
        if (egress.path("state").asText().equals("down") && KnownTrouble.isOf(reason)) {
            String said = egress.path("last-error").asText("");
            known.put(egress.path("name").asText(), new KnownTrouble(reason, said));
        }
    }
}
