package dev.postern.doctor;

import dev.postern.doctor.EgressReport.Works;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The diagnosis.
///
/// @param at when it was made
/// @param took how long it took
/// @param complete whether everything ended in time
/// @param platform where this program runs
/// @param egresses the configured ways out, in order
/// @param ways well-known ones, where none is configured
/// @param findings what concerns this machine as a whole
public record Report(
        Instant at,
        Duration took,
        boolean complete,
        Platform platform,
        List<EgressReport> egresses,
        List<EgressReport> ways,
        List<Finding> findings) {

    public Report {
        egresses = List.copyOf(egresses);
        ways = List.copyOf(ways);
        findings = List.copyOf(findings);
    }

    /// Returns the same without egresses that a reload took away while they were examined.
    public Report without(Set<String> gone) {
        List<EgressReport> left =
                egresses.stream().filter(egress -> !gone.contains(egress.name())).toList();
        return new Report(at, took, complete, platform, left, ways, findings);
    }

    /// Returns whether mail can leave by at least one configured egress.
    public boolean works() {
        return egresses.stream().anyMatch(egress -> egress.works() != Works.NO);
    }

    /// Returns the whole in a sentence: whether and by what mail can leave.
    public String verdict() {
        if (egresses.isEmpty() && ways.isEmpty()) {
            return "a reload took away every egress that was examined: ask again";
        }
        if (egresses.isEmpty()) {
            int open = named(ways, Works.YES).size();
            return "no egress is configured, so mail is held; "
                    + (open == 0
                            ? "none of the well-known ways is open here"
                            : open + " of " + ways.size() + " well-known ways are open here");
        }
        List<String> good = named(egresses, Works.YES);
        List<String> unproven = named(egresses, Works.UNPROVEN);
        List<String> bad = named(egresses, Works.NO);
        List<String> parts = new ArrayList<>();
        if (!good.isEmpty()) {
            parts.add("mail can leave by " + HostEvidence.inWords(good));
        }
        if (!unproven.isEmpty()) {
            String answers = unproven.size() == 1 ? " answers" : " answer";
            parts.add(
                    HostEvidence.inWords(unproven)
                            + answers
                            + ", and only real mail could prove more");
        }
        if (!bad.isEmpty()) {
            boolean none = good.isEmpty() && unproven.isEmpty();
            String does = bad.size() == 1 ? " does not work" : " do not work";
            parts.add((none ? "mail cannot leave: " : "") + HostEvidence.inWords(bad) + does);
        }
        return String.join("; ", parts);
    }

    private static List<String> named(List<EgressReport> all, Works works) {
        return all.stream().filter(it -> it.works() == works).map(EgressReport::name).toList();
    }

    /// Returns what to do next where no egress is configured, by what is open; empty otherwise.
    public String advice() {
        if (!egresses.isEmpty() || ways.isEmpty()) {
            return "";
        }
        List<EgressReport> open = ways.stream().filter(it -> it.works() == Works.YES).toList();
        boolean smtp = open.stream().anyMatch(it -> it.type().equals("smtp"));
        boolean https = open.stream().anyMatch(it -> !it.type().equals("smtp"));
        String variable =
                "set the key of one: SENDGRID_API_KEY, RESEND_API_KEY, BREVO_API_KEY,"
                        + " POSTMARK_SERVER_TOKEN, or MAILGUN_API_KEY with MAILGUN_DOMAIN";
        if (smtp) {
            return "SMTP gets out here: set POSTERN_EGRESS='smtp://USER:PASSWORD@HOST' with your"
                    + " provider's host (the port is found by itself)"
                    + (https
                            ? "; HTTPS is open too, so a provider's API may follow as second"
                            : "");
        }
        return https
                ? "SMTP does not get out here, but HTTPS does: use a provider's API; " + variable
                : "nothing gets out: see the findings, or set HTTPS_PROXY if this network has a"
                        + " proxy";
    }

    /// Something that was found, what it means, and what to do.
    ///
    /// @param id names it in documents: `gmail-app-password`
    /// @param means what it means here
    /// @param advice what to do next; empty when there is nothing to do
    public record Finding(String id, String means, String advice) {}
}
