package dev.postern.dispatch;

import dev.postern.config.EgressConfig;
import dev.postern.config.PosternConfig.RetryConfig;
import dev.postern.egress.Egress;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.FakeSpool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// A dispatcher over scripted egresses, a spool in memory and a time of its own.
final class Rig implements DispatchObserver {

    static final Duration MAX_AGE = Duration.ofDays(5);
    static final Duration ACKNOWLEDGE_TIMEOUT = Duration.ofSeconds(30);
    static final RetryConfig RETRY =
            new RetryConfig(
                    List.of(
                            Duration.ofSeconds(30),
                            Duration.ofMinutes(1),
                            Duration.ofMinutes(5),
                            Duration.ofHours(1)),
                    MAX_AGE);

    final ManualPace scheduler;
    final FakeSpool spool;
    final Map<String, ScriptedEgress> egresses = new LinkedHashMap<>();
    final Map<String, EgressConfig> configs = new LinkedHashMap<>();
    final List<String> findings = new ArrayList<>();
    final List<String> fallbacks = new ArrayList<>();
    final List<QueueId> done = new ArrayList<>();
    final List<Attempt> attempts = new ArrayList<>();
    final List<ScriptedEgress> retired = new ArrayList<>();
    final Dispatcher dispatcher;

    Rig(RandomGenerator random, EgressConfig... configs) {
        scheduler = new ManualPace(random);
        spool = new FakeSpool(scheduler::now);
        for (EgressConfig config : configs) {
            this.configs.put(config.name(), config);
            egresses.put(config.name(), new ScriptedEgress(config.name()));
        }
        dispatcher =
                new Dispatcher(
                        new Dispatcher.Settings(List.of(configs), RETRY, ACKNOWLEDGE_TIMEOUT),
                        spool,
                        List.copyOf(egresses.values()),
                        this,
                        scheduler,
                        random);
    }

    /// Returns a rig whose egresses of these names take mail for anybody, two messages at once
    /// each.
    static Rig of(String... names) {
        EgressConfig[] configs = new EgressConfig[names.length];
        for (int i = 0; i < names.length; i++) {
            configs[i] = EgressConfigs.egress(names[i]);
        }
        return new Rig(new SplittableRandom(1), configs);
    }

    /// Goes on with these egresses: those named in `kept` are the same objects as before, the
    /// others new ones.
    void use(Set<String> kept, EgressConfig... next) {
        Map<String, ScriptedEgress> before = new LinkedHashMap<>(egresses);
        egresses.clear();
        configs.clear();
        for (EgressConfig config : next) {
            ScriptedEgress old = kept.contains(config.name()) ? before.get(config.name()) : null;
            configs.put(config.name(), config);
            egresses.put(config.name(), old == null ? new ScriptedEgress(config.name()) : old);
        }
        before.values().removeAll(egresses.values());
        retired.addAll(before.values());
        dispatcher.use(
                new Dispatcher.Settings(List.of(next), RETRY, ACKNOWLEDGE_TIMEOUT),
                List.copyOf(egresses.values()),
                Egress::close);
    }

    Rig start() {
        dispatcher.start();
        scheduler.run();
        return this;
    }

    ScriptedEgress egress(String name) {
        ScriptedEgress egress = egresses.get(name);
        if (egress == null) {
            throw new AssertionError("no egress " + name);
        }
        return egress;
    }

    /// Accepts a message and runs until nothing moves without time.
    QueueId send(String... recipients) {
        QueueId id = spool.add("a@example.org", recipients);
        scheduler.run();
        return id;
    }

    /// Returns a recipient as `state reason egress: reply`.
    String fate(QueueId id, int recipient) {
        Recipient r = spool.get(id).recipients().get(recipient);
        StringBuilder text = new StringBuilder(r.state().word());
        if (r.reason() != null) {
            text.append(' ').append(r.reason().word());
        }
        if (r.egress() != null) {
            text.append(' ').append(r.egress());
        }
        return text.append(": ").append(r.reply()).toString();
    }

    String fate(QueueId id) {
        return fate(id, 0);
    }

    Duration dueIn(QueueId id) {
        return Duration.between(scheduler.now(), spool.get(id).due());
    }

    @Override
    public void attempted(QueueId id, String egress, List<Attempt> lines, Duration took) {
        attempts.addAll(lines);
    }

    @Override
    public void fellBack(QueueId id, String egress, String insteadOf, String why) {
        fallbacks.add(egress + " instead of " + insteadOf);
    }

    @Override
    public void done(QueueId id, List<Recipient> recipients) {
        done.add(id);
    }
}
