package dev.postern.dispatch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/// Time that moves when a test says so, and threads that run one after the other on the test's own:
/// every order of events that it makes is one that real threads could make, and it makes the same
/// one each time.
final class ManualPace implements Scheduler {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    private static final int MOST_STEPS_AT_ONCE = 20_000;

    private record Later(Instant when, long order, Runnable task) {}

    private record Ready(String name, Runnable task) {}

    private final RandomGenerator random;
    private final List<Ready> ready = new ArrayList<>();
    private final PriorityQueue<Later> timers =
            new PriorityQueue<>(Comparator.comparing(Later::when).thenComparingLong(Later::order));
    private final List<String> interrupted = new ArrayList<>();
    private Instant now = START;
    private long order;
    private int steps;
    private int stepsNow;
    private Instant lastStep = START;
    private boolean holding;
    private boolean dead;
    private final List<String> asleep = new ArrayList<>();
    private Function<String, Duration> lasting = _ -> Duration.ZERO;
    private Consumer<String> onStart = _ -> {};

    /// @param random picks which of the ready threads runs next
    ManualPace(RandomGenerator random) {
        this.random = random;
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Runnable start(String name, Runnable task) {
        if (dead) {
            return () -> {};
        }
        onStart.accept(name);
        Duration lasts = name.equals("dispatch") ? Duration.ZERO : lasting.apply(name);
        Ready thread = new Ready(name, task);
        if (lasts.isZero()) {
            ready.add(thread);
        } else {
            asleep.add(name);
            at(now.plus(lasts), () -> awake(thread));
        }
        return () -> interrupted.add(name);
    }

    @Override
    public Runnable at(Instant when, Runnable task) {
        Later later = new Later(when, order++, task);
        timers.add(later);
        return () -> timers.remove(later);
    }

    @Override
    public void close() {
        timers.clear();
    }

    private void awake(Ready thread) {
        asleep.remove(thread.name());
        ready.add(thread);
    }

    /// Makes threads sleep before they run, as long as `time` says of each.
    void lasting(Function<String, Duration> time) {
        lasting = time;
    }

    /// Ends all threads and timers where they are.
    void kill() {
        ready.clear();
        timers.clear();
        asleep.clear();
    }

    /// Ends all as [#kill] does, from within a thread, which comes to its end in vain; nothing is
    /// started, and no time passes, until [#revive].
    void die() {
        kill();
        dead = true;
    }

    void revive() {
        kill();
        dead = false;
    }

    /// Sets who is told of the name of each thread when it is started.
    void onStart(Consumer<String> told) {
        onStart = told;
    }

    /// Makes calls of egresses wait until they are let go; only the dispatcher's own tasks and
    /// probes run.
    void hold() {
        holding = true;
    }

    void letGo() {
        holding = false;
        run();
    }

    /// Lets one held call of `egress` run.
    void letOneGo(String egress) {
        Ready call =
                ready.stream()
                        .filter(t -> t.name().startsWith(egress + "-"))
                        .findFirst()
                        .orElseThrow();
        ready.remove(call);
        call.task().run();
        run();
    }

    /// Returns how many calls of `egress` are under way.
    long underWay(String egress) {
        return ready.stream().filter(t -> t.name().startsWith(egress + "-")).count()
                + asleep.stream().filter(name -> name.startsWith(egress + "-")).count();
    }

    /// Returns how many tasks wait for their time.
    int timers() {
        return timers.size();
    }

    List<String> interrupted() {
        return interrupted;
    }

    int steps() {
        return steps;
    }

    /// Runs whatever is ready, until nothing is.
    void run() {
        run(Integer.MAX_VALUE);
    }

    /// Runs whatever is ready, but at most so many threads, so that some stay where they are.
    void run(int most) {
        int last = most > Integer.MAX_VALUE - steps ? Integer.MAX_VALUE : steps + most;
        List<Ready> runnable = runnable();
        while (!runnable.isEmpty() && steps < last) {
            Ready next = runnable.get(random.nextInt(runnable.size()));
            ready.remove(next);
            steps++;
            stepsNow = now.equals(lastStep) ? stepsNow + 1 : 0;
            lastStep = now;
            if (steps > 2_000_000 || stepsNow > MOST_STEPS_AT_ONCE) {
                throw new AssertionError("it never rests");
            }
            next.task().run();
            runnable = runnable();
        }
    }

    private List<Ready> runnable() {
        return ready.stream()
                .filter(t ->
                        !holding || t.name().equals("dispatch") || t.name().startsWith("probe"))
                .toList();
    }

    /// Lets time pass, running what becomes ready on the way.
    void pass(Duration duration) {
        run();
        Instant end = now.plus(duration);
        for (Later next = timers.peek();
                next != null && !next.when().isAfter(end);
                next = timers.peek()) {
            timers.remove();
            now = next.when().isAfter(now) ? next.when() : now;
            next.task().run();
            run();
        }
        now = end.isAfter(now) && !dead ? end : now;
    }

    /// Lets time pass while the caller, an egress, is busy; timers wait.
    void spend(Duration duration) {
        now = now.plus(duration);
    }
}
