package dev.postern.doctor;

import dev.postern.doctor.EgressReport.Works;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

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
        List<EgressReport> egresses,
        List<EgressReport> ways,
        List<Finding> findings) {

    private static final String ALL_GONE =
            "a reload took away every egress that was examined: ask again";

    public Report {
        egresses = List.copyOf(egresses);
        ways = List.copyOf(ways);
        findings = List.copyOf(findings);
    }

    /// Returns the same without egresses that a reload took away while they were examined.
    public Report without(Set<String> gone) {
        List<EgressReport> left =
                egresses.stream().filter(egress -> !gone.contains(egress.name())).toList();
        return new Report(
                at,
                took,
                complete,
                platform,
                left.stream().anyMatch(egress -> egress.works() != Works.NO),
                left.isEmpty() ? ALL_GONE : Summary.verdict(left, ways),
                advice,
                left,
                ways,
                findings);
    }
}
