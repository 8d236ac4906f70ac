package dev.postern.dkim;

import dev.postern.config.DkimConfig;
import dev.postern.config.PemKey;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The TXT record by which a domain publishes a key (RFC 6376 §3.6.1, RFC 8463 §4): made, and
/// compared with what the DNS has.
public final class DkimRecord {

    /// Octets of one string of a TXT record (RFC 1035 §3.3).
    private static final int STRING_OCTETS = 255;

    /// What stands before an Ed25519 key's 32 octets in its X.509 form (RFC 8410 §4).
    private static final byte[] ED25519_PREFIX =
            HexFormat.of().parseHex("302a300506032b6570032100");

    private DkimRecord() {}

    /// Returns the record of a key.
    public static String of(PublicKey key) {
        byte[] der = key.getEncoded();
        boolean rsa = key.getAlgorithm().equals("RSA");
        byte[] published = rsa ? der : Arrays.copyOfRange(der, ED25519_PREFIX.length, der.length);
        return "v=DKIM1; k="
                + (rsa ? "rsa" : "ed25519")
                + "; p="
                + Base64.getEncoder().encodeToString(published);
    }

    /// Returns a record as a line of a zone file, cut into strings that are short enough.
    public static String zoneLine(String name, String record) {
        List<String> strings = new ArrayList<>();
        for (int at = 0; at < record.length(); at += STRING_OCTETS) {
            int end = Math.min(record.length(), at + STRING_OCTETS);
            strings.add('"' + record.substring(at, end) + '"');
        }
        return name + ". IN TXT ( " + String.join("\n    ", strings) + " )";
    }

    /// How what the DNS has compares with a key.
    ///
    /// @param words what was found, in a sentence's rest: `is missing`
    public record Comparison(Match match, String words) {}

    /// The kinds of comparisons.
    public enum Match {
        SAME,
        MISSING,
        DIFFERENT,
        /// The DNS gave no answer.
        UNKNOWN;

        /// Returns the word for it.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Compares a key with the TXT records that its name has.
    public static Comparison compare(DkimConfig key, List<String> records) {
        List<Map<String, String>> found =
                records.stream().map(DkimRecord::tags).filter(it -> it.containsKey("p")).toList();
        if (found.isEmpty()) {
            return new Comparison(
                    Match.MISSING,
                    records.isEmpty() ? "there is no record" : "no TXT record there has a key");
        }
        if (found.size() > 1) {
            return new Comparison(
                    Match.DIFFERENT, "there are " + found.size() + " records where one must be");
        }
        return compare(key.key(), found.getFirst());
    }

    private static Comparison compare(PrivateKey secret, Map<String, String> tags) {
        String type = tags.getOrDefault("k", "rsa");
        String published = tags.getOrDefault("p", "");
        if (published.isEmpty()) {
            return new Comparison(Match.DIFFERENT, "the record says that the key is revoked");
        }
        if (!tags.getOrDefault("v", "DKIM1").equals("DKIM1")) {
            return new Comparison(Match.DIFFERENT, "the record's version is not DKIM1");
        }
        if (!allows(tags, "h", "sha256")) {
            return new Comparison(Match.DIFFERENT, "the record's h does not allow sha256");
        }
        if (!allows(tags, "s", "*", "email")) {
            return new Comparison(Match.DIFFERENT, "the record's s does not allow email");
        }
        PublicKey key = publicKey(type, published);
        if (key == null) {
            return new Comparison(
                    Match.DIFFERENT, "the key in the record is cut, or is none of type " + type);
        }
        return arePair(secret, key)
                ? new Comparison(Match.SAME, "the record has this key")
                : new Comparison(Match.DIFFERENT, "the record has another key");
    }

    private static boolean arePair(PrivateKey secret, PublicKey key) {
        try {
            return PemKey.matches(secret, key);
        } catch (GeneralSecurityException _) {
            // A key of another kind or size can't even be tried.
            return false;
        }
    }

    /// Returns whether a tag, if it is there, lists one of these words.
    private static boolean allows(Map<String, String> tags, String name, String... words) {
        String listed = tags.get(name);
        return listed == null || !Collections.disjoint(List.of(listed.split(":")), List.of(words));
    }

    /// Returns the key in a record; null when it is none.
    private static @Nullable PublicKey publicKey(String type, String published) {
        try {
            byte[] octets = Base64.getDecoder().decode(published);
            boolean rsa = type.equals("rsa");
            byte[] der = octets;
            if (!rsa) {
                der = Arrays.copyOf(ED25519_PREFIX, ED25519_PREFIX.length + octets.length);
                System.arraycopy(octets, 0, der, ED25519_PREFIX.length, octets.length);
            }
            return KeyFactory.getInstance(rsa ? "RSA" : "Ed25519")
                    .generatePublic(new X509EncodedKeySpec(der));
        } catch (GeneralSecurityException | IllegalArgumentException _) {
            // What the world publishes is no fault of ours; the comparison says that it is none.
            return null;
        }
    }

    /// Reads a list of tags (RFC 6376 §3.2), of a record or a signature, white space left out; of
    /// two with one name the first counts.
    static Map<String, String> tags(String list) {
        Map<String, String> tags = new HashMap<>();
        for (String tag : list.split(";")) {
            int equals = tag.indexOf('=');
            if (equals > 0) {
                tags.putIfAbsent(bare(tag.substring(0, equals)), bare(tag.substring(equals + 1)));
            }
        }
        return tags;
    }

    private static String bare(String text) {
        StringBuilder bare = new StringBuilder();
        text.chars().filter(c -> c > ' ').forEach(c -> bare.append((char) c));
        return bare.toString();
    }
}
