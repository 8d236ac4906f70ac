package dev.postern.doctor;

import dev.postern.doctor.Report.Finding;
import dev.postern.mail.Worded;
import java.time.Duration;
import java.util.List;

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
    public enum Works implements Worded {
        YES,
        /// It answers, and only real mail could show more.
        UNPROVEN,
        NO
    }

    /// One thing that was tried.
    ///
    /// @param kind what
    /// @param target at what: `587 IPv4`
    /// @param result how it ended
    /// @param detail what was seen or said
    /// @param took how long it took
    public record Step(
            StepKind kind, String target, StepEnd result, String detail, Duration took) {}

    /// What was tried, in the order in which a submission goes.
    public enum StepKind implements Worded {
        DNS,
        /// A TCP connection.
        TCP,
        GREETING,
        TLS,
        EHLO,
        /// The log-in, by the egress's own probe.
        AUTH,
        /// The API's authenticated call that sends nothing.
        API
    }

    /// How it ended.
    public enum StepEnd implements Worded {
        OK,
        FAILED,
        /// It proves neither that mail can leave nor that it can't.
        UNPROVEN,
        /// It had not ended when the examination did.
        UNFINISHED
    }
}
