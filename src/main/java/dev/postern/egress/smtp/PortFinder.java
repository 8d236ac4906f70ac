package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressView.Way;
import dev.postern.egress.smtp.PortRace.Candidate;
import dev.postern.egress.smtp.PortRace.RaceResult;
import dev.postern.egress.smtp.SmtpDialer.ConnectResult;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/// Finds the way to a server with `port: auto`: port, address family and kind of TLS.
///
/// **Purpose.** Races the candidates ([PortRace]) and remembers which won, until it fails.
///
/// **Contract.** One race at a time; whoever asks meanwhile shares its result. A race takes at most
/// `connect-timeout` and `command-timeout` together. Races have no credentials.
///
/// **Diagnostics.** That nothing wins is a verdict: the fault that tells most, with each port's
/// words. A line is logged when another way is taken than before.
///
/// See also: [ServerCheck] (what may win), [SmtpDialer] (who asks).
final class PortFinder {

    private static final Logger LOG = LoggerFactory.getLogger(Egress.class);

    /// The faults from the one that tells most about a network to the one that tells least.
    private static final List<Fault> TELLING =
            List.of(
                    Fault.INTERCEPTION,
                    Fault.CERTIFICATE,
                    Fault.CREDENTIALS,
                    Fault.ACCOUNT,
                    Fault.QUOTA,
                    Fault.SERVICE,
                    Fault.TLS,
                    Fault.NETWORK,
                    Fault.TIMEOUT);

    /// What was found.
    sealed interface Found permits Found.At, ConnectResult.Failed {

        /// The way to take.
        record At(Candidate candidate) implements Found {}
    }

    private final String name;
    private final SmtpEgressConfig config;
    private final SmtpDialer.Network network;
    private final PortChecker checker;
    private final ServerCheck serverCheck;
    private final Duration limit;
    private @Nullable Candidate inUse;
    private @Nullable String announced;
    private @Nullable Future<Found> race;
    private @Nullable Thread racing;
    private volatile List<Way> views = List.of();

    PortFinder(
            EgressConfig.Smtp egress,
            SmtpDialer.Network network,
            PortChecker checker,
            ServerCheck serverCheck) {
        Common common = egress.common();
        this.name = common.name();
        this.config = egress.smtp();
        this.network = network;
        this.checker = checker;
        this.serverCheck = serverCheck;
        this.limit = common.connectTimeout().plus(common.commandTimeout());
    }

    /// Returns the way that worked last, at an address that the host has now; null when none is
    /// known to work.
    @Nullable Candidate remembered() {
        Candidate known;
        synchronized (this) {
            known = inUse;
        }
        return known == null ? null : atPresent(known);
    }

    /// Where DNS answers with other addresses now, one of the same family stands for the old one;
    /// where it does not answer, the old one is as good as any.
    private Candidate atPresent(Candidate known) {
        InetAddress before = known.address().getAddress();
        List<InetAddress> now;
        try {
            now = network.addresses(config.host());
        } catch (UnknownHostException _) {
            return known;
        }
        InetAddress address =
                now.stream()
                        .min(
                                Comparator.comparing((InetAddress each) -> !each.equals(before))
                                        .thenComparing(each ->
                                                Candidate.isSixth(each)
                                                        != Candidate.isSixth(before)))
                        .orElse(before);
        return new Candidate(new InetSocketAddress(address, known.port()), known.opening());
    }

    /// Forgets the way that worked: it does not any more.
    synchronized void forget() {
        inUse = null;
    }

