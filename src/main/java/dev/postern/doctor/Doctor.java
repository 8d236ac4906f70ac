package dev.postern.doctor;

import dev.postern.config.DkimConfig;
import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.config.Hosts;
import dev.postern.config.PosternConfig;
import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import dev.postern.dkim.DkimCheck;
import dev.postern.dkim.DkimCheck.Checked;
import dev.postern.doctor.Network.RealNetwork;
import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.egress.Probe;
import dev.postern.outcome.Outcome.Fault;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Examines every way out of this machine.
///
/// **Purpose.** Says which egresses work, why the others do not, and what to do; with none
/// configured, which of the well-known ways are open here.
///
/// **Contract.** [#begin] returns at once; the [DoctorRun] it gives is over after [#LIMIT] at the
/// latest, however many things time out: everything runs at the same time, and what has not ended
/// by then is reported as unfinished. No mail is sent. Credentials are used by the egresses' own
/// probes only, which verify the server first.
///
/// **Diagnostics.** All trouble of the world is in the [Report], in the words of the findings
/// table. What we did wrong ourselves is logged.
///
/// See also: `FindingTable`, docs/doctor.md.
public final class Doctor {

    /// How long an examination takes at most. The command's start and its output come on top, and
    /// the whole is to take 15 s at most.
    public static final Duration LIMIT = Duration.ofSeconds(12);

    private final List<EgressConfig> egresses;
    private final Set<Integer> ourPorts;
    private final Supplier<List<Checked>> dkim;
    private final World world;

    /// All that is not ours, as tests may replace it.
    ///
    /// @param network the network
    /// @param platform tells where we are
    /// @param clock tells the time
    /// @param nanoTime measures how long things take
    /// @param patience waits for the end of a round
    record World(
            Network network,
            Supplier<Platform> platform,
            Clock clock,
            LongSupplier nanoTime,
            Patience patience) {}

    /// Waits.
    @FunctionalInterface
    interface Patience {

        /// Returns whether `end` came within the limit.
        boolean await(CompletableFuture<Void> end, Duration limit);
    }

    /// @param dkim compares our keys with the DNS; blocks
    Doctor(
            List<EgressConfig> egresses,
            Set<Integer> ourPorts,
            Supplier<List<Checked>> dkim,
            World world) {
        this.egresses = List.copyOf(egresses);
        this.ourPorts = Set.copyOf(ourPorts);
        this.dkim = dkim;
        this.world = world;
    }

    /// Returns a doctor for some of the egresses only, which have been examined by their own
    /// probes.
    ///
    /// @param keys those whose records are looked at
    /// @param prober tells what a probe found; blocks
    public static Doctor of(
            PosternConfig config,
            List<EgressConfig> some,
            List<DkimConfig> keys,
            Function<EgressConfig, Probe> prober) {
        World world =
                new World(
                        new RealNetwork(config.smtp().hostname(), prober),
                        () -> new PlatformReading(System.getenv(), Path.of("/")).platform(),
                        Clock.systemUTC(),
                        System::nanoTime,
                        Doctor::await);
        return new Doctor(
                some,
                Set.of(config.smtp().listen().port()),
                () -> DkimCheck.check(keys, DkimCheck.NAME_SERVERS),
                world);
    }

    /// Returns a doctor that makes egresses of its own to examine them.
    ///
    /// @param known what a running forwarder knows of some of them, by name
    public static Doctor of(PosternConfig config, Map<String, KnownTrouble> known) {
        String hostname = config.smtp().hostname();
        return of(
                config,
                config.egress(),
                config.dkim(),
                egress -> {
                    Probe probe = RealNetwork.probeAfresh(egress, hostname);
                    KnownTrouble trouble = known.get(egress.name());
                    return trouble == null ? probe : trouble.over(probe);
                });
    }

