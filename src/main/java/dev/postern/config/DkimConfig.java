package dev.postern.config;

import dev.postern.mail.ALabels;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.NamedParameterSpec;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// A key that signs mail of a domain (RFC 6376).
///
/// @param domain whose mail, in lower case and ASCII
/// @param selector which of the domain's keys it is (RFC 6376 §3.1), in lower case
/// @param key RSA of at least [#RSA_LEAST_BITS], or Ed25519 (RFC 8463)
public record DkimConfig(String domain, String selector, PrivateKey key) {

    /// Bits of an RSA key: verifiers take no less than half of it (RFC 8301 §3.2), and are advised
    /// to want it whole.
    public static final int RSA_LEAST_BITS = 2048;

    /// Characters of a name in the DNS (RFC 1035 §2.3.4, without the dots' octets at both ends).
    private static final int NAME_CHARACTERS = 253;

    private static final String LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?+";
    private static final Predicate<String> LABELS =
            Pattern.compile(LABEL + "(?:\\." + LABEL + ")*+").asMatchPredicate();

    public DkimConfig {
        domain = domain.toLowerCase(Locale.ROOT);
        selector = selector.toLowerCase(Locale.ROOT);
    }

    /// Returns a domain in ASCII; empty when no mail can be of it.
    public static Optional<String> domain(String text) {
        return ALabels.domain(text).filter(DkimConfig::isName);
    }

    /// Returns whether a text is a selector: labels of a name (RFC 6376 §3.1).
    public static boolean isSelector(String text) {
        return isName(text);
    }

    private static boolean isName(String text) {
        return text.length() <= NAME_CHARACTERS && LABELS.test(text);
    }

    /// Returns whether the name of a key's record is short enough for the DNS.
    public static boolean fits(String domain, String selector) {
        return recordName(domain, selector).length() <= NAME_CHARACTERS;
    }

    /// Returns the name under which its public half is published (RFC 6376 §3.6.2.1).
    public String recordName() {
        return recordName(domain, selector);
    }

    /// Returns the name under which the public half of a domain's key is published.
    public static String recordName(String domain, String selector) {
        return (selector + "._domainkey." + domain).toLowerCase(Locale.ROOT);
    }

    /// Returns the key in a text.
    ///
    /// @throws GeneralSecurityException when there is none that may sign, with a line that says
    ///   what is wrong and never what was there
    public static PrivateKey key(String pem) throws GeneralSecurityException {
        PrivateKey parsed = PemKey.parse(pem, "in it");
        switch (parsed) {
            case RSAPrivateKey rsa -> {
                int bits = rsa.getModulus().bitLength();
                if (bits < RSA_LEAST_BITS) {
                    throw new InvalidKeySpecException("this is RSA of %d bits".formatted(bits));
                }
            }
            case EdECPrivateKey edwards -> {
                String curve = edwards.getParams().getName();
                if (!curve.equals(NamedParameterSpec.ED25519.getName())) {
                    throw new InvalidKeySpecException("this is " + curve);
                }
            }
            default -> throw new InvalidKeySpecException("this is " + parsed.getAlgorithm());
        }
        return parsed;
    }

    /// Returns what may be shown.
    @Override
    public String toString() {
        return recordName();
    }
}
