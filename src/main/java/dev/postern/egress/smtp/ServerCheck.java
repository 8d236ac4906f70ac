package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Decides whether a server that was reached may be used by an egress: whether it is the one asked
/// for, and whether it can take the credentials. Thread-safe.
public final class ServerCheck {

    /// What we can speak (RFC 4616, and what old servers have).
    private static final List<String> MECHANISMS = List.of("PLAIN", "LOGIN");

    private final SmtpEgressConfig config;
    private final String tlsName;
    private final boolean credentials;
    private final Interception interception;

    private ServerCheck(SmtpEgressConfig config, String hostname) {
        this.config = config;
        String name = config.tlsName();
        this.tlsName = PortChecker.withoutRootDot(name == null ? config.host() : name);
        this.credentials = config.username() != null;
        this.interception = new Interception(config.host(), tlsName, hostname);
    }

    /// Returns the screening for an egress.
    ///
    /// @param hostname this machine's name
    public static ServerCheck of(EgressConfig.Smtp egress, String hostname) {
        return new ServerCheck(egress.smtp(), hostname);
    }

    static ServerCheck of(SmtpEgressConfig config, String hostname) {
        return new ServerCheck(config, hostname);
    }

    /// Returns why the egress must not use this server, in the words of the trouble table.
    ///
    /// @return null when it may
    public @Nullable Verdict objection(PortCheck reached) {
        TlsSeen tls = reached.tls();
        InetAddress address = reached.address().getAddress();
        boolean verified = tls != null && tls.isVerified();
        Context context =
                Context.ofSmtp(
                        reached.stage(),
                        tlsName,
                        PortChecker.peer(reached.address()),
                        Duration.ZERO);
        Verdict stranger = verified ? null : interception(context, address, reached.answer());
        if (stranger != null) {
            return stranger;
        }
        if (tls != null && tls.distrust() != null && mustVerify(address)) {
            return tls.distrust();
        }
        return reached.trouble() == null ? logIn(context, reached) : reached.trouble();
    }

    private @Nullable Verdict logIn(Context context, PortCheck reached) {
        if (!credentials) {
            return null;
        }
        List<String> offered = reached.mechanisms();
        Context place = context.at(Stage.AUTH, Duration.ZERO);
        if (offered.isEmpty()) {
            return Trouble.ofFinding(place, Symptom.AUTH_NOT_OFFERED);
        }
        return MECHANISMS.stream().anyMatch(offered::contains)
                ? null
                : Trouble.ofFinding(
                        place, Symptom.AUTH_NO_MECHANISM, reached.answer().mechanismsInWords());
    }

    /// Judges a server whose certificate did not verify, or that showed none.
    @Nullable Verdict interception(Context context, InetAddress address, Answer answer) {
        return interception.verdict(context, address, answer);
    }

    /// Returns whether the certificate must verify: wherever TLS is asked for, and wherever
    /// credentials would leave the machine.
    boolean mustVerify(InetAddress address) {
        return switch (config.tls()) {
            case REQUIRED, IMPLICIT -> true;
            case OPTIONAL, NONE -> credentials && !address.isLoopbackAddress();
        };
    }
}
