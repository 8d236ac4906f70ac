package dev.postern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// Messages of the API as text for people.
final class QueueText {

    private static final int MAX_SUBJECT = 40;

    private QueueText() {}

    static void list(Terminal terminal, JsonNode page) {
        for (JsonNode message : page.path("messages")) {
            terminal.say(
                    "%s  %-8s  %8d  %s  %s -> %s  %s"
                            .formatted(
                                    message.path("id").asText(),
                                    message.path("state").asText(),
                                    message.path("size").asLong(),
                                    message.path("received").asText(),
                                    sender(message),
                                    recipients(message),
                                    subject(message)));
        }
        if (page.path("messages").isEmpty()) {
            terminal.say("no messages");
        } else if (page.path("next").isTextual()) {
            terminal.say("older ones: --after " + page.path("next").asText());
        }
    }

    static void show(Terminal terminal, JsonNode message) {
        terminal.say("id            " + message.path("id").asText());
        terminal.say("state         " + message.path("state").asText());
        terminal.say("from          " + sender(message));
        terminal.say("subject       " + message.path("subject").asText());
        terminal.say("size          " + message.path("size").asLong());
        terminal.say("received      " + message.path("received").asText());
        terminal.say("client        " + message.path("client").asText());
        terminal.say("next attempt  " + message.path("next-attempt").asText("none"));
        for (JsonNode recipient : message.path("recipients")) {
            terminal.say("recipient     " + recipient(recipient));
        }
        for (JsonNode attempt : message.path("attempts")) {
            terminal.say("attempt       " + attempt(attempt));
        }
    }

    static String attempt(JsonNode attempt) {
        return "%s %s %s: %s (%.2f s)"
                .formatted(
                        attempt.path("at").asText(),
                        attempt.path("egress").asText(),
                        attempt.path("outcome").asText(),
                        attempt.path("reply").asText(),
                        attempt.path("seconds").asDouble());
    }

    static String recipient(JsonNode recipient) {
        StringBuilder text = new StringBuilder(recipient.path("address").asText());
        text.append(' ').append(recipient.path("state").asText());
        if (recipient.path("reason").isTextual()) {
            text.append(" (").append(recipient.path("reason").asText()).append(')');
        }
        if (recipient.path("reply").isTextual()) {
            text.append(": ").append(recipient.path("reply").asText());
        }
        return text.toString();
    }

    private static String sender(JsonNode message) {
        String from = message.path("from").asText();
        return from.isEmpty() ? "<>" : from;
    }

    private static String recipients(JsonNode message) {
        List<String> all = message.path("recipients").findValuesAsText("address");
        return all.size() > 2
                ? all.getFirst() + " and " + (all.size() - 1) + " more"
                : String.join(", ", all);
    }

    private static String subject(JsonNode message) {
        String subject = message.path("subject").asText();
        return subject.length() <= MAX_SUBJECT ? subject : subject.substring(0, MAX_SUBJECT) + "…";
    }
}
