package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeUtility;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.angus.mail.util.DecodingException;
import org.jspecify.annotations.Nullable;

/// A part of a message that has no parts of its own. Its octets are decoded anew at each reading.
final class Leaf {

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final MimeBodyPart part;
    private final String charsetName;
    private final String encoding;
    private long decodedBytes = -1;
    private @Nullable Charset charset;
    private @Nullable Boolean uuencoded;
    private @Nullable Boolean base64;

    /// @param charsetName what the part says of its text; empty: nothing
    /// @param encoding its content transfer encoding
    Leaf(MimeBodyPart part, String charsetName, String encoding) {
        this.part = part;
        this.charsetName = charsetName;
        this.encoding = encoding.strip().toLowerCase(Locale.ROOT);
    }

    /// Returns the octets, decoded (RFC 2045 §6).
    ///
    /// @throws IOException when the content can't be read
    InputStream open() throws IOException {
        try {
            InputStream raw = part.getRawInputStream();
            return switch (encoding) {
                case "base64" -> isBase64() ? new LenientBase64Stream(raw) : raw;
                case "quoted-printable" -> MimeUtility.decode(raw, encoding);
                case "uuencode", "x-uuencode", "x-uue" ->
                        isUuencoded() ? MimeUtility.decode(raw, encoding) : raw;
                default -> raw;
            };
        } catch (MessagingException e) {
            throw new IOException("a part of the message can't be read", e);
        }
    }

    /// What is said to be base64 and is not is taken as it is.
    private synchronized boolean isBase64() throws IOException, MessagingException {
        Boolean known = base64;
        if (known == null) {
            try (InputStream in = part.getRawInputStream()) {
                known = LenientBase64Stream.isPlausible(in);
            }
            base64 = known;
        }
        return known;
    }

    /// What is said to be uuencoded and is not is taken as it is.
    private synchronized boolean isUuencoded() throws IOException, MessagingException {
        Boolean known = uuencoded;
        if (known == null) {
            try (InputStream in = MimeUtility.decode(part.getRawInputStream(), encoding)) {
                in.transferTo(OutputStream.nullOutputStream());
                known = true;
            } catch (DecodingException _) {
                known = false;
            }
            uuencoded = known;
        }
        return known;
    }

    /// Returns how many octets it has, decoded.
    synchronized long decodedBytes() throws IOException {
        if (decodedBytes < 0) {
            try (InputStream in = open()) {
                decodedBytes = in.transferTo(OutputStream.nullOutputStream());
            }
        }
        return decodedBytes;
    }

    /// Returns whether it has nothing but blanks and line breaks.
    boolean isBlank() throws IOException {
        try (InputStream in = new BufferedInputStream(open())) {
            int octet = in.read();
            while (octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n') {
                octet = in.read();
            }
            return octet < 0;
        }
    }

    /// Returns whether its text can't be told: a charset that nobody here knows, or octets that it
    /// can't have.
    boolean isGuessed() throws IOException {
        Optional<Charset> named = Charsets.named(charsetName);
        return named.isEmpty() || (named.get().equals(UTF_8) && !charset().equals(UTF_8));
    }

    /// Returns the name of its charset as it says.
    String charsetName() {
        return charsetName;
    }

    /// Returns its text.
    Reader text() throws IOException {
        Reader reader = new InputStreamReader(open(), charset());
        reader = new BufferedReader(reader);
        reader.mark(1);
        if (reader.read() != BYTE_ORDER_MARK) {
            reader.reset();
        }
        return reader;
    }

    /// What is said to be ASCII or UTF-8, or says nothing that we know, is UTF-8 if it can be, else
    /// what Windows has.
    private synchronized Charset charset() throws IOException {
        Charset known = charset;
        if (known == null) {
            Charset named = Charsets.named(charsetName).orElse(US_ASCII);
            boolean plain = named.equals(US_ASCII) || named.equals(UTF_8);
            known = plain ? (isUtf8() ? UTF_8 : Charsets.WINDOWS) : named;
            charset = known;
        }
        return known;
    }

    private boolean isUtf8() throws IOException {
        try (Reader reader = new InputStreamReader(open(), UTF_8.newDecoder())) {
            reader.transferTo(Writer.nullWriter());
            return true;
        } catch (CharacterCodingException _) {
            return false;
        }
    }
}
