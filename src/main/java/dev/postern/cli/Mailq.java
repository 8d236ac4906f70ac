package dev.postern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.submit.AdminClient.Answer;
import java.util.List;
import java.util.Map;

/// `sendmail -bp` and `sendmail -q`: the queue as programs know it from Postfix.
final class Mailq {

    private static final List<String> WAITING = List.of("queued", "sending", "deferred", "held");
    private static final String PAGE = "1000";
    private static final int BYTES_PER_KBYTE = 1024;

    private final Terminal terminal;
    private final RunningForwarder running;
    private long bytes;
    private long messages;

    Mailq(Terminal terminal, RunningForwarder running) {
        this.terminal = terminal;
        this.running = running;
    }

    /// Shows what waits.
    int list() throws CliException {
        for (String state : WAITING) {
            String after = "";
            do {
                Map<String, String> query = Map.of("state", state, "limit", PAGE, "after", after);
                JsonNode page = ask(asked -> asked.get("/messages", query));
                page.path("messages").forEach(this::show);
                after = page.path("next").asText("");
            } while (!after.isEmpty());
        }
        terminal.say(
                messages == 0
                        ? "Mail queue is empty"
                        : "-- %d Kbytes in %d Request%s."
                                .formatted(
                                        bytes / BYTES_PER_KBYTE,
                                        messages,
                                        messages == 1 ? "" : "s"));
        return ExitCode.OK;
    }

    /// Makes all that waits due.
    int flush() throws CliException {
        ask(asked -> asked.post("/queue/flush"));
        return ExitCode.OK;
    }

    private void show(JsonNode message) {
        if (messages++ == 0) {
            terminal.say("-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------");
        }
        bytes += message.path("size").asLong();
        String sender = message.path("from").asText();
        terminal.say(
                "%-12s %7d %-20s %s"
                        .formatted(
                                message.path("id").asText(),
                                message.path("size").asLong(),
                                message.path("received").asText(),
                                sender.isEmpty() ? "MAILER-DAEMON" : sender));
        for (JsonNode recipient : message.path("recipients")) {
            terminal.say(" ".repeat(42) + QueueText.recipient(recipient));
        }
        terminal.say("");
    }

    private JsonNode ask(RunningForwarder.Question question) throws CliException {
        Answer answer = running.ask(question);
        if (!answer.isOk()) {
            throw new CliException(ExitCode.UNAVAILABLE, answer.detail());
        }
        return answer.body();
    }
}
