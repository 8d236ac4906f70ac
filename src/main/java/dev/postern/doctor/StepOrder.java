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
        List<Step> sorted = new ArrayList<>(steps);
        sorted.sort(
                Comparator.comparingInt((Step step) -> rank(step.kind()))
                        .thenComparingInt(step -> targets.indexOf(step.target())));
        return sorted;
    }

    private static int rank(Kind kind) {
        return switch (kind) {
            case DNS -> 0;
            case TCP, GREETING, TLS, EHLO -> 1;
            case AUTH, API -> 2;
        };
    }
}
