package dev.postern.doctor;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// The diagnosis.
///
/// @param at when it was made
/// @param took how long it took
/// @param complete whether everything ended in time
/// @param platform where this program runs
/// @param works whether mail can leave by at least one configured egress
/// @param verdict the whole in a sentence
/// @param advice what to do next where none is configured; empty otherwise
/// @param egresses the configured ways out, in order
/// @param ways well-known ones, where none is configured
/// @param findings what concerns this machine as a whole
public record Report(
        Instant at,
        Duration took,
        boolean complete,
        Platform platform,
        boolean works,
        String verdict,
        String advice,
        List<Examined> egresses,
        List<Examined> ways,
        List<Finding> findings) {

    public Report {
        egresses = List.copyOf(egresses);
        ways = List.copyOf(ways);
        findings = List.copyOf(findings);
    }
}
