package dev.postern.egress.net;

import dev.postern.outcome.CertificateRefused;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Verifies servers over sockets as another trust manager does, chain and name, and says of a
/// refused certificate whose it is. Java falls back on the common name where a certificate has no
/// name of a host among its alternative names; here the common name never counts (RFC 9525 §2).
public final class NamingTrust extends TlsTrust.ServerTrust {

    private static final int NAMES_SHOWN_MAX = 4;

    /// Kinds of alternative names: dNSName and iPAddress (RFC 5280 §4.2.1.6).
    private static final int DNS_NAME = 2;

    private static final int IP_ADDRESS = 7;

    private static final Pattern ADDRESS = Pattern.compile("[0-9.]++|[^:]*+:.*");

    private final X509ExtendedTrustManager judge;

    NamingTrust(X509ExtendedTrustManager judge) {
        this.judge = judge;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        try {
            judge.checkServerTrusted(chain, authType, socket);
            checkNamed(
                    chain[0], socket instanceof SSLSocket tls ? tls.getHandshakeSession() : null);
        } catch (CertificateException e) {
            throw new CertificateRefused(describe(chain[0]), names(chain[0]), e);
        }
    }

    /// @param session what was verified is for its host; an address was looked for among the
    ///   alternative names and nowhere else
    private static void checkNamed(X509Certificate certificate, @Nullable SSLSession session)
            throws CertificateException {
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        String host = session == null ? null : session.getPeerHost();
        boolean isAddress = host != null && ADDRESS.matcher(host).matches();
        int needed = isAddress ? IP_ADDRESS : DNS_NAME;
        if (alternatives == null
                || alternatives.stream().noneMatch(name -> name.getFirst().equals(needed))) {
            throw new CertificateException("certificate has no subjectAltName for a host");
        }
    }

    /// Returns the names of a certificate and who issued it: `mail.example.org (issued by R3)`.
    static String describe(X509Certificate certificate) {
        List<String> names = names(certificate);
        String more = names.size() > NAMES_SHOWN_MAX ? " and others" : "";
        String shown = String.join(", ", names.subList(0, Math.min(names.size(), NAMES_SHOWN_MAX)));
        String issuer = commonName(certificate.getIssuerX500Principal().getName());
        return shown + more + " (issued by " + issuer + ")";
    }

    /// Returns the names of whoever has a certificate: the alternative names, which it is for, or
    /// the common name, which only tells where it has none.
    public static List<String> names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                alternatives.forEach(name -> names.add(String.valueOf(name.get(1))));
            }
        } catch (CertificateParsingException _) {
            names.add("(unreadable names)");
        }
        if (names.isEmpty()) {
            names.add(commonName(certificate.getSubjectX500Principal().getName()));
        }
        return names;
    }

    private static String commonName(String distinguishedName) {
        try {
            for (Rdn rdn : new LdapName(distinguishedName).getRdns()) {
                if (rdn.getType().equalsIgnoreCase("CN")) {
                    return rdn.getValue().toString();
                }
            }
        } catch (InvalidNameException _) {
            return distinguishedName;
        }
        return distinguishedName;
    }
}
