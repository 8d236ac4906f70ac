package dev.postern;

import dev.postern.dispatch.Dispatcher;
import dev.postern.dispatch.ImmediateResult;
import dev.postern.listener.ImmediateDelivery;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.smtp.UpstreamReply;
import dev.postern.spool.MessageState;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/// Has the dispatcher send what the listener's clients wait for (`acknowledge: sent`).
final class Handing implements ImmediateDelivery {

    private final Dispatcher dispatcher;

    Handing(Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
    }

    @Override
    public CompletionStage<Result> send(
            QueueId id, MessageState acceptance, MessageContent content) {
        return dispatcher.sendNow(id, acceptance, content).thenApply(Handing::result);
    }

    private static Result refused(String words) {
        String first = words.lines().findFirst().orElse("");
        boolean smtp = UpstreamReply.parse(first) instanceof UpstreamReply.Answered;
        return new Result.Refused(first, smtp);
    }

    private static Result result(ImmediateResult sent) {
        return switch (sent.verdict()) {
            case SENT ->
                    new Result.Taken(
                            sent.recipients(),
                            sent.attempts(),
                            sent.due(),
                            Objects.requireNonNull(sent.egress()),
                            sent.words());
            case REFUSED -> refused(sent.words());
            case TEMPORARY -> new Result.NotNow(sent.words());
        };
    }
}
