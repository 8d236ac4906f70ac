package dev.postern;

import dev.postern.admin.EgressView;
import dev.postern.egress.EgressState;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Which egresses mail left by instead of preferred ones, for operators' eyes: the last one for
/// each that was passed over, until that one works again. Thread-safe.
final class Detours {

    private record Detour(String text, Instant at) {}

    private final InstantSource clock;
    private final Map<String, Detour> last = new ConcurrentHashMap<>();

    Detours(InstantSource clock) {
        this.clock = clock;
    }

    void took(String egress, String insteadOf, String why) {
        String text = egress + " instead of " + insteadOf + ": " + why;
        last.put(insteadOf, new Detour(text, clock.instant()));
    }

    /// Returns them as `sendgrid instead of gmail: 587 timed out`, in the order of the egresses.
    List<String> texts(List<EgressView> egresses) {
        return egresses.stream()
                .flatMap(egress -> {
                    @Nullable Detour detour = last.get(egress.name());
                    return detour == null || worksSince(egress, detour.at())
                            ? Stream.<String>empty()
                            : Stream.of(detour.text());
                })
                .toList();
    }

    private static boolean worksSince(EgressView egress, Instant at) {
        Instant success = egress.lastSuccess();
        return egress.state() == EgressState.UP && success != null && success.isAfter(at);
    }
}
