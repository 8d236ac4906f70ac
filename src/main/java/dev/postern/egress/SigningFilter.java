package dev.postern.egress;

import dev.postern.config.EgressConfig;
import dev.postern.config.Preset;
import dev.postern.dkim.DkimSigner;
import dev.postern.mail.LogMark;
import dev.postern.mail.MessageContent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An egress whose mail is signed, after all other changes to it. Where a key is there for a
/// message that can't be signed, it leaves without, and the log says why.
public final class SigningFilter extends Egress.Relayed {

    private static final Logger log = LoggerFactory.getLogger(SigningFilter.class);

    /// Amazon SES writes these anew, by its API as by SMTP (its developer guide, "Manual DKIM
    /// signing").
    private static final Set<String> REPLACED_BY_SES = Set.of("date", "message-id");

    private final Supplier<DkimSigner> signer;
    private final Set<String> replaced;

    private SigningFilter(Egress egress, Supplier<DkimSigner> signer, Set<String> replaced) {
        super(egress);
        this.signer = signer;
        this.replaced = replaced;
    }

    /// Returns an egress that signs if its configuration says so.
    ///
    /// @param signer signs, by the keys that are configured when a message leaves
    public static Egress of(EgressConfig config, Egress egress, Supplier<DkimSigner> signer) {
        return config.common().sign()
                ? new SigningFilter(egress, signer, isSes(config) ? REPLACED_BY_SES : Set.of())
                : egress;
    }

    private static boolean isSes(EgressConfig config) {
        return config instanceof EgressConfig.Smtp smtp
                ? Preset.words(smtp.smtp().host()).contains("ses")
                : config instanceof EgressConfig.Ses;
    }

    @Override
    public Delivery send(OutboundMessage outbound, CommitGate gate) {
        DkimSigner signs = signer.get();
        if (!signs.hasKeys()) {
            return egress().send(outbound, gate);
        }
        gate.preparing();
        try {
            MessageContent signed =
                    signs.signed(outbound.content(), replaced, why -> unsigned(outbound, why));
            return egress().send(
                            new OutboundMessage(
                                    outbound.id(), outbound.envelope(), signed, outbound.asItIs()),
                            gate);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void unsigned(OutboundMessage outbound, String why) {
        log.atWarn()
                .addMarker(LogMark.EACH)
                .addKeyValue("id", outbound.id())
                .addKeyValue("egress", name())
                .addKeyValue("why", why)
                .log("not signed");
    }
}
