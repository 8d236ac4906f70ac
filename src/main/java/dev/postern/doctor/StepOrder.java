package dev.postern.doctor;

import dev.postern.doctor.Step.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Steps in the order in which people read: the name, each port as a whole, the log-in.
final class StepOrder {

    private StepOrder() {}

    static List<Step> sorted(List<Step> steps) {
        List<String> targets = steps.stream().map(Step::target).distinct().toList();
        List<String> ports =
                steps.stream().filter(step -> step.kind() == Kind.TCP).map(Step::target).toList();
        List<Step> sorted = new ArrayList<>(steps);
        sorted.sort(
                Comparator.comparingInt((Step step) -> rank(step, ports))
                        .thenComparingInt(step -> targets.indexOf(step.target())));
        return sorted;
    }

    private static int rank(Step step, List<String> ports) {
        return switch (step.kind()) {
            case DNS -> 0;
            // That of an API is for all its addresses.
            case TLS -> ports.contains(step.target()) ? 1 : 2;
            case TCP, GREETING, EHLO -> 1;
            case AUTH, API -> 3;
        };
    }
}