    private static boolean await(CompletableFuture<Void> end, Duration limit) {
        try {
            end.get(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /// Begins an examination.
    public DoctorRun begin() {
        return begin(LIMIT);
    }

    /// Begins an examination that may take no longer than this.
    public DoctorRun begin(Duration limit) {
        Platform platform = world.platform().get();
        List<Examination> configured = examinations(egresses, true, platform);
        List<Examination> ways =
                egresses.isEmpty() ? examinations(WellKnown.all(), false, platform) : List.of();
        boolean abroad = egresses.isEmpty() || egresses.stream().anyMatch(Doctor::leavesMachine);
        LocalLook local =
                new LocalLook(WellKnown.localMta(), abroad, ourPorts, dkim, world.network());
        return new DoctorRun(platform, configured, ways, local, world, limit);
    }

    private static boolean leavesMachine(EgressConfig egress) {
        return egress instanceof EgressConfig.Smtp smtp && !Hosts.loopback(smtp.smtp().host());
    }

    private List<Examination> examinations(
            List<EgressConfig> configs, boolean configured, Platform platform) {
        return configs.stream()
                .map(config ->
                        config instanceof EgressConfig.Smtp smtp
                                ? new SmtpExamination(smtp, configured, platform, world)
                                : new HttpExamination(config, configured, platform, world))
                .toList();
    }

    /// Well-known ways out, which are looked at where none is configured. Nobody logs in there.
    static final class WellKnown {

        private static final Duration LIMIT = Duration.ofSeconds(6);
        private static final SubmissionPort STARTTLS = new SubmissionPort(587, false);
        private static final SubmissionPort IMPLICIT = new SubmissionPort(465, true);
        private static final String REGION = "us-east-1";

        private WellKnown() {}

        static List<EgressConfig> all() {
            Secret none = Secret.of("");
            return List.of(
                    smtp("smtp.gmail.com", STARTTLS, IMPLICIT),
                    smtp("smtp.office365.com", STARTTLS),
                    smtp("smtp.sendgrid.net", STARTTLS, IMPLICIT, new SubmissionPort(2525, false)),
                    smtp(
                            "email-smtp." + REGION + ".amazonaws.com",
                            STARTTLS,
                            IMPLICIT,
                            new SubmissionPort(2587, false)),
                    api("sendgrid"),
                    new EgressConfig.Mailgun(common("mailgun"), "example.org", none),
                    api("resend"),
                    api("brevo"),
                    api("postmark"),
                    new EgressConfig.Ses(common("ses"), REGION, none, none));
        }

        /// Returns how mail servers on this machine are spoken to.
        static EgressConfig.Smtp localMta() {
            return smtp("localhost", STARTTLS);
        }

        private static EgressConfig.Smtp smtp(String host, SubmissionPort... ports) {
            return new EgressConfig.Smtp(
                    common(host),
                    new SmtpEgressConfig(
                            host,
                            OptionalInt.empty(),
                            Tls.REQUIRED,
                            null,
                            null,
                            null,
                            null,
                            List.of(ports)));
        }

        private static EgressConfig api(String type) {
            return new EgressConfig.Api(common(type), type, Secret.of(""));
        }

        private static Common common(String name) {
            return new Common(
                    name,
                    null,
                    null,
                    1,
                    LIMIT,
                    LIMIT,
                    LIMIT,
                    LIMIT,
                    List.of(),
                    null,
                    null,
                    WhenLimited.WAIT,
                    Fidelity.BEST_EFFORT,
                    false);
        }
    }

    /// What a running forwarder knows of an egress and no probe can see, since it shows when mail
    /// is sent only: that its limit is used up, or that its account may not send.
    ///
    /// @param said the provider's words
    public record KnownTrouble(Fault fault, String said) {

        private static final Set<Fault> SHOWN_BY_MAIL_ONLY = Set.of(Fault.QUOTA, Fault.ACCOUNT);

        /// Returns what the API tells of an egress that is down; empty for other kinds of trouble.
        ///
        /// @param word that of the kind of trouble: `quota`
        public static Optional<KnownTrouble> of(String word, String said) {
            return SHOWN_BY_MAIL_ONLY.stream()
                    .filter(fault -> fault.word().equals(word))
                    .findFirst()
                    .map(fault -> new KnownTrouble(fault, said));
        }

        /// Returns what an egress's health tells of it.
        public static Optional<KnownTrouble> of(EgressView health) {
            Fault fault = health.fault();
            return fault == null || health.state() != EgressState.DOWN
                    ? Optional.empty()
                    : of(fault.word(), Objects.requireNonNullElse(health.lastWords(), ""));
        }

        /// Returns what a probe found in the light of this.
        public Probe over(Probe probe) {
            return switch (probe) {
                case Probe.Failed failed -> failed;
                case Probe.Passed _, Probe.Unproven _ -> new Probe.Failed(said, fault, null);
            };
        }
    }
}
