package dev.postern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.submit.AdminClient;
import dev.postern.submit.AdminClient.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;

/// Follows one message until its outcome is known, and tells what happens to it on the way.
final class DeliveryWatcher {

    private static final Duration STEP = Duration.ofMillis(200);

    private static final String NO_EGRESS =
            ": no egress is configured; set POSTERN_EGRESS, or egress in postern.yaml";

    private final Terminal terminal;
    private final AdminClient admin;
    private final Function<Answer, String> detail;
    private int toldAttempts;

    /// @param detail tells why the admin socket refused
    DeliveryWatcher(Terminal terminal, AdminClient admin, Function<Answer, String> detail) {
        this.terminal = terminal;
        this.admin = admin;
        this.detail = detail;
    }

    /// Follows a message.
    ///
    /// @param wait how long at most
    /// @return the exit status of `postern send`
    int follow(String id, Duration wait) throws CliException, InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        JsonNode message = look(id);
        while (!isSettled(message) && System.nanoTime() < deadline) {
            Thread.sleep(STEP);
            message = look(id);
        }
        message.path("recipients").forEach(each -> terminal.say(QueueText.recipient(each)));
        return verdict(id, message);
    }

    private int verdict(String id, JsonNode message) {
        return switch (message.path("state").asText()) {
            case "sent" -> {
                terminal.say("sent");
                yield ExitCode.OK;
            }
            case "failed" -> {
                terminal.complain(id + " failed; `postern queue show " + id + "` has the details");
                yield ExitCode.FAILED;
            }
            case "held" -> {
                terminal.complain(id + " is held" + (waitsForEgress(message) ? NO_EGRESS : ""));
                yield ExitCode.TEMPORARY;
            }
            default -> {
                terminal.complain(
                        id + " is still queued; `postern queue show " + id + "` follows it");
                yield ExitCode.TEMPORARY;
            }
        };
    }

    /// What is held stays so until somebody acts.
    private static boolean isSettled(JsonNode message) {
        return switch (message.path("state").asText()) {
            case "sent", "failed", "held" -> true;
            default -> false;
        };
    }

    private static boolean waitsForEgress(JsonNode message) {
        return message.path("recipients").findValuesAsText("reason").contains("no-egress");
    }

    private JsonNode look(String id) throws CliException {
        try {
            Answer answer = admin.get("/messages/" + id, Map.of());
            if (!answer.isOk()) {
                throw new CliException(
                        ExitCode.TEMPORARY,
                        "accepted, but can't be followed: " + detail.apply(answer));
            }
            JsonNode attempts = answer.body().path("attempts");
            for (; toldAttempts < attempts.size(); toldAttempts++) {
                terminal.say(QueueText.attempt(attempts.get(toldAttempts)));
            }
            return answer.body();
        } catch (IOException e) {
            throw new CliException(
                    ExitCode.TEMPORARY,
                    "accepted, but can't be followed: the admin socket is not reachable ("
                            + e.getMessage()
                            + ")");
        }
    }
}
