package dev.postern.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.config.JsonLists;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.LogMark;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.spool.MessageState;
import dev.postern.spool.QueueAdmin;
import dev.postern.spool.QueueAdmin.Page;
import dev.postern.spool.QueueAdmin.Query;
import dev.postern.spool.QueueAdmin.Verb;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The queue for operators: lists, one message with its history, its octets, and the verbs.
final class QueueApi {

    private static final Logger LOG = LoggerFactory.getLogger(QueueApi.class);

    private static final int DEFAULT_LIMIT = 50;
    private static final int MAX_LIMIT = 1000;

    /// How long a question about the queue waits until all of that is known.
    private static final Duration COMPLETE_WAIT = Duration.ofSeconds(10);

    static final String MESSAGES = "/api/v1/messages";
    private static final String MESSAGE = MESSAGES + "/{id}";

    private final QueueAdmin queue;

    QueueApi(QueueAdmin queue) {
        this.queue = queue;
    }

    /// @param submit what POST /messages does
    void routes(HttpRouting.Builder routing, Handler submit) {
        Handler list = onceComplete(this::list);
        HttpSocket.resource(routing, MESSAGES, Map.of(Method.GET, list, Method.POST, submit));
        HttpSocket.resource(
                routing,
                MESSAGE,
                Map.of(Method.GET, onceComplete(this::show), Method.DELETE, verb(Verb.DELETE)));
        HttpSocket.resource(routing, MESSAGE + "/raw", onceComplete(this::raw));
        for (Verb verb : List.of(Verb.RETRY, Verb.HOLD, Verb.RELEASE)) {
            HttpSocket.resource(
                    routing, MESSAGE + "/" + word(verb), Map.of(Method.POST, verb(verb)));
        }
        HttpSocket.resource(
                routing, "/api/v1/queue/flush", Map.of(Method.POST, onceComplete(this::flush)));
    }

    /// Answers once all of the queue is known, which after a start with a long one takes a while.
    private Handler onceComplete(Handler handler) {
        return (request, response) -> {
            if (!queue.awaitComplete(COMPLETE_WAIT)) {
                throw new Problem(
                        Status.SERVICE_UNAVAILABLE_503,
                        "The queue that the last run left is still being read: ask again soon.");
            }
            handler.handle(request, response);
        };
    }

    private void list(ServerRequest request, ServerResponse response) {
        Page page = queue.list(query(QueryParameters.of(request)));
        Json.stream(response, json -> MessageJson.write(json, page));
    }

    private void show(ServerRequest request, ServerResponse response) {
        MessageState message = find(id(request));
        Json.stream(response, json -> MessageJson.write(json, message));
    }

    /// The octets as they are, never as something that a browser would render.
    private void raw(ServerRequest request, ServerResponse response) throws IOException {
        QueueId id = id(request);
        Optional<MessageContent> content = queue.content(id);
        if (content.isEmpty()) {
            State state = find(id).state();
            throw new Problem(
                    Status.GONE_410, "The message is " + state.word() + "; its octets are gone.");
        }
        response.header(HeaderNames.CONTENT_TYPE, "message/rfc822");
        response.header(HeaderNames.CONTENT_DISPOSITION, "attachment; filename=\"" + id + ".eml\"");
        response.header("Content-Security-Policy", "sandbox; default-src 'none'");
        response.contentLength(content.get().sizeBytes());
        try (InputStream in = content.get().open();
                OutputStream out = response.outputStream()) {
            in.transferTo(out);
        }
    }

    private void flush(ServerRequest request, ServerResponse response) {
        int messages = queue.flush();
        LOG.atInfo()
                .addMarker(LogMark.EACH)
                .addKeyValue("messages", messages)
                .log("queue flushed by an operator");
        Json.send(
                response, Status.ACCEPTED_202, json -> json.writeNumberField("messages", messages));
    }

    private Handler verb(Verb verb) {
        return onceComplete((request, response) -> {
            QueueId id = id(request);
            switch (queue.apply(verb, id)) {
                case DONE -> done(verb, id, response);
                case UNKNOWN -> throw unknown(id);
                case WRONG_STATE -> throw conflict(verb, id);
            }
        });
    }

    private static void done(Verb verb, QueueId id, ServerResponse response) {
        LOG.atInfo()
                .addMarker(LogMark.EACH)
                .addKeyValue("id", id)
                .addKeyValue("verb", word(verb))
                .log("operator's verb");
        if (verb == Verb.DELETE) {
            response.status(Status.NO_CONTENT_204).send();
            return;
        }
        Json.accepted(response, id);
    }

    private Problem conflict(Verb verb, QueueId id) {
        String wanted =
                switch (verb) {
                    case RETRY -> "deferred, failed or suspected";
                    case HOLD -> "queued, deferred or held for want of an egress";
                    case RELEASE -> "held by an operator or suspected";
                    case DELETE -> "in any state but sending";
                };
        return new Problem(
                Status.CONFLICT_409,
                "The message is %s; to %s it, it must be %s."
                        .formatted(find(id).state().word(), word(verb), wanted));
    }

