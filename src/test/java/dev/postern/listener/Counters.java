package dev.postern.listener;

import dev.postern.reception.Rejection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// What an observer was told.
final class Counters implements Listener.Observer {

    final AtomicInteger accepted = new AtomicInteger();
    final AtomicLong acceptedBytes = new AtomicLong();
    final AtomicInteger authFailures = new AtomicInteger();
    final List<Rejection> rejections = new CopyOnWriteArrayList<>();

    @Override
    public void accepted(Duration took, long sizeBytes) {
        accepted.incrementAndGet();
        acceptedBytes.addAndGet(sizeBytes);
    }

    @Override
    public void rejected(Rejection reason) {
        rejections.add(reason);
    }

    @Override
    public void authFailed() {
        authFailures.incrementAndGet();
    }
}
