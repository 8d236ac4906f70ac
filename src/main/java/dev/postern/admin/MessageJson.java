package dev.postern.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.Reason;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import dev.postern.spool.MessageHistory;
import dev.postern.spool.Page;
import dev.postern.spool.QueuedMessage;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The JSON shapes of messages.
final class MessageJson {

    private static final double NANOS_PER_SECOND = 1e9;

    private MessageJson() {}

    static void write(JsonGenerator json, Page page) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("messages");
        for (QueuedMessage message : page.messages()) {
            json.writeStartObject();
            members(json, message);
            json.writeEndObject();
        }
        json.writeEndArray();
        Json.text(json, "next", page.next() == null ? null : page.next().toString());
        json.writeEndObject();
    }

    static void write(JsonGenerator json, MessageHistory history) throws IOException {
        QueuedMessage message = history.message();
        json.writeStartObject();
        members(json, message);
        json.writeArrayFieldStart("attempts");
        for (Attempt attempt : history.attempts()) {
            write(json, attempt);
        }
        json.writeEndArray();
        json.writeStringField("client", message.origin().client());
        Json.text(json, "authenticated-as", message.origin().authenticatedAs());
        json.writeStringField("helo", message.origin().helo());
        json.writeStringField("protocol", message.origin().protocol());
        json.writeEndObject();
    }

    private static void members(JsonGenerator json, QueuedMessage message) throws IOException {
        json.writeStringField("id", message.id().toString());
        json.writeStringField("state", message.state().word());
        json.writeStringField("from", message.envelope().sender().address());
        json.writeNumberField("size", message.sizeBytes());
        json.writeStringField("subject", message.subject());
        Json.time(json, "received", message.received());
        json.writeArrayFieldStart("recipients");
        for (Recipient recipient : message.recipients()) {
            write(json, recipient);
        }
        json.writeEndArray();
        json.writeNumberField("attempt-count", message.attemptCount());
        Json.time(json, "next-attempt", nextAttempt(message));
        json.writeBooleanField("possible-duplicate", message.possibleDuplicate());
    }

    /// Only what waits in the queue has a next attempt; what is held waits for somebody.
    private static @Nullable Instant nextAttempt(QueuedMessage message) {
        return switch (message.state()) {
            case QUEUED, DEFERRED -> message.due();
            case SENDING, HELD, FAILED, SENT -> null;
        };
    }

    private static void write(JsonGenerator json, Recipient recipient) throws IOException {
        Reason reason = recipient.reason();
        json.writeStartObject();
        json.writeStringField("address", recipient.address().address());
        json.writeStringField("state", recipient.state().word());
        Json.text(json, "reason", reason == null ? null : reason.word());
        Json.text(json, "reply", recipient.reply());
        Json.text(json, "egress", recipient.egress());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Attempt attempt) throws IOException {
        json.writeStartObject();
        Json.time(json, "at", attempt.at());
        json.writeStringField("egress", attempt.egress());
        json.writeStringField("outcome", attempt.outcome().word());
        json.writeStringField("reply", attempt.reply());
        json.writeNumberField("seconds", attempt.took().toNanos() / NANOS_PER_SECOND);
        json.writeArrayFieldStart("recipients");
        for (ForwardPath recipient : attempt.recipients()) {
            json.writeString(recipient.address());
        }
        json.writeEndArray();
        json.writeArrayFieldStart("not-carried");
        for (String part : attempt.notCarried()) {
            json.writeString(part);
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