    /// Races the candidates, or waits for the race that is on.
    Found find() throws InterruptedException {
        Future<Found> result;
        synchronized (this) {
            result = race == null ? started() : race;
        }
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the race broke down", e.getCause());
        }
    }

    private synchronized Future<Found> started() {
        FutureTask<Found> task = new FutureTask<>(this::run);
        race = task;
        racing =
                Thread.ofVirtual()
                        .name("smtp-race")
                        .start(() -> {
                            task.run();
                            ended();
                        });
        return task;
    }

    private synchronized void ended() {
        race = null;
        racing = null;
    }

    private Found run() {
        try {
            List<Candidate> candidates = Candidate.of(config, network.addresses(config.host()));
            PortRace.Threads track =
                    new PortRace.Threads(each ->
                            serverCheck.objection(checker.to(each.address(), each.opening())));
            return settled(new PortRace(candidates, track, network.stagger(), limit).run());
        } catch (UnknownHostException e) {
            return new ConnectResult.Failed(Trouble.ofFailure(context(Stage.DNS), e), Stage.DNS);
        } catch (InterruptedException _) {
            Verdict verdict =
                    Trouble.ofFinding(context(Stage.CONNECT), Symptom.BROKEN_OFF, "interrupted");
            return new ConnectResult.Failed(verdict, Stage.CONNECT);
        }
    }

    private Context context(Stage stage) {
        return Context.ofSmtp(stage, config.host(), config.host(), limit);
    }

    private synchronized Found settled(RaceResult result) {
        Candidate winner = result.winner();
        inUse = winner;
        views =
                result.candidates().stream()
                        .map(each -> new Way(each.port(), each.number(), standing(each, result)))
                        .toList();
        if (winner == null) {
            return new ConnectResult.Failed(telling(result), Stage.CONNECT);
        }
        announce(winner, result);
        return new Found.At(winner);
    }

    private static String standing(Candidate candidate, RaceResult result) {
        Candidate winner = result.winner();
        if (candidate.equals(winner)) {
            return "in use";
        }
        String found = found(candidate, result);
        String before = winner == null ? "" : ": port " + winner.port() + " was ready before";
        return found.isEmpty() ? "not tried" + before : found;
    }

    /// Returns what was found out about a candidate that did not win; empty when it never ran.
    private static String found(Candidate candidate, RaceResult result) {
        Verdict objection = result.objections().get(candidate);
        if (objection != null) {
            return objection.outcome().reply();
        }
        Duration ran = result.unfinished().get(candidate);
        return ran == null ? "" : "no answer within " + Trouble.inWords(ran);
    }

    private void announce(Candidate winner, RaceResult result) {
        String way = winner.port() + " " + Candidate.isSixth(winner.address().getAddress());
        if (!way.equals(announced)) {
            announced = way;
            LoggingEventBuilder line =
                    LOG.atInfo()
                            .addKeyValue("egress", name)
                            .addKeyValue("port", winner.port())
                            .addKeyValue("address", winner.number())
                            .addKeyValue("tls", winner.opening().word());
            String losers = byPort(result, null);
            (losers.isEmpty() ? line : line.addKeyValue("instead-of", losers)).log("port chosen");
        }
    }

    /// Makes one verdict of all: the fault that tells most, and the words of every port.
    private Verdict telling(RaceResult result) {
        Map<Candidate, Verdict> objections = result.objections();
        if (objections.isEmpty()) {
            SocketTimeoutException late = new SocketTimeoutException("timed out");
            return Trouble.ofFailure(context(Stage.CONNECT), late);
        }
        Map.Entry<Candidate, Verdict> most =
                objections.entrySet().stream()
                        .min(Map.Entry.comparingByValue(Comparator.comparingInt(PortFinder::rank)))
                        .orElseThrow();
        Outcome.Unavailable outcome = most.getValue().unavailable();
        String others = byPort(result, most.getKey().port());
        String words = outcome.reply() + (others.isEmpty() ? "" : "; " + others);
        return most.getValue().saying(words, outcome.interceptor());
    }

    private static int rank(Verdict verdict) {
        return TELLING.indexOf(verdict.unavailable().fault());
    }

    /// Returns the most telling words of each port: `587: timed out …; 465: refused …`.
    ///
    /// @param without a port to leave out; null: none
    private static String byPort(RaceResult result, @Nullable Integer without) {
        Map<Integer, Candidate> ports = new LinkedHashMap<>();
        result.candidates().stream()
                .filter(each -> !found(each, result).isEmpty())
                .forEach(each ->
                        ports.merge(
                                each.port(),
                                each,
                                (one, other) ->
                                        rank(other, result) < rank(one, result) ? other : one));
        Candidate winner = result.winner();
        return ports.values().stream()
                .filter(each -> without == null || each.port() != without)
                .filter(each -> winner == null || each.port() != winner.port())
                .map(each -> each.port() + ": " + found(each, result))
                .collect(Collectors.joining("; "));
    }

    private static int rank(Candidate candidate, RaceResult result) {
        Verdict objection = result.objections().get(candidate);
        return objection == null ? TELLING.size() : rank(objection);
    }

    /// Returns what came of each candidate in the last race.
    List<Way> views() {
        return views;
    }

    /// Breaks off a race that is on.
    synchronized void close() {
        if (racing != null) {
            racing.interrupt();
        }
    }
}
