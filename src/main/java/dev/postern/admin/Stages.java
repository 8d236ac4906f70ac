package dev.postern.admin;

import dev.postern.doctor.Report;
import dev.postern.egress.EgressView;
import dev.postern.egress.Probe;
import dev.postern.listener.Listener;
import dev.postern.mail.Envelope;
import dev.postern.mail.Origin;
import dev.postern.reception.Reception;
import dev.postern.spool.QueueAdmin;
import dev.postern.spool.QueueAdmin.SpoolStatus;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The running stages as the sockets see them. All of it is thread-safe; the views don't block.
///
/// @param listener where it takes mail, and for how many
/// @param queue the verbs and figures of the queue
/// @param egresses the configured egresses in order of preference; empty when there are none
/// @param probe examines the egress of a name now, whatever was planned; empty when there is none
/// @param submission takes messages that are posted
/// @param doctor examines every egress; blocks
public record Stages(
        Supplier<Listener.Status> listener,
        QueueAdmin queue,
        Supplier<List<EgressView>> egresses,
        Function<String, Optional<CompletionStage<Probe>>> probe,
        Submission submission,
        Supplier<Report> doctor) {

    /// Takes a message as [Reception#receive] does: under the listener's limits, and as durably.
    @FunctionalInterface
    public interface Submission {
        Reception.Result submit(Envelope envelope, Origin origin, InputStream content)
                throws IOException;
    }

    /// Returns the queue's figures as they were at most half a second ago.
    Supplier<SpoolStatus> recentStatus() {
        return new CachedView<>(queue::status);
    }

    /// Remembers a view for a moment, so that one scrape, which asks for it gauge by gauge, sees
    /// one state and costs one look.
    private static final class CachedView<T> implements Supplier<T> {

        private static final Duration MOMENT = Duration.ofMillis(500);

        private final Supplier<T> source;
        private @Nullable T value;
        private long takenNanos;

        CachedView(Supplier<T> source) {
            this.source = source;
        }

        @Override
        public synchronized T get() {
            long now = System.nanoTime();
            T known = value;
            if (known == null || now - takenNanos > MOMENT.toNanos()) {
                known = source.get();
                value = known;
                takenNanos = now;
            }
            return known;
        }
    }
}
