package dev.postern.doctor;

import dev.postern.doctor.Platform.Firewall;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/// Reports for tests of those who show them.
public final class Reports {

    private static final Platform HOST =
            new Platform(
                    "host",
                    "a plain host",
                    "Debian GNU/Linux 12",
                    "vps",
                    false,
                    true,
                    List.of(),
                    Firewall.NFTABLES,
                    Set.of("host"));

    private Reports() {}

    /// Returns a report about these egresses, or where there are none about these ways.
    public static Report of(List<EgressReport> egresses, List<EgressReport> ways) {
        return new Report(
                Instant.parse("2026-11-22T07:00:00Z"),
                Duration.ofMillis(1500),
                true,
                HOST,
                egresses,
                ways,
                List.of());
    }
}
