package dev.postern.egress.http;

import dev.postern.mail.OctetwiseStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;

/// Decodes quoted-printable as it comes (RFC 2045 §6.7): blanks before a line's end are passed
/// over, and an equals sign that no digits follow is one.
final class QuotedPrintableStream extends OctetwiseStream {

    private static final int PUSHED_BACK_OCTETS = 2;

    private final PushbackInputStream encoded;

    /// Blanks that were read ahead and are part of the text.
    private int blanks;

    QuotedPrintableStream(InputStream in) {
        this.encoded = new PushbackInputStream(in, PUSHED_BACK_OCTETS);
    }

    @Override
    protected int nextOctet() throws IOException {
        if (blanks > 0) {
            blanks--;
            return ' ';
        }
        int octet = encoded.read();
        while (octet == '=') {
            int first = encoded.read();
            if (first != '\r' && first != '\n') {
                return escaped(first);
            }
            int second = first == '\r' ? encoded.read() : '\n';
            if (second != '\n') {
                pushBack(second);
            }
            octet = encoded.read();
        }
        return octet == ' ' ? blank() : octet;
    }

    private int escaped(int first) throws IOException {
        if (first < 0) {
            return -1;
        }
        int second = encoded.read();
        int high = Character.digit(first, 16);
        int low = Character.digit(second, 16);
        if (high >= 0 && low >= 0) {
            return high * 16 + low;
        }
        pushBack(second);
        pushBack(first);
        return '=';
    }

    private int blank() throws IOException {
        int more = 0;
        int octet = encoded.read();
        while (octet == ' ') {
            more++;
            octet = encoded.read();
        }
        if (octet < 0 || octet == '\r' || octet == '\n') {
            return octet;
        }
        pushBack(octet);
        blanks = more;
        return ' ';
    }

    private void pushBack(int octet) throws IOException {
        if (octet >= 0) {
            encoded.unread(octet);
        }
    }

    @Override
    public void close() throws IOException {
        encoded.close();
    }
}
