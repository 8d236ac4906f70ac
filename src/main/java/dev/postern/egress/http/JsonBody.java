package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.http.HttpCall.HttpBody;
import dev.postern.egress.http.HttpCall.HttpBody.Writing;
import dev.postern.egress.mime.MimeLeaf;
import dev.postern.egress.mime.ParsedMessage;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Reader;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A request's body in JSON (RFC 8259) whose long texts are streamed: the tree holds a token in
/// their place, and they are written when the token's turn comes.
final class JsonBody {

    /// What stands between two parts, as JSON has it.
    private static final String LINE_BREAK = "\\r\\n";

    private static final String PREFORMATTED = "<pre style=\\\"white-space: pre-wrap\\\">";

    // Nobody who writes a message can know it, so none can be forged.
    private final String mark = "@" + UUID.randomUUID() + ":";
    private final List<Writing> segments = new ArrayList<>();

    /// Returns a token for a part's octets in base64.
    String base64(MimeLeaf leaf) {
        return token(out -> {
            try (InputStream in = new Base64Stream(leaf.open())) {
                in.transferTo(out);
            }
        });
    }

    /// Returns a token for parts' texts, one after the other, whatever they are.
    String text(List<MimeLeaf> leaves) {
        return html(leaves.stream().map(leaf -> new ParsedMessage.Shown(leaf, true)).toList());
    }

    /// Returns a token for HTML, one piece after the other; in it, texts are shown as they are.
    String html(List<ParsedMessage.Shown> pieces) {
        return token(out -> {
            Writer writer = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
            String between = "";
            for (ParsedMessage.Shown piece : pieces) {
                writer.write(between);
                between = LINE_BREAK;
                writer.write(piece.isHtml() ? "" : PREFORMATTED);
                write(piece.leaf(), writer, !piece.isHtml());
                writer.write(piece.isHtml() ? "" : "</pre>");
            }
            writer.flush();
        });
    }

    private String token(Writing segment) {
        segments.add(segment);
        return mark + (segments.size() - 1) + "@";
    }

    private static void write(MimeLeaf leaf, Writer writer, boolean asHtml) throws IOException {
        try (Reader text = leaf.text()) {
            for (int c = text.read(); c >= 0; c = text.read()) {
                writeCharacter((char) c, writer, asHtml);
            }
        }
    }

    private static void writeCharacter(char c, Writer to, boolean asHtml) throws IOException {
        switch (c) {
            case '"' -> to.write("\\\"");
            case '\\' -> to.write("\\\\");
            case '\r' -> to.write("\\r");
            case '\n' -> to.write("\\n");
            case '\t' -> to.write("\\t");
            case '<' -> to.write(asHtml ? "&lt;" : "<");
            case '>' -> to.write(asHtml ? "&gt;" : ">");
            case '&' -> to.write(asHtml ? "&amp;" : "&");
            default -> {
                if (c < ' ') {
                    to.write("\\u" + HexFormat.of().toHexDigits(c));
                } else {
                    to.write(c);
                }
            }
        }
    }

    /// Returns the body that a tree with this object's tokens describes.
    ///
    /// @throws IOException when the message can't be read
    HttpBody of(JsonNode tree) throws IOException {
        String json = written(tree);
        List<Writing> all = new ArrayList<>();
        Matcher token = Pattern.compile(Pattern.quote(mark) + "(\\d+)@").matcher(json);
        int end = 0;
        while (token.find()) {
            all.add(literal(json.substring(end, token.start())));
            all.add(segments.get(Integer.parseInt(token.group(1))));
            end = token.end();
        }
        all.add(literal(json.substring(end)));
        Writing whole =
                out -> {
                    for (Writing segment : all) {
                        segment.writeTo(out);
                    }
                };
        Counter counter = new Counter();
        whole.writeTo(counter);
        return new HttpBody(counter.count, whole);
    }

    private static Writing literal(String json) {
        byte[] octets = json.getBytes(UTF_8);
        return out -> out.write(octets);
    }

    private static final class Counter extends OutputStream {

        private long count;

        @Override
        public void write(int octet) {
            count++;
        }

        @Override
        public void write(byte[] octets, int offset, int length) {
            count += length;
        }
    }

    /// Another stream's octets in base64, without line breaks (RFC 4648 §4).
    static final class Base64Stream extends InputStream {

        private static final int GROUP_BYTES = 3;
        private static final int CHUNK_BYTES = GROUP_BYTES * 2048;

        private final InputStream in;
        private final byte[] plain = new byte[CHUNK_BYTES];
        private final byte[] encoded = new byte[CHUNK_BYTES / GROUP_BYTES * 4];
        private int at;
        private int filled;

        Base64Stream(InputStream in) {
            this.in = in;
        }

        /// Returns how long so many octets are in base64.
        static long encodedLength(long octets) {
            return (octets + GROUP_BYTES - 1) / GROUP_BYTES * 4;
        }

        @Override
        public int read() throws IOException {
            return fill() ? encoded[at++] : -1;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, to.length);
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int some = Math.min(length, filled - at);
            System.arraycopy(encoded, at, to, offset, some);
            at += some;
            return some;
        }

        private boolean fill() throws IOException {
            if (at < filled) {
                return true;
            }
            int octets = in.readNBytes(plain, 0, CHUNK_BYTES);
            byte[] group = octets == CHUNK_BYTES ? plain : Arrays.copyOf(plain, octets);
            filled = Base64.getEncoder().encode(group, encoded);
            at = 0;
            return filled > 0;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    private static String written(JsonNode tree) {
        try {
            return JsonAnswer.MAPPER.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree of ours can be written", e);
        }
    }
}
