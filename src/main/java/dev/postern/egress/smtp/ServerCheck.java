package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig;
import dev.postern.config.Preset;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.egress.smtp.PortCheck.TlsSeen;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Decides whether a server that was reached may be used by an egress: whether it is the one asked
/// for, and whether it can take the credentials. Thread-safe.
public final class ServerCheck {

    /// What we can speak (RFC 4616, and what old servers have).
    static final List<String> MECHANISMS = List.of("PLAIN", "LOGIN");

    private final SmtpEgressConfig config;
    private final String tlsName;
    private final boolean credentials;
    final Interception interception;

    /// @param hostname this machine's name
    public ServerCheck(EgressConfig.Smtp egress, String hostname) {
        this.config = egress.smtp();
        this.tlsName = PortChecker.tlsName(config);
        this.credentials = config.username() != null;
        this.interception = new Interception(config.host(), tlsName, hostname);
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
        Verdict stranger =
                verified ? null : interception.verdict(context, address, reached.answer());
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
        List<String> offered = reached.answer().mechanisms();
        Context place = context.at(Stage.AUTH, Duration.ZERO);
        if (offered.isEmpty()) {
            return Trouble.ofFinding(place, Symptom.AUTH_NOT_OFFERED);
        }
        return MECHANISMS.stream().anyMatch(offered::contains)
                ? null
                : Trouble.ofFinding(place, Symptom.AUTH_NO_MECHANISM, String.join(" ", offered));
    }

    /// Returns whether the certificate must verify: wherever TLS is asked for, and wherever
    /// credentials would leave the machine.
    boolean mustVerify(InetAddress address) {
        return switch (config.tls()) {
            case REQUIRED, IMPLICIT -> true;
            case OPTIONAL, NONE -> credentials && !address.isLoopbackAddress();
        };
    }

    /// Decides whether the server that answers is another one than was asked for, as where a
    /// hosting machine redirects outgoing mail to its own Exim. Asked only about servers whose
    /// certificate did not verify for the name asked.
    ///
    /// ```
    /// host asked            what answers                                               then
    /// known provider        certificate of an unknown issuer                           intercepted
    /// known provider        certificate, expired or not, without a name of its own     intercepted
    /// known provider        no certificate; names in greeting and EHLO, none its own   intercepted
    /// known provider        anything else                                              not
    /// other, not this       a name of this machine, in greeting, EHLO or certificate   intercepted
    ///   machine's address
    /// other                 anything else: shared hosting serves many names            not
    /// ```
    ///
    /// *Not* leaves the trouble what it was: `certificate is for mail55.example: set host or
    /// tls-name`.
    static final class Interception {

        /// A name that may be registered with somebody: names that machines give each other within
        /// a provider's network, such as `ip-10-0-0-1.ec2.internal`, are no sign of anything.
        private static final Pattern FULL_NAME =
                Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.[A-Za-z]{2,}\\.?");

        /// The longest name (RFC 1035 §2.3.4), with a final dot.
        private static final int NAME_CHARS = 254;

        private static final int STRANGER_LIMIT_CHARACTERS = 300;

        private static final Set<String> PRIVATE_DOMAINS =
                Set.of("internal", "local", "localdomain", "lan", "home", "corp", "private");

        private final @Nullable Preset provider;
        private final String ownName;

        /// @param host the host asked
        /// @param tlsName the name that its certificate must be for
        /// @param ownName this machine's name
        Interception(String host, String tlsName, String ownName) {
            this.provider = Preset.of(host).or(() -> Preset.of(tlsName)).orElse(null);
            this.ownName = ownName;
        }

        /// Judges who answered.
        ///
        /// @param context where
        /// @param address the address asked
        /// @return the trouble; null when it is none of this kind
        @Nullable Verdict verdict(Context context, InetAddress address, Answer answer) {
            Preset asked = provider;
            boolean foreign =
                    asked == null
                            ? isThisMachine(answer) && !isOwn(address)
                            : isForeign(asked, answer);
            if (!foreign) {
                return null;
            }
            String software = answer.software().isEmpty() ? "" : " (" + answer.software() + ")";
            String stranger = who(answer) + software;
            String shown =
                    answer.certificateNames().isEmpty()
                            ? ""
                            : " with a certificate for "
                                    + String.join(", ", answer.certificateNames());
            Verdict verdict =
                    Trouble.ofFinding(
                            context,
                            Symptom.INTERCEPTED,
                            "%s, which answers as %s%s; no credentials were sent to it"
                                    .formatted(stranger, context.peer(), shown));
            String shortly = stranger.replaceAll("[\\p{Cntrl}\\s]+", " ");
            shortly = shortly.substring(0, Math.min(shortly.length(), STRANGER_LIMIT_CHARACTERS));
            return verdict.saying(verdict.outcome().reply(), shortly);
        }

        private static boolean isForeign(Preset asked, Answer answer) {
            Verdict distrust = answer.distrust();
            if (distrust == null) {
                List<String> names = spokenNames(answer).filter(name -> !isPrivate(name)).toList();
                return !names.isEmpty() && names.stream().noneMatch(asked::owns);
            }
            return switch (distrust.symptom()) {
                case CA_UNREADABLE -> false;
                case CERT_EXPIRED, CERT_NAME, CERT_NO_SAN ->
                        answer.certificateNames().stream().noneMatch(asked::owns);
                default -> true;
            };
        }

        private boolean isThisMachine(Answer answer) {
            return ownName.length() <= NAME_CHARS
                    && FULL_NAME.matcher(ownName).matches()
                    && Stream.concat(spokenNames(answer), answer.certificateNames().stream())
                            .anyMatch(ownName::equalsIgnoreCase);
        }

        private static boolean isOwn(InetAddress address) {
            try {
                return address.isLoopbackAddress()
                        || NetworkInterface.getByInetAddress(address) != null;
            } catch (SocketException _) {
                return false;
            }
        }

        /// Returns the full names in greeting and EHLO; many servers say a word of their own
        /// instead.
        private static Stream<String> spokenNames(Answer answer) {
            return Stream.of(answer.greetingName(), answer.ehloName())
                    .filter(name -> name.indexOf('.') > 0);
        }

        private static boolean isPrivate(String name) {
            String bare = PortChecker.withoutRootDot(name);
            return PRIVATE_DOMAINS.contains(bare.substring(bare.lastIndexOf('.') + 1));
        }

        private String who(Answer answer) {
            Preset asked = provider;
            return Stream.concat(spokenNames(answer), answer.certificateNames().stream())
                    .filter(name -> asked == null || !asked.owns(name))
                    .findFirst()
                    .orElse("another server");
        }
    }
}
