package dev.postern.cli;

import dev.postern.config.HostPort;
import dev.postern.config.load.ClientSettings.ClientConfig;
import dev.postern.submit.AdminClient;
import dev.postern.submit.AdminClient.Answer;
import dev.postern.submit.Endpoint;
import dev.postern.submit.Endpoint.EndpointFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// The running forwarder, as far as the other commands can find it: by its `endpoint` file, else
/// where the configuration says that it listens.
///
/// @param smtp where its listener is
/// @param admin where its admin socket is
/// @param config the configuration that it was looked for with
record RunningForwarder(HostPort smtp, HostPort admin, ClientConfig config) {

    private static final int UNAUTHORIZED = 401;

    static RunningForwarder find(ClientConfig config) {
        Path spool = config.spool();
        Optional<Endpoint> endpoint =
                spool == null ? EndpointFile.readShared() : new EndpointFile(spool).read();
        return new RunningForwarder(
                endpoint.map(Endpoint::smtp).orElse(config.smtp()),
                endpoint.map(Endpoint::admin).orElse(config.admin()),
                config);
    }

    AdminClient adminClient() {
        return new AdminClient(admin, config.adminToken());
    }

    /// Asks the admin socket.
    ///
    /// @throws CliException when nobody answers there, or a token is wanted that the caller may not
    ///   read
    Answer ask(Question question) throws CliException {
        try {
            Answer answer = question.ask(adminClient());
            if (isDenied(answer)) {
                throw new CliException(ExitCode.UNAVAILABLE, detail(answer));
            }
            return answer;
        } catch (IOException e) {
            throw notReachable("the admin socket", admin, e);
        }
    }

    /// One request.
    @FunctionalInterface
    interface Question {
        Answer ask(AdminClient admin) throws IOException;
    }

    /// Returns why the admin socket refused; with what to do where the caller may not know the
    /// token.
    String detail(Answer answer) {
        return isDenied(answer)
                ? answer.detail()
                        + "; the token can't be read (%s): run this as root or as a member of the"
                                .formatted(config.unread().getFirst())
                        + " group postern"
                : answer.detail();
    }

    /// Returns whether the admin socket wants a token that the caller may not read.
    private boolean isDenied(Answer answer) {
        return answer.status() == UNAUTHORIZED
                && config.adminToken() == null
                && !config.unread().isEmpty();
    }

    /// Tells that nobody answers at `address`.
    static CliException notReachable(String what, HostPort address, Exception cause) {
        return new CliException(
                ExitCode.UNAVAILABLE,
                "%s at %s is not reachable (%s); is `postern serve` running with this"
                                .formatted(what, address, cause.getMessage())
                        + " configuration?");
    }
}
