package dev.postern.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// Reads the content behind DATA up to its end (RFC 5321 §4.5.2) and records it, in constant memory
/// beyond the first mebibyte. Strict: only CR LF . CR LF ends it, and CR or LF alone are counted.
final class ContentRecorder {

    private static final int KEPT_BYTES = 1 << 20;

    private enum At {
        LINE_START,
        DOT,
        DOT_CR,
        LINE,
        CR
    }

    private final ByteArrayOutputStream first = new ByteArrayOutputStream();
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final MessageDigest digest;
    private final byte[] pending = new byte[1 << 16];
    private int pendingBytes;
    private boolean inFirst = true;
    private long size;
    private boolean whole;
    private int bareNewlines;
    private At at = At.LINE_START;

    private ContentRecorder() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /// Reads content.
    static Taken read(OctetSource in, String sender, List<String> recipients) throws IOException {
        ContentRecorder recorder = new ContentRecorder();
        recorder.readAll(in);
        return recorder.taken(sender, recipients);
    }

    private void readAll(OctetSource in) throws IOException {
        try {
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                step(octet);
                if (whole) {
                    break;
                }
            }
        } catch (IOException reset) {
            whole = false;
        }
        flush();
    }

    private void step(int octet) throws IOException {
        switch (at) {
            case LINE_START -> lineStart(octet);
            case DOT -> {
                if (octet == '\r') {
                    at = At.DOT_CR;
                } else {
                    line(octet);
                }
            }
            case DOT_CR -> {
                if (octet == '\n') {
                    whole = true;
                } else {
                    bareNewlines++;
                    put('\r');
                    line(octet);
                }
            }
            case LINE -> line(octet);
            case CR -> afterCr(octet);
        }
    }

    private void lineStart(int octet) {
        if (octet == '.') {
            at = At.DOT;
        } else {
            line(octet);
        }
    }

    private void line(int octet) {
        if (octet == '\n') {
            bareNewlines++;
        }
        at = octet == '\r' ? At.CR : At.LINE;
        put(octet);
    }

    private void afterCr(int octet) {
        if (octet == '\n') {
            put(octet);
            at = At.LINE_START;
        } else {
            bareNewlines++;
            line(octet);
        }
    }

    private void put(int octet) {
        pending[pendingBytes++] = (byte) octet;
        if (pendingBytes == pending.length) {
            flush();
        }
    }

    private void flush() {
        if (kept.size() + pendingBytes <= KEPT_BYTES) {
            kept.write(pending, 0, pendingBytes);
        }
        int from = inFirst ? splitFirst() : 0;
        digest.update(pending, from, pendingBytes - from);
        size += pendingBytes - from;
        pendingBytes = 0;
    }

    /// Returns where the second line that is no fold begins. The first field fits what is pending.
    private int splitFirst() {
        inFirst = false;
        int end = 1;
        while (end < pendingBytes
                && (pending[end - 1] != '\n' || pending[end] == ' ' || pending[end] == '\t')) {
            end++;
        }
        end = Math.min(end, pendingBytes);
        first.write(pending, 0, end);
        return end;
    }

    private Taken taken(String sender, List<String> recipients) {
        boolean all = kept.size() == size + first.size();
        return new Taken(
                sender,
                recipients,
                first.toString(StandardCharsets.ISO_8859_1),
                HexFormat.of().formatHex(digest.digest()),
                size,
                all ? kept.toString(StandardCharsets.ISO_8859_1) : "",
                whole,
                bareNewlines);
    }
}
