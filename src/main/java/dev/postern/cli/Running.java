package dev.postern.cli;

import dev.postern.config.HostPort;
import dev.postern.config.PosternConfig;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.submit.AdminClient;
import dev.postern.submit.Endpoint;
import dev.postern.submit.EndpointFile;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The running forwarder, as far as the other commands can find it: by its `endpoint` file, else
/// where the configuration says that it listens.
///
/// @param smtp where its listener is
/// @param admin where its admin socket is
/// @param user who logs in to the listener; null: nobody
/// @param token what the admin socket asks for; null: nothing
/// @param config the configuration that it was looked for with
record Running(
        HostPort smtp,
        HostPort admin,
        SmtpConfig.@Nullable User user,
        @Nullable Secret token,
        PosternConfig config) {

    static Running find(PosternConfig config) {
        Optional<Endpoint> endpoint = new EndpointFile(config.spool().path()).read();
        return new Running(
                endpoint.map(Endpoint::smtp).orElse(config.smtp().listen()),
                endpoint.map(Endpoint::admin).orElse(config.http().admin()),
                config.smtp().users().stream().findFirst().orElse(null),
                config.http().adminToken(),
                config);
    }

    AdminClient adminClient() {
        return new AdminClient(admin, token);
    }

    /// Tells that nobody answers at `address`.
    static Trouble notReachable(String what, HostPort address, Exception cause) {
        return new Trouble(
                ExitCode.UNAVAILABLE,
                what
                        + " at "
                        + address
                        + " is not reachable ("
                        + cause.getMessage()
                        + "); is `postern serve` running with this configuration?");
    }
}
