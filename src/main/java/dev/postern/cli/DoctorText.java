package dev.postern.cli;

import dev.postern.config.load.ConfigReference;
import dev.postern.doctor.EgressReport;
import dev.postern.doctor.EgressReport.Step;
import dev.postern.doctor.EgressReport.StepEnd;
import dev.postern.doctor.EgressReport.Works;
import dev.postern.doctor.Platform;
import dev.postern.doctor.Report;
import dev.postern.doctor.Report.Finding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The diagnosis for people: the place, a table for each way out, what it means, the verdict.
final class DoctorText {

    static final int USUAL_WIDTH = 100;

    private static final int LEAST_WIDTH = 60;
    private static final int LEAST_ROOM = 16;
    private static final double MILLIS_PER_SECOND = 1000.0;
    private static final String GREEN = "\u001b[32m";
    private static final String RED = "\u001b[31m";
    private static final String YELLOW = "\u001b[33m";
    private static final String PLAIN = "\u001b[0m";

    /// How a step's result shows.
    private record Mark(String word, String colour) {}

    private final Terminal terminal;
    private final int width;
    private final boolean colours;

    /// @param width columns to fill
    /// @param colours whether the terminal shows them
    DoctorText(Terminal terminal, int width, boolean colours) {
        this.terminal = terminal;
        this.width = Math.max(LEAST_WIDTH, width);
        this.colours = colours && System.getenv("NO_COLOR") == null;
    }

    void print(Report report) {
        platform(report.platform());
        report.egresses().forEach(this::inFull);
        ways(report.ways());
        if (!report.findings().isEmpty()) {
            terminal.say("");
            terminal.say("this machine");
            report.findings().forEach(this::finding);
        }
        terminal.say("");
        String colour = report.works() ? GREEN : RED;
        wrapped("", coloured(colour, "verdict") + "  ", "verdict  ".length(), report.verdict());
        if (!report.advice().isEmpty()) {
            wrapped("", "next     ", "next     ".length(), report.advice());
        }
        terminal.say(
                String.format(
                        Locale.ROOT,
                        "examined in %.1f s%s",
                        report.took().toMillis() / MILLIS_PER_SECOND,
                        report.complete() ? "" : "; some of it got no result in time"));
    }

    private void platform(Platform platform) {
        List<String> facts = new ArrayList<>(List.of(platform.label()));
        if (!platform.distribution().isEmpty()) {
            facts.add(platform.distribution());
        }
        facts.add(platform.container() ? "in a container" : "no container");
        facts.add(platform.root() ? "as root" : "not as root");
        facts.addAll(platform.proxies());
        wrapped("", "platform ", "platform ".length(), String.join(", ", facts));
    }

    private void inFull(EgressReport egress) {
        terminal.say("");
        title(egress);
        int targets =
                egress.steps().stream().mapToInt(step -> step.target().length()).max().orElse(0);
        for (Step step : egress.steps()) {
            String columns = "  %-8s  %-" + Math.max(1, targets) + "s  %s  %5.2f s  ";
            Mark mark = mark(step.result());
            String head =
                    String.format(
                            Locale.ROOT,
                            columns,
                            step.kind().word(),
                            step.target(),
                            mark.word(),
                            step.took().toMillis() / MILLIS_PER_SECOND);
            String shown = head.replace(mark.word(), coloured(mark.colour(), mark.word()));
            wrapped("", shown, head.length(), step.detail());
        }
        egress.findings().forEach(this::finding);
    }

    /// The well-known ways in a line each; findings that many share are told once.
    private void ways(List<EgressReport> ways) {
        if (ways.isEmpty()) {
            return;
        }
        terminal.say("");
        terminal.say("no egress is configured; well-known ways out from here:");
        int hosts = ways.stream().mapToInt(way -> way.host().length()).max().orElse(1);
        Map<String, Finding> findings = new LinkedHashMap<>();
        for (EgressReport way : ways) {
            String protocol = way.type().equals("smtp") ? "SMTP " : "HTTPS";
            String mark = way.works() == Works.YES ? "open  " : "closed";
            String head = String.format("  %s  %-" + hosts + "s  %s  ", protocol, way.host(), mark);
            String shown =
                    head.replace(mark, coloured(way.works() == Works.YES ? GREEN : RED, mark));
            wrapped("", shown, head.length(), way.summary().replaceFirst("^open: ", ""));
            way.findings().forEach(finding -> findings.putIfAbsent(finding.id(), finding));
        }
        findings.values().forEach(this::finding);
    }

    private void title(EgressReport egress) {
        String word =
                switch (egress.works()) {
                    case YES -> coloured(GREEN, "works");
                    case UNPROVEN -> coloured(YELLOW, "answers, unproven");
                    case NO -> coloured(RED, "does not work");
                };
        String host = Terminal.printable(egress.host());
        terminal.out().println(egress.name() + " (" + egress.type() + ", " + host + ")  " + word);
    }

    private void finding(Finding finding) {
        wrapped("  ", "=> ", "=> ".length(), finding.means());
        if (!finding.advice().isEmpty()) {
            wrapped("     ", "do: ", "do: ".length(), finding.advice());
        }
    }

    private static Mark mark(StepEnd result) {
        return switch (result) {
            case OK -> new Mark("ok    ", GREEN);
            case FAILED -> new Mark("failed", RED);
            case UNPROVEN -> new Mark("open  ", YELLOW);
            case UNFINISHED -> new Mark("no end", YELLOW);
        };
    }

    private String coloured(String colour, String text) {
        return colours ? colour + text + PLAIN : text;
    }

    /// Prints a text behind a head, broken into lines that are indented like the first.
    ///
    /// @param head ours: it may have colours
    /// @param columns how wide the head shows
    private void wrapped(String indent, String head, int columns, String text) {
        int room = Math.max(LEAST_ROOM, width - indent.length() - columns);
        String lead = indent + head;
        for (String line : ConfigReference.lines(Terminal.printable(text), room)) {
            terminal.out().println((lead + line).stripTrailing());
            lead = indent + " ".repeat(columns);
        }
    }
}
