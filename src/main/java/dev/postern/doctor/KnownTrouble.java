package dev.postern.doctor;

import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.egress.Probe;
import dev.postern.outcome.Fault;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a running forwarder knows of an egress and no probe can see, since it shows when mail is
/// sent only: that its limit is used up, or that its account may not send.
///
/// @param fault the word of the kind of trouble: `quota`
/// @param said the provider's words
public record KnownTrouble(String fault, String said) {

    private static final Set<Fault> SHOWN_BY_MAIL_ONLY = Set.of(Fault.QUOTA, Fault.ACCOUNT);

    /// Returns whether trouble of this kind shows when mail is sent only.
    ///
    /// @param fault the word of a kind of trouble; null: none
    public static boolean isOf(@Nullable String fault) {
        return SHOWN_BY_MAIL_ONLY.stream().anyMatch(each -> each.word().equals(fault));
    }

    /// Returns what an egress's health tells of it.
    public static Optional<KnownTrouble> of(EgressView health) {
        Fault fault = health.fault();
        if (fault == null || health.state() != EgressState.DOWN || !isOf(fault.word())) {
            return Optional.empty();
        }
        String said = health.lastError();
        return Optional.of(new KnownTrouble(fault.word(), said == null ? "" : said));
    }

    /// Returns what a probe found in the light of this.
    public Probe over(Probe probe) {
        return switch (probe) {
            case Probe.Failed failed -> failed;
            case Probe.Passed _, Probe.Unproven _ ->
                    new Probe.Failed(said, Fault.valueOf(fault.toUpperCase(Locale.ROOT)), null);
        };
    }
}
