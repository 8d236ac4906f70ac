package dev.postern.doctor;

import java.util.List;
import java.util.Locale;

/// What was found about one way out.
///
/// @param name the egress's name; of a way that is not configured, its host
/// @param type the egress's type: `smtp`, `ses`…
/// @param host where it goes
/// @param works whether mail can leave by it
/// @param summary the reason in one line
/// @param steps what was tried
/// @param findings what it means and what to do
public record EgressReport(
        String name,
        String type,
        String host,
        Works works,
        String summary,
        List<Step> steps,
        List<Finding> findings) {

    public EgressReport {
        steps = List.copyOf(steps);
        findings = List.copyOf(findings);
    }

    /// Whether mail can leave by it.
    public enum Works {
        YES,
        /// It answers, and only real mail could show more.
        UNPROVEN,
        NO;

        /// Returns the word that users see.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
