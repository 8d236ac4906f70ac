package dev.postern.egress;

import dev.postern.config.EgressConfig;
import dev.postern.dkim.DkimSigner;
import dev.postern.mail.MessageContent;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An egress whose mail is signed, after all other changes to it.
///
/// A message that a key is there for never leaves without its signature: where the key can't be
/// used this egress is unsuited to it, and the log says why.
public final class SigningFilter extends Egress.Relayed {

    private static final Logger log = LoggerFactory.getLogger(SigningFilter.class);

    /// Amazon SES writes these anew (its developer guide, "Manual DKIM signing").
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
                ? new SigningFilter(
                        egress,
                        signer,
                        config instanceof EgressConfig.Ses ? REPLACED_BY_SES : Set.of())
                : egress;
    }

    @Override
    public Delivery send(OutboundMessage outbound, CommitGate gate) {
        DkimSigner signs = signer.get();
        if (!signs.hasKeys()) {
            return egress().send(outbound, gate);
        }
        gate.preparing();
        MessageContent signed;
        try {
            signed = signs.signed(outbound.content(), replaced);
        } catch (GeneralSecurityException e) {
            log.atWarn()
                    .addKeyValue("id", outbound.id())
                    .addKeyValue("egress", name())
                    .addKeyValue("why", e.getMessage())
                    .log("not sent: no DKIM signature can be made");
            String reply = "no DKIM signature can be made: " + e.getMessage();
            return Delivery.same(
                    outbound.envelope().recipients(),
                    new Outcome.Unsuited(reply, Unsuitability.CONFIGURATION));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return egress().send(
                        new OutboundMessage(
                                outbound.id(), outbound.envelope(), signed, outbound.asItIs()),
                        gate);
    }
}
