package dev.postern.config;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/// Reads a private key in PEM (RFC 7468): PKCS#8 as it is; PKCS#1 (RFC 8017 §A.1.2) and SEC 1 (RFC
/// 5915 §3), which OpenSSL wrote for decades, after wrapping them as PKCS#8 (RFC 5208 §5).
public final class PemKey {

    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";
    private static final String PRIVATE_KEY = "PRIVATE KEY";

    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");

    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int EC_PARAMETERS = 0xA0;
    private static final byte[] VERSION = {0x02, 0x01, 0x00};
    private static final byte[] RSA = hex("300d06092a864886f70d0101010500");
    private static final byte[] EC_PUBLIC_KEY = hex("06072a8648ce3d0201");
    private static final int SHORT_LENGTH = 0x80;
    private static final int OCTET_BITS = 8;
    private static final int OCTET_MASK = 0xFF;

    /// Of the length of what is in a key.
    private static final int LENGTH_BITS = 20;

    private PemKey() {}

    /// Reads the first private key in a file.
    ///
    /// @throws IOException when the file can't be read
    /// @throws GeneralSecurityException when it holds no key that is understood
    public static PrivateKey read(Path file) throws IOException, GeneralSecurityException {
        return parse(Files.readString(file, US_ASCII), "in " + file);
    }

    /// Reads the first private key in a text.
    ///
    /// @param where what the text is, as in `the key in FILE`; the text itself is told to nobody
    /// @throws GeneralSecurityException when it holds no key that is understood
    public static PrivateKey parse(String text, String where) throws GeneralSecurityException {
        int begin = text.indexOf(BEGIN);
        while (begin >= 0) {
            int labelStart = begin + BEGIN.length();
            int labelEnd = end(text, labelStart);
            String label = text.substring(labelStart, labelEnd);
            int start = Math.min(labelEnd + DASHES.length(), text.length());
            int end = end(text, start);
            if (label.endsWith(PRIVATE_KEY) && text.startsWith(END + label + DASHES, end)) {
                return key(where, label, text.substring(start, end));
            }
            begin = text.indexOf(BEGIN, end);
        }
        throw new InvalidKeySpecException("no PRIVATE KEY " + where);
    }

    /// Where the next dashes begin, or the text ends.
    private static int end(String text, int from) {
        int dashes = text.indexOf(DASHES, from);
        return dashes < 0 ? text.length() : dashes;
    }

    private static PrivateKey key(String where, String label, String text)
            throws GeneralSecurityException {
        if (label.startsWith("ENCRYPTED") || text.contains("Proc-Type:")) {
            throw new InvalidKeySpecException(
                    "the key " + where + " is encrypted: decrypt it (openssl pkey -in … -out …)");
        }
        byte[] der = decoded(where, text);
        return switch (label) {
            case "RSA PRIVATE KEY" -> generate(where, wrap(RSA, der));
            case "EC PRIVATE KEY" ->
                    generate(where, wrap(tagged(SEQUENCE, EC_PUBLIC_KEY, curve(where, der)), der));
            default -> generate(where, der);
        };
    }

    private static byte[] decoded(String where, String text) throws InvalidKeySpecException {
        try {
            return Base64.getMimeDecoder().decode(text);
        } catch (IllegalArgumentException _) {
            throw new InvalidKeySpecException("the key " + where + " is cut, or is no base64");
        }
    }

    private static PrivateKey generate(String where, byte[] pkcs8) throws GeneralSecurityException {
        List<InvalidKeySpecException> tried = new ArrayList<>();
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException e) {
                tried.add(e);
            }
        }
        throw new InvalidKeySpecException(
                "the key " + where + " is none of " + ALGORITHMS, tried.getFirst());
    }

    /// Returns whether a private and a public key are one pair.
    public static boolean matches(PrivateKey key, PublicKey certified)
            throws GeneralSecurityException {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> "EdDSA";
                };
        if (!key.getAlgorithm().equals(certified.getAlgorithm())) {
            return false;
        }
        Signature signing = Signature.getInstance(algorithm);
        signing.initSign(key);
        signing.update(VERSION);
        byte[] signed = signing.sign();
        Signature check = Signature.getInstance(algorithm);
        check.initVerify(certified);
        check.update(VERSION);
        return check.verify(signed);
    }

    private static byte[] wrap(byte[] algorithm, byte[] key) {
        return tagged(SEQUENCE, VERSION, algorithm, tagged(OCTET_STRING, key));
    }

    /// The curve's name, which stands in SEC 1's `[0]` behind version and key.
    private static byte[] curve(String where, byte[] sec1) throws InvalidKeySpecException {
        try {
            int at = contentStart(sec1, 0);
            while ((sec1[at] & OCTET_MASK) != EC_PARAMETERS) {
                at = contentStart(sec1, at) + contentLength(sec1, at);
            }
            int start = contentStart(sec1, at);
            return Arrays.copyOfRange(sec1, start, start + contentLength(sec1, at));
        } catch (ArrayIndexOutOfBoundsException _) {
            throw new InvalidKeySpecException("the key " + where + " does not name its curve");
        }
    }

    private static int contentStart(byte[] der, int at) {
        int length = der[at + 1] & OCTET_MASK;
        return length < SHORT_LENGTH ? at + 2 : at + 2 + (length - SHORT_LENGTH);
    }

    private static int contentLength(byte[] der, int at) {
        int length = der[at + 1] & OCTET_MASK;
        if (length < SHORT_LENGTH) {
            return length;
        }
        byte[] octets = Arrays.copyOfRange(der, at + 2, contentStart(der, at));
        BigInteger stated = new BigInteger(1, octets);
        if (stated.bitLength() > LENGTH_BITS) {
            throw new ArrayIndexOutOfBoundsException("no key has " + stated + " octets");
        }
        return stated.intValue();
    }

    private static byte[] tagged(int tag, byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (length < SHORT_LENGTH) {
            out.write(length);
        } else {
            int octets = length > OCTET_MASK ? 2 : 1;
            out.write(SHORT_LENGTH + octets);
            for (int i = octets - 1; i >= 0; i--) {
                out.write((length >> (i * OCTET_BITS)) & OCTET_MASK);
            }
        }
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }
}
