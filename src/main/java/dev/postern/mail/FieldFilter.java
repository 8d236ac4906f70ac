package dev.postern.mail;

import dev.postern.mail.MessageContent.ContentTraits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// A message's content without some of its header fields: they are taken out while it streams by.
/// [FieldScanner] says where fields begin and the section ends; what is no field and stands behind
/// one that goes, goes with it, as its rest that was not indented.
///
/// *Limits.* What it holds is one chunk, and [#NAMES_LIMIT] names.
public final class FieldFilter implements MessageContent {

    /// The names that are kept of those that went.
    static final int NAMES_LIMIT = 10;

    private static final String MORE = "and more";

    private static final int CHUNK_BYTES = 16 * 1024;
    private static final byte[] CRLF = {'\r', '\n'};

    private final MessageContent whole;
    private final Predicate<String> unwanted;
    private final long sizeBytes;
    private final List<String> removed;

    private FieldFilter(
            MessageContent whole, Predicate<String> unwanted, long sizeBytes, List<String> names) {
        this.whole = whole;
        this.unwanted = unwanted;
        this.sizeBytes = sizeBytes;
        this.removed = List.copyOf(names);
    }

    /// Reads the header section of a message, and returns the message without the fields that are
    /// not wanted; empty when it has none of them.
    ///
    /// @param unwanted says of a field's name whether it goes
    /// @throws IOException when the content can't be read
    public static Optional<FieldFilter> of(MessageContent content, Predicate<String> unwanted)
            throws IOException {
        Kept kept = new Kept(unwanted, _ -> {});
        try (InputStream in = content.open()) {
            byte[] chunk = new byte[CHUNK_BYTES];
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                kept.scanner.write(ByteBuffer.wrap(chunk, 0, count));
                if (kept.ended) {
                    break;
                }
            }
            kept.scanner.finish();
        }
        return kept.names.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new FieldFilter(
                                content,
                                unwanted,
                                content.sizeBytes() - kept.droppedOctets,
                                kept.removed()));
    }

    /// Returns the names of what was taken out, each once, as it was written first; that there are
    /// more than are kept is said at the end.
    public List<String> removed() {
        return removed;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    /// Those of the whole: octets above 127 may have gone, which is no reason to say so.
    @Override
    public ContentTraits traits() {
        return whole.traits();
    }

    @Override
    public InputStream open() throws IOException {
        return new Filtered(whole.open(), unwanted);
    }

    /// Passes on what is wanted.
    private static final class Kept implements FieldScanner.Sink {

        private final FieldScanner scanner = new FieldScanner(this);
        private final Predicate<String> unwanted;
        private final Consumer<ByteBuffer> out;
        private final SequencedMap<String, String> names = new LinkedHashMap<>();
        private boolean more;
        private boolean drops;
        private boolean ended;
        private long droppedOctets;

        Kept(Predicate<String> unwanted, Consumer<ByteBuffer> out) {
            this.unwanted = unwanted;
            this.out = out;
        }

        @Override
        public void field(String name) {
            drops = unwanted.test(name);
            String key = drops ? name.toLowerCase(Locale.ROOT) : "";
            if (drops && names.size() < NAMES_LIMIT) {
                names.putIfAbsent(key, name);
            }
            more |= drops && !names.containsKey(key);
        }

        List<String> removed() {
            List<String> removed = new ArrayList<>(names.values());
            if (more) {
                removed.add(MORE);
            }
            return removed;
        }

        @Override
        public void other() {
            // It goes where the field before it goes.
        }

        @Override
        public void octets(ByteBuffer octets) {
            if (drops) {
                droppedOctets += octets.remaining();
                octets.position(octets.limit());
            } else {
                out.accept(octets);
            }
        }

        @Override
        public void end(boolean emptyLine) {
            drops = false;
            ended = true;
            if (emptyLine) {
                out.accept(ByteBuffer.wrap(CRLF));
            }
        }
    }

    /// The content as a stream; behind the header section it is not looked at.
    private static final class Filtered extends InputStream {

        private final InputStream in;
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private final Kept filter;
        private ByteBuffer ready = ByteBuffer.allocate(0);

        Filtered(InputStream in, Predicate<String> unwanted) {
            this.in = in;
            this.filter = new Kept(unwanted, this::keep);
        }

        private void keep(ByteBuffer octets) {
            byte[] some = new byte[octets.remaining()];
            octets.get(some);
            kept.writeBytes(some);
        }

        @Override
        public int read() throws IOException {
            byte[] octet = new byte[1];
            return read(octet) < 0 ? -1 : octet[0] & 0xFF;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, to.length);
            if (length == 0) {
                return 0;
            }
            fill();
            if (ready.hasRemaining()) {
                int count = Math.min(length, ready.remaining());
                ready.get(to, offset, count);
                return count;
            }
            return filter.ended ? in.read(to, offset, length) : -1;
        }

        /// Reads on until something of the header section is kept, or it is over.
        private void fill() throws IOException {
            if (ready.hasRemaining() || filter.ended) {
                return;
            }
            byte[] chunk = new byte[CHUNK_BYTES];
            while (!ready.hasRemaining() && !filter.ended) {
                int count = in.read(chunk);
                kept.reset();
                if (count < 0) {
                    filter.scanner.finish();
                    filter.ended = true;
                } else {
                    filter.scanner.write(ByteBuffer.wrap(chunk, 0, count));
                }
                ready = ByteBuffer.wrap(kept.toByteArray());
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
