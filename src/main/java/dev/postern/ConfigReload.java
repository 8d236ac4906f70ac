package dev.postern;

import dev.postern.config.PosternConfig;
import dev.postern.config.load.Changes;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.mail.LogMark;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has the running program take up a configuration that changed: when the files that it came from
/// did, or at once when asked to (SIGHUP).
///
/// *Contract.* A configuration is taken up whole or not at all: a file that has gone or is half
/// written, or one that `config check` would refuse, leaves the present one in use. Of a good one
/// that part is taken up which can change in a running program.
///
/// *Diagnostics.* One line that names what changed, one warning that names what needs a restart,
/// one warning with all problems of a configuration that can't be used. Values are never told.
///
/// *See also.* [ConfigFiles], [Changes], [Forwarder#use].
final class ConfigReload implements AutoCloseable {

    /// How often the files are looked at. A change counts once two looks in a row found the same,
    /// so that nobody is read while he writes.
    static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(ConfigReload.class);

    private final ConfigFiles files;
    private final Semaphore asked;
    private final Function<Loaded.Valid, List<ConfigProblem>> objections;
    private final Function<PosternConfig, List<String>> takeUp;
    private final Loaded.Valid started;
    private Loaded.Valid last;
    private boolean broken;
    private volatile boolean closed;

    /// Makes ready for changes since `running` was loaded from these files.
    ///
    /// @param asked released for each wish to read them at once
    /// @param objections says what is wrong with a configuration for this program as it runs
    /// @param takeUp goes on with a configuration; returns the names of the egresses that are new,
    ///   or made anew
    ConfigReload(
            ConfigFiles files,
            Loaded.Valid running,
            Semaphore asked,
            Function<Loaded.Valid, List<ConfigProblem>> objections,
            Function<PosternConfig, List<String>> takeUp) {
        this.files = files;
        this.asked = asked;
        this.objections = objections;
        this.takeUp = takeUp;
        this.started = running;
        this.last = running;
    }

    /// Begins to look.
    ConfigReload start() {
        Thread.ofVirtual().name("reload").start(this::watch);
        return this;
    }

    private void watch() {
        while (!closed) {
            boolean wished = await();
            if (!closed && (wished || files.haveChanged())) {
                read(wished);
            }
        }
    }

    private boolean await() {
        try {
            boolean wished = asked.tryAcquire(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
            asked.drainPermits();
            return wished;
        } catch (InterruptedException _) {
            // Nobody has a reason to interrupt this thread.
            return false;
        }
    }

    /// Reads the files and takes up what they say.
    ///
    /// @param wished whether somebody wants to hear even that nothing changed
    void read(boolean wished) {
        try {
            switch (files.load()) {
                case Loaded.Invalid invalid -> refuse(invalid.lines());
                case Loaded.Valid valid -> {
                    List<ConfigProblem> wrong = objections.apply(valid);
                    if (wrong.isEmpty()) {
                        take(valid, wished);
                    } else {
                        refuse(wrong.stream().map(ConfigProblem::toString).toList());
                    }
                }
            }
        } catch (RuntimeException | Error e) {
            // Mail goes on by the configuration that works.
            log.atError().setCause(e).log("the configuration could not be read again");
        }
    }

    private void refuse(List<String> problems) {
        broken = true;
        log.atWarn()
                .addKeyValue("problems", String.join(" | ", problems))
                .log("the changed configuration can't be used, the one before stays in use");
    }

    private void take(Loaded.Valid next, boolean wished) {
        Changes changes = Changes.between(last, next);
        List<String> made = takeUp.apply(next.config());
        Set<String> names = new LinkedHashSet<>(changes.live());
        for (String egress : made) {
            String name = "egress." + egress;
            if (names.stream().noneMatch(n -> n.equals(name) || n.startsWith(name + "."))) {
                names.add(name + ".ca");
            }
        }
        tell(names, wished || (broken && changes.fixed().isEmpty()));
        tellFixed(next, changes);
        List<String> remarks = new ArrayList<>(next.remarks());
        remarks.removeAll(last.remarks());
        remarks.forEach(
                remark -> log.atInfo().addKeyValue("remark", remark).log("configuration remark"));
        broken = false;
        last = next;
    }

    private static void tell(Set<String> names, boolean anyway) {
        if (!names.isEmpty()) {
            log.atInfo()
                    .addMarker(LogMark.EACH)
                    .addKeyValue("keys", String.join(", ", names))
                    .log("configuration changed, now in use");
        } else if (anyway) {
            log.atInfo().log("configuration read again, nothing changed");
        }
    }

    /// Only what differs now and did not before: a second change elsewhere is no reason to tell it
    /// again.
    private void tellFixed(Loaded.Valid next, Changes changes) {
        Set<String> fixed = new HashSet<>(Changes.between(started, next).fixed());
        List<String> told = changes.fixed().stream().filter(fixed::contains).toList();
        if (!told.isEmpty()) {
            log.atWarn()
                    .addKeyValue("keys", String.join(", ", told))
                    .log("changed keys need a restart, the values before stay in use");
        }
    }

    /// Looks no more.
    @Override
    public void close() {
        closed = true;
        asked.release();
    }
}
