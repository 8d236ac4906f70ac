package dev.postern.listener;

import dev.postern.smtp.Command;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.Sasl;
import dev.postern.smtp.Sasl.PlainCredentials;
import dev.postern.smtp.Sasl.Response;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One AUTH exchange (RFC 4954 §4): the client's responses in, what to do next out. It checks
/// nothing: that can take time, and is the session's.
final class Auth {

    /// What to do next.
    sealed interface Step {

        /// Send a challenge; the next line answers it.
        record Challenge(Reply reply) implements Step {}

        /// See whether these are right.
        record Check(Credentials credentials) implements Step {}

        /// The exchange is over.
        record Over(Reply reply) implements Step {}

        /// The exchange is over, and its answer is to wait.
        record Failed(Reply reply, Duration delay) implements Step {}
    }

    /// What the next response is.
    private enum Awaited {
        PLAIN,
        LOGIN_USERNAME,
        LOGIN_PASSWORD
    }

    private Awaited awaited = Awaited.PLAIN;
    private String username = "";

    /// Begins the exchange.
    Step begin(Command.Auth command) {
        Reply challenge;
        switch (command.mechanism()) {
            case Sasl.PLAIN -> {
                awaited = Awaited.PLAIN;
                challenge = Sasl.EMPTY_CHALLENGE;
            }
            case Sasl.LOGIN -> {
                awaited = Awaited.LOGIN_USERNAME;
                challenge = Sasl.LOGIN_USERNAME;
            }
            default -> {
                return new Step.Over(Replies.authMechanismUnknown());
            }
        }
        @Nullable String initial = command.initialResponse();
        return initial == null
                ? new Step.Challenge(challenge)
                : respond(Response.parseInitial(initial));
    }

    /// Goes on with the line that answers a challenge.
    Step answer(byte[] line) {
        return respond(Response.parse(line));
    }

    /// Returns how many characters are kept between two responses.
    int keptCharacters() {
        return username.length();
    }

    private Step respond(Response response) {
        return switch (response) {
            case Response.Decoded decoded -> decoded(decoded);
            case Response.Cancelled _ -> new Step.Over(Replies.authCancelled());
            case Response.NotBase64 _ -> new Step.Over(Replies.authNotBase64());
        };
    }

    private Step decoded(Response.Decoded response) {
        return switch (awaited) {
            case PLAIN -> plain(response);
            case LOGIN_USERNAME -> {
                username = response.text();
                awaited = Awaited.LOGIN_PASSWORD;
                yield new Step.Challenge(Sasl.LOGIN_PASSWORD);
            }
            case LOGIN_PASSWORD -> new Step.Check(new Credentials(username, response.text()));
        };
    }

    /// To act as somebody else is not for anyone here (RFC 4616 §2).
    private static Step plain(Response.Decoded response) {
        Optional<PlainCredentials> plain = PlainCredentials.parse(response.octets());
        if (plain.isEmpty()) {
            return new Step.Over(Replies.authNotBase64());
        }
        PlainCredentials said = plain.get();
        String actAs = said.authorizationId();
        if (!actAs.isEmpty() && !actAs.equals(said.username())) {
            return new Step.Over(Replies.authFailed());
        }
        return new Step.Check(new Credentials(said.username(), said.password()));
    }
}
