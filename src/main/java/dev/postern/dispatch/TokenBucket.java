package dev.postern.dispatch;

import dev.postern.config.EgressConfig.Common.Rate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// A bucket of tokens, for a rate: it holds as many as the rate has messages, is full at first, and
/// gains one whenever its share of the period is over. A burst goes at once, and after it mail
/// flows evenly; so in any period at most twice the messages go, and in the long run no more than
/// the rate.
///
/// It is kept as one moment, the one at which it will be full again. What is given back after it
/// was full again is of no use, and the last token taken counts as long as others were taken with
/// it: rather too little goes than too much.
final class TokenBucket implements RateLimit {

    private final Duration period;
    private final Duration step;
    private Instant full = Instant.MIN;
    private Instant usedSince = Instant.MIN;
    private Instant lastTaken = Instant.MIN;
    private int used;

    TokenBucket(Rate rate) {
        this.period = rate.period();
        this.step = period.dividedBy(Math.max(1, rate.messages()));
    }

    @Override
    public Optional<Instant> usedUpUntil(Instant now) {
        if (full.isBefore(now)) {
            return Optional.empty();
        }
        Instant next = full.plus(step).minus(period);
        return next.isAfter(now) ? Optional.of(next) : Optional.empty();
    }

    @Override
    public void take(Instant now) {
        if (full.isBefore(now)) {
            full = now;
            usedSince = now;
            used = 0;
        }
        full = full.plus(step);
        lastTaken = now;
        used++;
    }

    @Override
    public void giveBack(Instant taken) {
        if (used == 0 || taken.isBefore(usedSince)) {
            return;
        }
        used--;
        Instant least = used == 0 ? usedSince : lastTaken.plus(step);
        Instant back = full.minus(step);
        full = back.isBefore(least) ? least : back;
    }

    @Override
    public String kept(Instant now, int ahead) {
        Instant from = full.isBefore(now) ? now : full;
        return from.plus(step.multipliedBy(ahead)) + " " + step;
    }

    @Override
    public void restore(String kept, Instant now) {
        String[] words = kept.split(" ");
        Duration missing = Duration.between(now, Instant.parse(words[0]));
        // Tokens count, not time: the rate may be another one now.
        double tokens = (double) missing.toMillis() / Duration.parse(words[1]).toMillis();
        Duration refill = Duration.ofMillis(Math.round(Math.max(0, tokens) * step.toMillis()));
        full = now.plus(refill.compareTo(period) > 0 ? period : refill);
        usedSince = now;
    }
}