    private MessageState find(QueueId id) {
        return queue.find(id).orElseThrow(() -> unknown(id));
    }

    private static Problem unknown(QueueId id) {
        return Problem.notFound("There is no message " + id + ".");
    }

    private static QueueId id(ServerRequest request) {
        String text = request.path().pathParameters().get("id");
        return QueueId.parse(text)
                .orElseThrow(() -> Problem.notFound("There is no message of that id."));
    }

    private static Query query(QueryParameters query) {
        return new Query(
                state(parameter(query, "state")),
                parameter(query, "sender"),
                parameter(query, "recipient"),
                limit(parameter(query, "limit")),
                cursor(parameter(query, "after")));
    }

    /// An empty parameter is none: forms send such.
    private static @Nullable String parameter(QueryParameters query, String name) {
        return query.first(name).filter(value -> !value.isEmpty()).orElse(null);
    }

    private static @Nullable State state(@Nullable String word) {
        if (word == null) {
            return null;
        }
        String all =
                Arrays.stream(State.values()).map(State::word).collect(Collectors.joining(", "));
        return Arrays.stream(State.values())
                .filter(state -> state.word().equals(word))
                .findFirst()
                .orElseThrow(() -> Problem.badRequest("state must be one of " + all + "."));
    }

    private static int limit(@Nullable String text) {
        if (text == null) {
            return DEFAULT_LIMIT;
        }
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= MAX_LIMIT) {
                return limit;
            }
        } catch (NumberFormatException _) {
            // Told below, like a number out of range.
        }
        throw Problem.badRequest("limit must be 1 to " + MAX_LIMIT + ".");
    }

    private static @Nullable QueueId cursor(@Nullable String text) {
        if (text == null) {
            return null;
        }
        return QueueId.parse(text)
                .orElseThrow(
                        () -> Problem.badRequest("after must be the `next` of an earlier answer."));
    }

    private static String word(Verb verb) {
        return verb.name().toLowerCase(Locale.ROOT);
    }

    /// The JSON shapes of messages.
    static final class MessageJson {

        private MessageJson() {}

        static void write(JsonGenerator json, Page page) throws IOException {
            JsonLists.objects(json, "messages", page.messages(), MessageJson::members);
            Json.text(json, "next", page.next() == null ? null : page.next().toString());
        }

        static void write(JsonGenerator json, MessageState message) throws IOException {
            members(json, message);
            JsonLists.objects(json, "attempts", message.attempts(), MessageJson::attempt);
            json.writeStringField("client", message.message().origin().client());
            Json.text(json, "authenticated-as", message.message().origin().authenticatedAs());
            json.writeStringField("helo", message.message().origin().helo());
            json.writeStringField("protocol", message.message().origin().protocol());
        }

        private static void members(JsonGenerator json, MessageState message) throws IOException {
            json.writeStringField("id", message.id().toString());
            json.writeStringField("state", message.state().word());
            json.writeStringField("from", message.envelope().sender().address());
            json.writeNumberField("size", message.message().sizeBytes());
            json.writeStringField("subject", message.message().subject());
            Json.time(json, "received", message.message().received());
            JsonLists.objects(json, "recipients", message.recipients(), MessageJson::recipient);
            json.writeNumberField("attempt-count", message.attemptCount());
            Json.time(json, "next-attempt", nextAttempt(message));
            json.writeBooleanField("possible-duplicate", message.possibleDuplicate());
        }

        /// Only what waits in the queue has a next attempt; what is held waits for somebody.
        private static @Nullable Instant nextAttempt(MessageState message) {
            return switch (message.state()) {
                case QUEUED, DEFERRED -> message.due();
                case SENDING, HELD, FAILED, SENT -> null;
            };
        }

        private static void recipient(JsonGenerator json, Recipient recipient) throws IOException {
            Reason reason = recipient.reason();
            json.writeStringField("address", recipient.address().address());
            json.writeStringField("state", recipient.state().word());
            Json.text(json, "reason", reason == null ? null : reason.word());
            Json.text(json, "reply", recipient.reply());
            Json.text(json, "egress", recipient.egress());
        }

        private static void attempt(JsonGenerator json, Attempt attempt) throws IOException {
            Json.time(json, "at", attempt.at());
            json.writeStringField("egress", attempt.egress());
            json.writeStringField("outcome", attempt.outcome().word());
            json.writeStringField("reply", attempt.reply());
            json.writeNumberField("seconds", Metrics.seconds(attempt.took()));
            JsonLists.texts(
                    json,
                    "recipients",
                    attempt.recipients().stream().map(ForwardPath::address).toList());
            JsonLists.texts(json, "not-carried", attempt.notCarried());
        }
    }
}
