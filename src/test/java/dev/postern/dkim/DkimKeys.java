package dev.postern.dkim;

import dev.postern.config.DkimConfig;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;

/// Keys for tests, made once a run.
public final class DkimKeys {

    public static final KeyPair RSA = pair("RSA", 2048);
    public static final KeyPair ED25519 = pair("Ed25519", 255);

    private DkimKeys() {}

    /// Returns a pair of keys.
    static KeyPair pair(String algorithm, int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /// Returns the private key as a file has it.
    public static String pem(KeyPair pair) {
        return "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
    }

    /// Returns a configured key.
    public static DkimConfig key(String domain, String selector, KeyPair pair) {
        return new DkimConfig(domain, selector, pair.getPrivate());
    }
}
