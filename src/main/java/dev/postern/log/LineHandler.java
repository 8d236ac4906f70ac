package dev.postern.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.slf4j.event.KeyValuePair;

/// Makes a line of each fact on the thread that tells it, and writes the lines on one of its own:
/// whoever logs never waits for the log's reader. Each line is one write, so that lines of several
/// processes on one pipe do not mix (as long as a line fits the pipe's atomic size).
///
/// *Contract.* Lines keep their order. What repeats is folded ([Folding]). Lines that the queue has
/// no room for, since the reader is slow or does not read, are dropped, and a line in their place
/// says how many: `message="log lines dropped" lines=1204 since=...`.
///
/// *Limits.* [#LINES], and [#BYTES_AT_MOST] or [#HEAP_SHARE] of a small heap. [#flush] and [#close]
/// wait for [#FLUSH_AT_MOST]: a reader that does not read can't keep the process from its end.
///
/// *See also.* [LineQueue], [LineFormatter].
final class LineHandler extends Handler {

    /// Lines that wait for the reader.
    static final int LINES = 10_000;

    /// What they may take together, where the heap is not small.
    static final long BYTES_AT_MOST = 4 * 1024 * 1024;

    /// What they may take together in any heap: several of the longest lines.
    static final long BYTES_AT_LEAST = 512 * 1024;

    /// The part of the heap that they may take.
    static final int HEAP_SHARE = 64;

    /// How long an end waits for the reader.
    static final Duration FLUSH_AT_MOST = Duration.ofSeconds(2);

    private final OutputStream out;
    private final LongSupplier nanos;
    private final LineQueue queue;
    private final Folding folding = new Folding();
    private volatile boolean closed;

    LineHandler(OutputStream out, Formatter formatter) {
        this(out, formatter, System::nanoTime, new LineQueue(LINES, bytes()));
    }

    LineHandler(OutputStream out, Formatter formatter, LongSupplier nanos, LineQueue queue) {
        this.out = out;
        this.nanos = nanos;
        this.queue = queue;
        setFormatter(formatter);
        Thread.ofPlatform().daemon().name("log").start(this::write);
    }

    private static long bytes() {
        long share = Runtime.getRuntime().maxMemory() / HEAP_SHARE;
        return Math.clamp(share, BYTES_AT_LEAST, BYTES_AT_MOST);
    }

    @Override
    public void publish(LogRecord entry) {
        if (isLoggable(entry)) {
            tell(folding.take(Fact.of(entry), nanos.getAsLong()));
        }
    }

    private void tell(List<Fact> facts) {
        for (Fact fact : facts) {
            queue.offer(new LineQueue.Line(octets(fact), fact.weight()), fact.getInstant());
        }
    }

    private byte[] octets(Fact fact) {
        return getFormatter().format(fact).getBytes(StandardCharsets.UTF_8);
    }

    /// The thread's work. It ends with the handler, if the reader lets it.
    private void write() {
        while (true) {
            try {
                tell(folding.due(nanos.getAsLong()));
                LineQueue.Entry entry = queue.take(folding.nanosUntilDue(nanos.getAsLong()));
                if (entry == null && queue.hasEnded()) {
                    return;
                }
                if (entry != null) {
                    out.write(octets(entry));
                    out.flush();
                }
            } catch (IOException | RuntimeException e) {
                reportError(null, e, ErrorManager.WRITE_FAILURE);
            } catch (InterruptedException _) {
                // Nobody has a reason to interrupt this thread.
            }
        }
    }

    private byte[] octets(LineQueue.Entry entry) {
        if (entry instanceof LineQueue.Line line) {
            return line.octets();
        }
        LineQueue.Gap gap = (LineQueue.Gap) entry;
        return octets(dropped(gap.facts(), gap.since()));
    }

    private static Fact dropped(long lines, Instant since) {
        return new Fact(
                Level.WARNING,
                LineHandler.class.getName(),
                "log lines dropped",
                "log lines dropped",
                List.of(new KeyValuePair("lines", lines), new KeyValuePair("since", since)),
                true);
    }

    /// Waits until what was logged so far is written, for so long as an end may wait.
    @Override
    public void flush() {
        queue.flush(FLUSH_AT_MOST);
    }

    /// Tells the counts that are not told yet and waits as [#flush] does.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            tell(folding.end());
            queue.end();
            flush();
        }
    }
}
