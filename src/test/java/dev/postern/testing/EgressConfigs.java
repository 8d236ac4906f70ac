package dev.postern.testing;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.config.PosternConfig;
import dev.postern.config.Secret;
import dev.postern.config.load.ConfigLoader;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Configurations of egresses for tests to which only names, senders and limits matter.
public final class EgressConfigs {

    private EgressConfigs() {}

    /// Returns a configuration of nothing but egresses, as `POSTERN_EGRESS` has them.
    public static PosternConfig configured(String... urls) {
        Sources sources =
                new Sources(
                        null,
                        Map.of("POSTERN_EGRESS", String.join(" ", urls)),
                        Path.of("/srv"),
                        Files::readString,
                        () -> "test-machine",
                        _ -> "ext4",
                        null);
        return ((Loaded.Valid) ConfigLoader.load(sources)).config();
    }

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
