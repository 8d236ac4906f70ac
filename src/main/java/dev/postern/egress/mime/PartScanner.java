package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Finds the parts of a message by their boundaries (RFC 2046 §5.1).
///
/// **Contract.** The content is read once, from its start to its end, however deep parts are in
/// each other. Kept are header fields, of parts only those that speak of their content; a part's
/// octets are a stretch of the content. A boundary of an outer multipart ends all inside.
///
/// **Diagnostics.** A message that has too much of something is a
/// [ReadingBudget.MessageLimitException]; whatever else is broken is read as well as can be.
///
/// **Limits.** Those of [ReadingBudget].
final class PartScanner {

    static final String PLAIN = "text/plain";
    private static final String MESSAGE = "message/rfc822";
    private static final String MULTIPART = "multipart/";
    private static final String TEXT = "text/";

    /// Blanks behind a boundary that are looked at (RFC 2046 §5.1.1 lets them stand there).
    private static final int PADDING_LIMIT_OCTETS = 1000;

    private static final int DASHES_OCTETS = 2;

    /// A line of more dashes than that, and nothing else, is a line drawn, no boundary.
    private static final int RULE_OCTETS = 4;

    private final MimeLines lines;
    private final ReadingBudget allowance;

    /// The multiparts around the present line, from the outermost on.
    private final List<Multipart> open = new ArrayList<>();

    private int longestDelimiter;
    private Part part;

    /// The header section that the present line belongs to; null within a body.
    private Fields.@Nullable Section section;

    private PartScanner(ContentCursor content) {
        this.lines = new MimeLines(content.whole());
        this.allowance = new ReadingBudget(content);
        this.part = new Part(0, PLAIN);
        this.section = new Fields.Section(_ -> true, allowance);
    }

    /// A part of a message.
    static final class Part {

        private final String usualType;
        private final List<Part> children = new ArrayList<>();
        private Fields fields = Fields.NONE;
        private MimeParameters type;
        private boolean headed;
        private boolean losesLines;
        private long start;
        private long end = -1;

        private Part(long start, String usualType) {
            this.start = start;
            this.usualType = usualType;
            this.type = new MimeParameters(usualType);
        }

        /// Returns the fields that speak of its content; of the message itself all.
        Fields fields() {
            return fields;
        }

        /// Returns the value of the first field of that name; empty without one.
        Fields.Raw first(String name) {
            return headed ? fields.first(name).orElse(Fields.Raw.NONE) : Fields.Raw.NONE;
        }

        /// Returns its type, or the usual one where it says none.
        MimeParameters type() {
            return type;
        }

        private void readType() throws IOException {
            Fields.Raw said = first("Content-Type");
            MimeParameters read =
                    said.isEmpty() ? new MimeParameters(usualType) : MimeParameters.parse(said);
            // What is no media type at all is text (RFC 2045 §5.2).
            type =
                    read.value().matches("[^/]+/[^/]+")
                            ? read
                            : new MimeParameters(PLAIN, read.all(), read.guessed());
        }

        /// Returns the charset that it says of its text, or that its first part with a text says.
        private Optional<Charset> charset() {
            if (!isMultipart()) {
                return Charsets.named(type.get("charset"));
            }
            return children.stream()
                    .filter(child -> child.isMultipart() || child.type.value().startsWith(TEXT))
                    .map(Part::charset)
                    .flatMap(Optional::stream)
                    .findFirst();
        }

        /// Reads header values beyond ASCII in the charset of the message's text.
        private void settle(Charset charset) throws IOException {
            fields = fields.inUtf8(charset);
            readType();
            for (Part child : children) {
                child.settle(charset);
            }
        }

        /// Returns whether it is said to have parts.
        boolean isMultipart() {
            return type.value().startsWith(MULTIPART);
        }

        /// Returns whether it has a header section with anything in it.
        boolean isHeaded() {
            return headed;
        }

        /// Returns whether its header section has lines that are no fields.
        boolean losesLines() {
            return losesLines;
        }

        /// Returns its own parts.
        List<Part> children() {
            return children;
        }

        /// Ends it behind its last octet, unless it has ended.
        private void end(long at) {
            end = end < 0 ? Math.max(start, at) : end;
        }

        /// Returns where its octets are.
        ContentCursor.Stretch octets(ContentCursor content) {
            return content.stretch(start, end);
        }
    }

    /// A multipart around the present line.
    private static final class Multipart {

        private final Part part;

        /// What its parts are set apart by, two dashes first; null while that is not known.
        private byte @Nullable [] delimiter;

        private boolean begun;
        private boolean closed;

        private Multipart(Part part, byte @Nullable [] delimiter) {
            this.part = part;
            this.delimiter = delimiter;
        }
    }

