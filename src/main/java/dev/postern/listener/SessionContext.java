package dev.postern.listener;

import dev.postern.config.SmtpConfig;
import dev.postern.listener.Protocol.SmtpVerb;
import dev.postern.reception.Reception;
import dev.postern.smtp.Extension;
import dev.postern.smtp.FailureThrottle;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// What all sessions of a listener share.
///
/// @param config the listener's settings
/// @param reception takes messages
/// @param admission who may submit
/// @param certificate the certificate; null without
/// @param observer for metrics
/// @param blocking runs what may block
/// @param throttle how long answers to failed log-ins wait
record SessionContext(
        SmtpConfig config,
        Reception reception,
        Admission admission,
        @Nullable TlsCertificate certificate,
        Listener.Observer observer,
        Executor blocking,
        FailureThrottle throttle) {

    /// Between whom a session runs.
    ///
    /// @param client the other end
    /// @param local our end
    record Link(InetAddress client, InetAddress local) {

        /// Returns whether both ends are on this machine.
        boolean isLoopback() {
            return client.isLoopbackAddress() && local.isLoopbackAddress();
        }

        /// Returns the client's address in its short form: `127.0.0.1`, `::1`.
        String clientText() {
            return NetUtil.toAddressString(client);
        }
    }

    /// Returns the same, but who may submit as in `other`.
    SessionContext liveKeysOf(SmtpConfig other) {
        SmtpConfig changed = config.liveKeysOf(other);
        return new SessionContext(
                changed,
                reception,
                admission.by(changed),
                certificate,
                observer,
                blocking,
                throttle);
    }

    /// Returns the verbs that a client can use now.
    List<String> verbs(Link link, boolean secure) {
        return Arrays.stream(SmtpVerb.values())
                .filter(verb ->
                        switch (verb) {
                            case STARTTLS -> certificate != null && !secure;
                            case AUTH -> admission.authOffered(link, secure);
                            default -> verb.mayComeBeforeTls() || !admission.mustStartTls(secure);
                        })
                .map(SmtpVerb::name)
                .toList();
    }

    /// Returns what EHLO offers to a client now (RFC 5321 §4.1.1.1).
    List<String> offers(Link link, boolean secure) {
        List<String> offers = new ArrayList<>();
        offers.add(Extension.PIPELINING.offer());
        offers.add(Extension.SIZE.offer(Long.toString(config.maxMessageSizeBytes())));
        offers.add(Extension.EIGHT_BIT_MIME.offer());
        offers.add(Extension.SMTPUTF8.offer());
        offers.add(Extension.CHUNKING.offer());
        offers.add(Extension.ENHANCED_STATUS_CODES.offer());
        if (admission.authOffered(link, secure)) {
            offers.add(Extension.AUTH.offer("PLAIN", "LOGIN"));
        }
        if (certificate != null && !secure) {
            offers.add(Extension.STARTTLS.offer());
        }
        offers.add(Extension.LIMITS.offer("RCPTMAX=" + config.maxRecipients()));
        return offers;
    }
}
