package dev.postern.egress.http;

import dev.postern.egress.CommitGate;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome.Unsuited;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// What is particular to one provider: how a message becomes calls, what an answer says, and how to
/// look whether the key works. It decides no outcome but that a message is not for it.
abstract class Api {

    /// What is not carried of a message that the provider takes and, as the message asks, mails to
    /// nobody.
    static final String SANDBOX = "delivery (sandbox mode)";

    /// How its calls are made.
    final Http http;

    /// Whether local parts beyond ASCII are taken (RFC 6531 §3.3).
    final boolean takesAnyLocalPart;

    Api(Http http, boolean takesAnyLocalPart) {
        this.http = http;
        this.takesAnyLocalPart = takesAnyLocalPart;
    }

    /// Makes of a message the calls that send it, none of them with an address twice, and hands
    /// each out before it makes the next: together they may be large.
    ///
    /// @param content the message's content; it stays open until all calls are made
    /// @param sender takes a call, and says whether the next one is wanted
    /// @return why this API can't take the message, or what is left of it
    /// @throws IOException when the content can't be read, or has more of something than is read
    abstract Optional<Unsuited> plan(
            OutboundMessage outbound, ContentCursor content, Predicate<Post> sender)
            throws IOException;

    /// Makes one of the planned calls.
    HttpResult send(Post post, CommitGate gate) {
        return http.exchange(post.call(), gate);
    }

    /// Returns the id that an acceptance of the call gives: exactly the provider's status, and an
    /// id. Empty for every other answer.
    abstract Optional<String> acceptedAs(HttpAnswer answer, Post post);

    /// Returns whether an answer that is no acceptance has the form in which this provider refuses.
    /// What lacks it was said by somebody on the way: a proxy, a portal, a shield in front of the
    /// provider.
    abstract boolean isOwn(HttpAnswer answer);

    /// Returns the code and the text of an answer, `code: text`, in one line; empty when there is
    /// none that we understand.
    ///
    /// @param recipients those of the call; none for a probe
    abstract String explain(HttpAnswer answer, List<ForwardPath> recipients);

    /// Returns which of a call's recipients an answer refuses by name, be it an acceptance of the
    /// others or not. The default is an API that names none.
    List<ForwardPath> refused(HttpAnswer answer, List<ForwardPath> recipients) {
        return List.of();
    }

    /// Returns the call that shows whether the key works and sends nothing.
    abstract HttpCall probeCall();

    /// Returns what the probe's answer shows; empty when it shows trouble, which the trouble table
    /// then names.
    abstract Optional<Probe> probed(HttpAnswer answer);

    /// Makes the probe's call.
    HttpResult probe() {
        return http.exchange(probeCall(), CommitGate.OPEN);
    }

    /// One call for some recipients.
    ///
    /// @param recipients for whom it is; what comes of it is theirs
    /// @param call the request
    /// @param notCarried what it can't carry
    record Post(List<ForwardPath> recipients, HttpCall call, List<String> notCarried) {}
}