    /// What a line is to a multipart.
    private enum Mark {
        NONE,
        DELIMITER,
        CLOSE
    }

    /// A message's parts.
    ///
    /// @param whole the message itself
    /// @param allowance what is left of it
    record Found(Part whole, ReadingBudget allowance) {}

    /// Finds the parts.
    ///
    /// @throws IOException when the content can't be read
    static Found of(ContentCursor content) throws IOException {
        PartScanner scan = new PartScanner(content);
        Part whole = scan.part;
        scan.run();
        Optional<Charset> charset = whole.charset().filter(known -> !known.equals(US_ASCII));
        if (charset.isPresent()) {
            whole.settle(charset.get());
        }
        return new Found(whole, scan.allowance);
    }

    private void run() throws IOException {
        while (lines.next(DASHES_OCTETS)) {
            Fields.Section header = section;
            if (isBoundary()) {
                continue;
            }
            if (header != null && !header.add(lines)) {
                endHeader(header, lines.position());
            }
        }
        end(0, lines.position());
    }

    /// Looks whether the present line is a boundary, and does what it says.
    private boolean isBoundary() throws IOException {
        if (open.isEmpty() || lines.octet(0) != '-' || lines.octet(1) != '-') {
            return false;
        }
        lines.more(longestDelimiter + PADDING_LIMIT_OCTETS);
        for (int i = 0; i < open.size(); i++) {
            Mark mark = markOf(open.get(i));
            if (mark != Mark.NONE) {
                end(i + 1, lines.start() - lines.breakBefore());
                Multipart at = open.get(i);
                at.begun = true;
                at.closed = mark == Mark.CLOSE;
                if (mark == Mark.DELIMITER) {
                    begin(at.part);
                }
                return true;
            }
        }
        return false;
    }

    private void begin(Part parent) throws IOException {
        allowance.part();
        boolean digest = parent.type.value().equals("multipart/digest");
        part = new Part(lines.position(), digest ? MESSAGE : PLAIN);
        parent.children.add(part);
        section =
                new Fields.Section(
                        name -> name.toLowerCase(Locale.ROOT).startsWith("content-"), allowance);
    }

    private Mark markOf(Multipart multipart) {
        byte[] delimiter = multipart.delimiter;
        if (multipart.closed) {
            return Mark.NONE;
        }
        if (delimiter == null) {
            multipart.delimiter = guessed();
            return multipart.delimiter == null ? Mark.NONE : Mark.DELIMITER;
        }
        if (!lines.startsWith(delimiter)) {
            return Mark.NONE;
        }
        int behind = delimiter.length;
        if (lines.isWhole() && lines.isBlankFrom(behind)) {
            return Mark.DELIMITER;
        }
        boolean closes = lines.octet(behind) == '-' && lines.octet(behind + 1) == '-';
        boolean alone = lines.isWhole() && lines.isBlankFrom(behind + DASHES_OCTETS);
        return closes && (multipart.begun || alone) ? Mark.CLOSE : Mark.NONE;
    }

    /// A multipart that names no boundary has the first line that looks like one.
    private byte @Nullable [] guessed() {
        byte[] line = lines.withoutLastBlanks();
        if (!lines.isWhole() || line.length <= DASHES_OCTETS) {
            return null;
        }
        for (byte octet : line) {
            if (octet != '-') {
                longestDelimiter = Math.max(longestDelimiter, line.length);
                return line;
            }
        }
        return line.length > RULE_OCTETS ? null : line;
    }

    private void endHeader(Fields.Section header, long bodyStart) throws IOException {
        section = null;
        part.fields = header.fields();
        if (header.isHeadless()) {
            return;
        }
        part.headed = header.hasLines();
        part.losesLines = header.losesLines();
        part.start = bodyStart;
        part.readType();
        if (part.isMultipart()) {
            allowance.depth(open.size() + 1);
            byte[] delimiter = delimiter(part.first("Content-Type"));
            longestDelimiter = Math.max(longestDelimiter, delimiter == null ? 0 : delimiter.length);
            open.add(new Multipart(part, delimiter));
        }
    }

    /// Returns what sets the parts of a multipart apart; null where it doesn't say.
    private static byte @Nullable [] delimiter(Fields.Raw type) throws IOException {
        String boundary = MimeParameters.octets(type, "boundary");
        return boundary.isEmpty() ? null : ("--" + boundary).getBytes(ISO_8859_1);
    }

    /// Ends the present part and the multiparts around it.
    ///
    /// @param left how many of those stay open
    /// @param at behind their last octet
    private void end(int left, long at) throws IOException {
        Fields.Section header = section;
        if (header != null) {
            endHeader(header, at);
        }
        part.end(at);
        while (open.size() > left) {
            open.removeLast().part.end(at);
        }
    }
}
