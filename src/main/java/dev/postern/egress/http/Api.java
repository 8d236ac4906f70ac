package dev.postern.egress.http;

import dev.postern.egress.CommitGate;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.ReadingBudget.MessageLimitException;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome.Unsuitability;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// What is particular to one provider: how a message becomes calls, what an answer says, and how to
/// look whether the key works. It decides no outcome.
interface Api {

    /// What is not carried of a message that the provider takes and, as the message asks, mails to
    /// nobody.
    String SANDBOX = "delivery (sandbox mode)";

    /// Returns the type word: `mailgun`.
    String type();

    /// Returns whether local parts beyond ASCII are taken (RFC 6531 §3.3).
    default boolean takesAnyLocalPart() {
        return false;
    }

    /// Makes of a message the calls that send it, none of them with an address twice, and hands
    /// each out before it makes the next: together they may be large.
    ///
    /// @param content the message's content; it stays open until all calls are made
    /// @param sender takes a call, and says whether the next one is wanted
    /// @return why this API can't take the message, or what is left of it
    /// @throws IOException when the content can't be read
    /// @throws MessageLimitException when the message has more of something than is read
    Optional<Unfit> plan(OutboundMessage outbound, ContentCursor content, Predicate<Post> sender)
            throws IOException, MessageLimitException;

    /// Returns how its calls are made.
    Http http();

    /// Makes one of the planned calls.
    default HttpResult send(Post post, CommitGate gate) {
        return http().exchange(post.call(), gate);
    }

    /// Returns the id that an acceptance of the call gives: exactly the provider's status, and an
    /// id. Empty for every other answer.
    Optional<String> acceptedAs(HttpAnswer answer, Post post);

    /// Returns whether an answer that is no acceptance has the form in which this provider refuses.
    /// What lacks it was said by somebody on the way: a proxy, a portal, a shield in front of the
    /// provider.
    boolean isOwn(HttpAnswer answer);

    /// Returns the code and the text of an answer, `code: text`, in one line; empty when there is
    /// none that we understand.
    String explain(HttpAnswer answer, Post post);

    /// Returns which of a call's recipients an answer refuses by name, be it an acceptance of the
    /// others or not. The default is an API that names none.
    default List<ForwardPath> refused(HttpAnswer answer, Post post) {
        return List.of();
    }

    /// Returns the call that shows whether the key works and sends nothing.
    HttpCall probeCall();

    /// Returns what the probe's answer shows; empty when it shows trouble, which the trouble table
    /// then names.
    Optional<Probe> probed(HttpAnswer answer);

    /// Makes the probe's call.
    default HttpResult probe() {
        return http().exchange(probeCall(), CommitGate.OPEN);
    }

    /// One call for some recipients.
    ///
    /// @param recipients for whom it is; what comes of it is theirs
    /// @param call the request
    /// @param notCarried what it can't carry
    record Post(List<ForwardPath> recipients, HttpCall call, List<String> notCarried) {
        public Post {
            recipients = List.copyOf(recipients);
            notCarried = List.copyOf(notCarried);
        }
    }

    /// This API can't take this message.
    record Unfit(String reply, Unsuitability unsuitability) {}
}
