package dev.postern;

import dev.postern.admin.ListenerView;
import dev.postern.listener.Listener;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The listener as operators see it. The HTTP sockets answer before it is bound and after it is
/// closed.
final class Doorplate implements ListenerView {

    private final Instruments instruments;
    private volatile @Nullable Listener listener;

    Doorplate(Instruments instruments) {
        this.instruments = instruments;
    }

    /// Shows `open`; null: the door is shut.
    void show(@Nullable Listener open) {
        listener = open;
    }

    @Override
    public @Nullable String address() {
        Listener open = listener;
        return open == null ? null : Forwarder.hostPort(open.addresses().getFirst()).toString();
    }

    @Override
    public int connections() {
        return instruments.openSessions();
    }

    @Override
    public @Nullable Instant certificateExpiry() {
        Listener open = listener;
        return open == null ? null : open.certificateExpires().orElse(null);
    }
}
