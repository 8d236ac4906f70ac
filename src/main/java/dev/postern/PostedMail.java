package dev.postern;

import dev.postern.admin.Submission;
import dev.postern.listener.Reception;
import dev.postern.listener.Rejection;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.Origin;
import dev.postern.mail.ReversePath;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Gives mail that came by HTTP to the listener's reception, which treats it as mail that came by
/// SMTP.
final class PostedMail implements Submission {

    private final Reception reception;

    PostedMail(Reception reception) {
        this.reception = reception;
    }

    @Override
    public Receipt submit(Envelope envelope, Origin origin, InputStream content)
            throws IOException {
        Optional<String> sender = reception.sender(envelope.sender().address());
        if (sender.isEmpty()) {
            return refused(Replies.unqualifiedSender(envelope.sender().address()));
        }
        List<ForwardPath> recipients = new ArrayList<>();
        for (ForwardPath spoken : envelope.recipients()) {
            Optional<String> address = reception.recipient(spoken.address());
            if (address.isEmpty()) {
                return refused(Replies.unqualifiedRecipient(spoken.address()));
            }
            recipients.add(new ForwardPath(address.get()));
        }
        Envelope qualified =
                new Envelope(
                        new ReversePath(sender.get()),
                        recipients.stream().distinct().toList(),
                        envelope.smtpUtf8());
        return receipt(reception.receive(qualified, origin, content));
    }

    private static Receipt receipt(Reception.Result result) {
        return switch (result) {
            case Reception.Result.Queued queued -> new Receipt.Queued(queued.id());
            case Reception.Result.Sent sent ->
                    new Receipt.Sent(sent.id(), sent.egress(), sent.words());
            case Reception.Result.Refused refused when refused.reason() == Rejection.SIZE ->
                    new Receipt.TooLarge(text(refused.reply()));
            case Reception.Result.Refused refused -> refused(refused.reply());
        };
    }

    private static Receipt refused(Reply reply) {
        return reply.code().isPermanent()
                ? new Receipt.Refused(text(reply))
                : new Receipt.Temporary(text(reply));
    }

    private static String text(Reply reply) {
        return reply.toString();
    }
}
