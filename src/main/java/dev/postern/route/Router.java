package dev.postern.route;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.mail.ALabels;
import dev.postern.mail.ReversePath;
import dev.postern.route.Route.PassedOver;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Orders the egresses for a message: the configured order, without those that may not send for its
/// sender, those that are down, and those whose rate or quota is used up.
///
/// An egress that is limited with `when-limited: wait` keeps its mail: those behind it are not
/// asked.
public final class Router {

    private final List<Common> egresses;

    /// Creates a router over `egresses`, which are in order of preference.
    public Router(List<EgressConfig> egresses) {
        this.egresses = egresses.stream().map(EgressConfig::common).toList();
    }

    /// Returns the route of a message from `sender`.
    ///
    /// @param standing how an egress of a given name stands now
    public Route route(ReversePath sender, Function<String, Standing> standing) {
        List<String> candidates = new ArrayList<>();
        List<PassedOver> passedOver = new ArrayList<>();
        String waitsFor = null;
        for (Common egress : egresses) {
            PassedOver reason = passOver(egress, sender, standing, waitsFor);
            if (reason == null) {
                candidates.add(egress.name());
            } else {
                passedOver.add(reason);
                if (reason instanceof PassedOver.Limited
                        && egress.whenLimited() == WhenLimited.WAIT) {
                    waitsFor = egress.name();
                }
            }
        }
        return new Route(candidates, passedOver);
    }

    /// Returns the names of those egresses that may send for `sender`, in order of preference.
    public List<String> permitted(ReversePath sender) {
        return egresses.stream()
                .filter(egress -> maySendFor(egress.senders(), sender))
                .map(Common::name)
                .toList();
    }

    private static @Nullable PassedOver passOver(
            Common egress,
            ReversePath sender,
            Function<String, Standing> standing,
            @Nullable String waitsFor) {
        if (!maySendFor(egress.senders(), sender)) {
            return new PassedOver.Sender(egress.name());
        }
        if (waitsFor != null) {
            return new PassedOver.Behind(egress.name(), waitsFor);
        }
        return switch (standing.apply(egress.name())) {
            case Standing.Usable _ -> null;
            case Standing.Down(String words) -> new PassedOver.Down(egress.name(), words);
            case Standing.Limited(var until) -> new PassedOver.Limited(egress.name(), until);
        };
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
