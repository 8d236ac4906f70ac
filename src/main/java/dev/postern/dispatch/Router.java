package dev.postern.dispatch;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.dispatch.Skip.Why;
import dev.postern.mail.ALabels;
import dev.postern.mail.ReversePath;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Orders the egresses for a message: the configured order, without those that may not send for its
/// sender, those that are down, and those whose rate or quota is used up.
///
/// An egress that is limited with `when-limited: wait` keeps its mail: those behind it are not
/// asked.
final class Router {

    private final List<Common> egresses;

    /// Creates a router over `egresses`, which are in order of preference.
    Router(List<EgressConfig> egresses) {
        this.egresses = egresses.stream().map(EgressConfig::common).toList();
    }

    /// The choice for one message at one moment.
    ///
    /// @param candidates names of the egresses to ask, best first
    /// @param skipped why the others are not asked, in configured order; those behind one that the
    ///   message waits for are not named
    record Route(List<String> candidates, List<Skip> skipped) {

        Route {
            candidates = List.copyOf(candidates);
            skipped = List.copyOf(skipped);
        }

        /// Returns why an egress is not asked, as far as that can pass.
        Optional<Skip> passing(String egress) {
            return skipped.stream()
                    .filter(skip -> skip.egress().equals(egress))
                    .filter(skip -> skip.why() != Why.OTHERS_SENDER)
                    .findFirst();
        }
    }

    /// Returns the route of a message from `sender`.
    ///
    /// @param standing why an egress of a given name can't be asked now; null when it can
    Route route(ReversePath sender, Function<String, @Nullable Skip> standing) {
        List<String> candidates = new ArrayList<>();
        List<Skip> skipped = new ArrayList<>();
        boolean waits = false;
        for (Common egress : egresses) {
            Skip skip;
            if (!maySendFor(egress.senders(), sender)) {
                skip = Skip.sender(egress.name(), sender.address());
            } else if (waits) {
                continue;
            } else {
                skip = standing.apply(egress.name());
            }
            if (skip == null) {
                candidates.add(egress.name());
            } else {
                skipped.add(skip);
                waits |= skip.why() == Why.LIMITED && egress.whenLimited() == WhenLimited.WAIT;
            }
        }
        return new Route(candidates, skipped);
    }

    /// Returns the names of those egresses that may send for `sender`, in order of preference.
    List<String> permitted(ReversePath sender) {
        return egresses.stream()
                .filter(egress -> maySendFor(egress.senders(), sender))
                .map(Common::name)
                .toList();
    }

    /// Returns whether `senders` (addresses and `@domains`; empty: any) include `sender`. Letter
    /// case is of no meaning, in local parts neither: no provider makes a difference. A domain
    /// beyond ASCII and its A-labels are one domain (RFC 5890 §2.3.2.4). The null reverse-path is
    /// nobody's, so a list never includes it.
    static boolean maySendFor(List<String> senders, ReversePath sender) {
        if (senders.isEmpty()) {
            return true;
        }
        String address = comparable(sender.address());
        String domain = address.substring(Math.max(0, address.lastIndexOf('@')));
        return !sender.isNull()
                && senders.stream()
                        .map(Router::comparable)
                        .anyMatch(entry -> entry.equals(address) || entry.equals(domain));
    }

    private static String comparable(String address) {
        return ALabels.address(address).orElse(address).toLowerCase(Locale.ROOT);
    }
}
