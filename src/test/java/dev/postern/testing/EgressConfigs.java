package dev.postern.testing;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.config.Secret;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Configurations of egresses for tests to which only names, senders and limits matter.
public final class EgressConfigs {

    private EgressConfigs() {}

    /// Returns an egress for some senders.
    public static EgressConfig egress(String name, String... senders) {
        return egress(name, 2, List.of(senders), null, WhenLimited.WAIT);
    }

    /// Returns an egress with everything that dispatch and route look at.
    public static EgressConfig egress(
            String name,
            int concurrency,
            List<String> senders,
            @Nullable Rate rate,
            WhenLimited whenLimited) {
        return egress(name, concurrency, senders, rate, null, whenLimited);
    }

    /// Returns the same with a quota.
    public static EgressConfig egress(
            String name,
            int concurrency,
            List<String> senders,
            @Nullable Rate rate,
            @Nullable Rate quota,
            WhenLimited whenLimited) {
        Duration timeout = Duration.ofSeconds(10);
        return new EgressConfig.Api(
                new Common(
                        name,
                        null,
                        null,
                        concurrency,
                        timeout,
                        timeout,
                        timeout,
                        timeout,
                        senders,
                        rate,
                        quota,
                        whenLimited,
                        Fidelity.BEST_EFFORT,
                        false),
                "resend",
                Secret.of("key"));
    }
}
