package dev.postern.egress.smtp;

import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SubmissionPort;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.outcome.Verdict;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Tries candidates until one wins, each a little later than the one before or as soon as that has
/// lost (RFC 8305 §5). What wins is not what connects first but what is found fit first: an
/// intercepting server always connects first.
///
/// For one thread, once.
final class PortRace {

    /// Where candidates run: the only part that knows of time and threads.
    interface Track extends AutoCloseable {

        /// Starts a candidate.
        void start(Candidate candidate);

        /// Waits for the next one to finish.
        ///
        /// @return null when none does within `longest`
        @Nullable Finish next(Duration longest) throws InterruptedException;

        /// Returns a time to measure by.
        long nanoTime();

        /// Breaks off those that still run.
        @Override
        void close();
    }

    /// A candidate that came to an end.
    ///
    /// @param objection why it must not be used; null: it wins
    record Finish(Candidate candidate, @Nullable Verdict objection) {}

    /// How the race ended.
    ///
    /// @param winner null: none
    /// @param objections of those that finished and lost, in the order of the list
    /// @param unfinished how long those had run that were broken off, likewise
    /// @param candidates all, whether they ran or not
    record RaceResult(
            @Nullable Candidate winner,
            Map<Candidate, Verdict> objections,
            Map<Candidate, Duration> unfinished,
            List<Candidate> candidates) {}

    private final List<Candidate> candidates;
    private final Track track;
    private final Duration stagger;
    private final Duration limit;
    private final Map<Candidate, Verdict> objections = new LinkedHashMap<>();
    private final Map<Candidate, Long> beganNanos = new HashMap<>();
    private int started;

    /// @param candidates in the order in which they are tried
    /// @param stagger between two starts
    /// @param limit for the whole race
    PortRace(List<Candidate> candidates, Track track, Duration stagger, Duration limit) {
        this.candidates = List.copyOf(candidates);
        this.track = track;
        this.stagger = stagger;
        this.limit = limit;
    }

    RaceResult run() throws InterruptedException {
        try (track) {
            return result(winner());
        }
    }

    private @Nullable Candidate winner() throws InterruptedException {
        long end = track.nanoTime() + limit.toNanos();
        while (started < candidates.size() || objections.size() < started) {
            long leftNanos = end - track.nanoTime();
            if (leftNanos <= 0) {
                return null;
            }
            if (started < candidates.size()) {
                start(candidates.get(started++));
            }
            boolean more = started < candidates.size();
            long wait = more ? Math.min(stagger.toNanos(), leftNanos) : leftNanos;
            Finish finish = track.next(Duration.ofNanos(wait));
            if (finish != null && finish.objection() == null) {
                return finish.candidate();
            }
            if (finish != null && finish.objection() != null) {
                objections.put(finish.candidate(), finish.objection());
            }
        }
        return null;
    }

    private void start(Candidate candidate) {
        beganNanos.put(candidate, track.nanoTime());
        track.start(candidate);
    }

    private RaceResult result(@Nullable Candidate winner) {
        long now = track.nanoTime();
        Map<Candidate, Verdict> lost = new LinkedHashMap<>();
        Map<Candidate, Duration> unfinished = new LinkedHashMap<>();
        for (Candidate candidate : candidates) {
            Verdict objection = objections.get(candidate);
            Long began = beganNanos.get(candidate);
            if (objection != null) {
                lost.put(candidate, objection);
            } else if (began != null && !candidate.equals(winner)) {
                unfinished.put(candidate, Duration.ofNanos(now - began));
            }
        }
        return new RaceResult(winner, lost, unfinished, candidates);
    }

    /// A way to a server that `port: auto` may take.
    ///
    /// @param address resolved, with the host's name
    /// @param opening how it is secured there
    record Candidate(InetSocketAddress address, TlsStart opening) {

        /// More addresses of a server are not tried: of each family the first two.
        private static final int ADDRESSES_MAX = 4;

        /// Addresses that are tried at all ports before the next ones are.
        private static final int ADDRESSES_A_ROUND = 2;

        int port() {
            return address.getPort();
        }

        /// Returns the address without the port.
        String number() {
            return address.getAddress().getHostAddress();
        }

        /// Returns all in the order in which they are tried: the first address of each family at
        /// every port, then the next ones.
        ///
        /// @param addresses of the host, named, in the order that the resolver prefers
        static List<Candidate> of(SmtpEgressConfig config, List<InetAddress> addresses) {
            List<InetAddress> order = interleaved(addresses);
            List<InetAddress> few = order.subList(0, Math.min(order.size(), ADDRESSES_MAX));
            List<Candidate> all = new ArrayList<>();
            for (int from = 0; from < few.size(); from += ADDRESSES_A_ROUND) {
                int to = Math.min(from + ADDRESSES_A_ROUND, few.size());
                for (SubmissionPort port : config.candidates()) {
                    for (InetAddress address : few.subList(from, to)) {
                        InetSocketAddress place = new InetSocketAddress(address, port.port());
                        all.add(
                                new Candidate(
                                        place, TlsStart.of(config.tls(), port.implicitTls())));
                    }
                }
            }
            return all.stream().distinct().toList();
        }

        /// Takes one address of each family in turn (RFC 8305 §4).
        private static List<InetAddress> interleaved(List<InetAddress> addresses) {
            Queue<InetAddress> one = new ArrayDeque<>();
            Queue<InetAddress> other = new ArrayDeque<>();
            for (InetAddress address : addresses) {
                (isSixth(address) == isSixth(addresses.getFirst()) ? one : other).add(address);
            }
            List<InetAddress> order = new ArrayList<>();
            while (order.size() < addresses.size()) {
                Stream.of(one, other)
                        .flatMap(family -> Stream.ofNullable(family.poll()))
                        .forEach(order::add);
            }
            return order;
        }

        static boolean isSixth(InetAddress address) {
            return address instanceof Inet6Address;
        }
    }

    /// Runs each candidate on a virtual thread of its own; an interrupt closes the socket of one
    /// that is broken off.
    static final class Threads implements Track {

        private final Function<Candidate, @Nullable Verdict> examination;
        private final BlockingQueue<Finish> finishes = new LinkedBlockingQueue<>();
        private final List<Thread> running = new ArrayList<>();

        /// @param examination tries a candidate and says why it must not be used, or null
        Threads(Function<Candidate, @Nullable Verdict> examination) {
            this.examination = examination;
        }

        @Override
        public void start(Candidate candidate) {
            running.add(
                    Thread.ofVirtual()
                            .name("smtp-race-" + candidate.port())
                            .start(() -> {
                                Verdict objection = examination.apply(candidate);
                                finishes.add(new Finish(candidate, objection));
                            }));
        }

        @Override
        public @Nullable Finish next(Duration longest) throws InterruptedException {
            return finishes.poll(longest.toNanos(), TimeUnit.NANOSECONDS);
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void close() {
            running.forEach(Thread::interrupt);
        }
    }
}
