package dev.postern.admin;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The SMTP listener, as operators see it. Thread-safe; nothing here blocks.
public interface ListenerView {

    /// Returns where it listens, such as `127.0.0.1:2525`; null unless it is bound and takes mail.
    @Nullable String address();

    /// Returns how many sessions there are.
    int connections();

    /// Returns when its certificate expires; null when it has none.
    @Nullable Instant certificateExpiry();
}
