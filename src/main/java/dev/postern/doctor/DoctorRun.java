package dev.postern.doctor;

import dev.postern.doctor.Doctor.World;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Report.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One examination under way.
public final class DoctorRun {

    /// Clocks that differ by less are good enough for certificates and signatures.
    private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(4);

    private static final Logger log = LoggerFactory.getLogger(DoctorRun.class);

    private final Platform platform;
    private final List<Examination> configured;
    private final List<Examination> ways;
    private final LocalLook local;
    private final World world;
    private final Duration limit;
    private final Instant began;
    private final long beganNanos;
    private final List<Thread> threads = new ArrayList<>();
    private final List<CompletableFuture<Void>> ends = new ArrayList<>();
    private final CompletableFuture<Void> end;

    DoctorRun(
            Platform platform,
            List<Examination> configured,
            List<Examination> ways,
            LocalLook local,
            World world,
            Duration limit) {
        this.limit = limit;
        this.platform = platform;
        this.configured = configured;
        this.ways = ways;
        this.local = local;
        this.world = world;
        this.began = world.clock().instant();
        this.beganNanos = world.nanoTime().getAsLong();
        all().forEach(examination -> start("doctor-" + examination.name(), examination::run));
        start("doctor-local", local::run);
        this.end = CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new));
    }

    private List<Examination> all() {
        return Stream.concat(configured.stream(), ways.stream()).toList();
    }

    private void start(String name, Runnable task) {
        ends.add(
                CompletableFuture.runAsync(
                                task, it -> threads.add(Thread.ofVirtual().name(name).start(it)))
                        .exceptionally(e -> {
                            log.atError()
                                    .setCause(e.getCause())
                                    .log("the doctor failed by our own fault");
                            return null;
                        }));
    }

    /// Waits for the end.
    ///
    /// @param most at most so long, and no longer than the limit that it began with
    /// @return whether it is over, by itself or by the limit
    public boolean await(Duration most) {
        Duration rest = rest();
        boolean last = most.compareTo(rest) >= 0;
        return world.patience().await(end, last ? rest : most) || last;
    }

    private Duration rest() {
        Duration rest = limit.minus(took());
        return rest.isNegative() ? Duration.ZERO : rest;
    }

    private Duration took() {
        return Duration.ofNanos(world.nanoTime().getAsLong() - beganNanos);
    }

    /// Returns how it stands, in a line: `3 of 5 examined, waiting for gmail (tcp 587 IPv4)`.
    public String progress() {
        long over = ends.stream().filter(CompletableFuture::isDone).count();
        String waiting =
                all().stream()
                        .flatMap(it -> it.waitsFor().map(what -> it.name() + " (" + what).stream())
                        .findFirst()
                        .map(first -> ", waiting for " + first + ")")
                        .orElse("");
        return over + " of " + ends.size() + " examined" + waiting;
    }

    /// Returns the diagnosis, once the round is over; blocks until then.
    public Report report() {
        boolean complete = end.isDone() || world.patience().await(end, rest());
        List<EgressReport> egresses = configured.stream().map(Examination::examined).toList();
        List<EgressReport> open = ways.stream().map(Examination::examined).toList();
        threads.forEach(Thread::interrupt);
        return new Report(began, took(), complete, platform, egresses, open, ofMachine());
    }

    private List<Finding> ofMachine() {
        HostEvidence seen = new HostEvidence(platform.tags(), platform.hostname());
        all().stream()
                .flatMap(it -> it.clockAhead().stream())
                .filter(ahead -> ahead.abs().compareTo(CLOCK_TOLERANCE) > 0)
                .findFirst()
                .ifPresent(ahead -> seen.saw(Where.CLOCK, inWords(ahead)));
        local.judge(seen);
        return seen.findings();
    }

    private static String inWords(Duration ahead) {
        Duration by = ahead.abs();
        String amount = by.toHours() >= 2 ? by.toHours() + " h" : by.toMinutes() + " min";
        return "clock is " + amount + (ahead.isNegative() ? " behind" : " ahead");
    }
}
