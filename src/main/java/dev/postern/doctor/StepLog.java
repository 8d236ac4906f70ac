package dev.postern.doctor;

import dev.postern.doctor.EgressReport.Step;
import dev.postern.doctor.EgressReport.StepEnd;
import dev.postern.doctor.EgressReport.StepKind;
import dev.postern.doctor.Network.PortState;
import dev.postern.egress.Probe;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What is tried and what came of it, readable at any time. Thread-safe.
final class StepLog {

    private final LongSupplier nanoTime;
    private final List<Entry> entries = new ArrayList<>();

    /// @param nanoTime measures how long things take
    StepLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /// Something that is under way until it is ended.
    final class Entry {
        private final StepKind kind;
        private final String target;
        private final long beganNanos = nanoTime.getAsLong();
        private @Nullable Step step;

        private Entry(StepKind kind, String target) {
            this.kind = kind;
            this.target = target;
        }

        void end(StepEnd result, String detail) {
            synchronized (entries) {
                step = new Step(kind, target, result, detail, took());
            }
        }

        /// Ends with what became of a connection.
        void end(PortState state, InetAddress address) {
            end(
                    state == PortState.OPEN ? StepEnd.OK : StepEnd.FAILED,
                    state.word() + " " + address.getHostAddress());
        }

        /// Ends with what a probe found.
        void end(Probe found) {
            switch (found) {
                case Probe.Passed(String detail) -> end(StepEnd.OK, detail);
                case Probe.Unproven(String detail) -> end(StepEnd.UNPROVEN, detail);
                case Probe.Failed failed -> end(StepEnd.FAILED, failed.trouble().reply());
            }
        }

        private Duration took() {
            return Duration.ofNanos(nanoTime.getAsLong() - beganNanos);
        }

        private Step asItIs() {
            return step == null
                    ? new Step(kind, target, StepEnd.UNFINISHED, "no result in time", took())
                    : step;
        }
    }

    Entry begin(StepKind kind, String target) {
        synchronized (entries) {
            Entry entry = new Entry(kind, target);
            entries.add(entry);
            return entry;
        }
    }

    /// Adds something that is over.
    void add(Step step) {
        synchronized (entries) {
            Entry entry = new Entry(step.kind(), step.target());
            entry.step = step;
            entries.add(entry);
        }
    }

    /// Returns what has been under way for longest: `tcp 587 IPv4`.
    Optional<String> waitsFor() {
        synchronized (entries) {
            return entries.stream()
                    .filter(entry -> entry.step == null)
                    .findFirst()
                    .map(entry -> entry.kind.word() + " " + entry.target);
        }
    }

    /// Returns everything in the order in which people read: the name, each port as a whole, the
    /// log-in.
    List<Step> inOrder() {
        List<Step> steps;
        synchronized (entries) {
            steps = entries.stream().map(Entry::asItIs).toList();
        }
        List<String> targets = steps.stream().map(Step::target).distinct().toList();
        List<String> ports =
                steps.stream()
                        .filter(step -> step.kind() == StepKind.TCP)
                        .map(Step::target)
                        .toList();
        return steps.stream()
                .sorted(
                        Comparator.comparingInt((Step step) -> rank(step, ports))
                                .thenComparingInt(step -> targets.indexOf(step.target())))
                .toList();
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
