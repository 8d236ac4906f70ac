package dev.postern.config;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A text from mounted files, read again at each use. When a file has gone or is empty (a secret is
/// just being replaced) the last good text stays in use; one warning says so, and one line that it
/// works again.
final class MountedText implements Supplier<String> {

    private static final Logger log = LoggerFactory.getLogger(MountedText.class);

    private final Fetch fetch;
    private final String path;
    private final AtomicReference<Seen> seen;

    /// Puts the text together from the files as they are now.
    interface Fetch {
        String read() throws IOException;
    }

    private record Seen(String lastGood, boolean lost) {}

    MountedText(String first, String path, Fetch fetch) {
        this.seen = new AtomicReference<>(new Seen(first, false));
        this.path = path;
        this.fetch = fetch;
    }

    @Override
    public String get() {
        try {
            String text = fetch.read();

            if (seen.getAndSet(new Seen(text, false)).lost()) {
                log.atInfo().addKeyValue("key", path).log("mounted value can be read again");
            }
            return text;
        } catch (IOException e) {
            return lost(String.valueOf(e));
        }
    }

    private String lost(String why) {
        Seen before = seen.getAndUpdate(last -> new Seen(last.lastGood(), true));
        if (!before.lost()) {
            log.atWarn()
                    .addKeyValue("key", path)
                    .addKeyValue("why", why)
                    .log("mounted value can't be read, its last good text stays in use");
        }
        return before.lastGood();
    }
}
