package dev.postern.config.load;

import dev.postern.config.CaFile;
import dev.postern.config.Cidr;
import dev.postern.config.HostPort;
import dev.postern.config.Hosts;
import dev.postern.config.SmtpConfig;
import dev.postern.config.load.Sources.TextReader;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Refuses combinations of values that can't be meant, above all an open relay.
final class CrossChecks {

    private final Settings settings;
    private final TextReader reader;
    private final Problems problems;
    private final List<String> remarks;

    /// Makes a check of `settings`.
    ///
    /// @param remarks gets what is allowed but looks unintended
    CrossChecks(Settings settings, TextReader reader, Problems problems, List<String> remarks) {
        this.settings = settings;
        this.reader = reader;
        this.problems = problems;
        this.remarks = remarks;
    }

    void check(List<EgressLoader.Entry> egress) {
        openRelay();
        openToAll();
        users();
        tls();
        adminToken();
        ports();
        aliasLoops();
        for (EgressLoader.Entry entry : egress) {
            String prefix = "egress[" + entry.settings().find(EgressKeys.NAME) + "].";
            trustAnchors(entry.settings(), prefix);
            entry.settings().all().forEach(setting -> pasted(setting, prefix));
        }
    }

    private void openRelay() {
        if (!settings.know(Keys.SMTP_LISTEN, Keys.SMTP_ALLOW, Keys.SMTP_USERS)) {
            return;
        }
        boolean open =
                !Hosts.loopback(settings.get(Keys.SMTP_LISTEN).host())
                        && !settings.explicit(Keys.SMTP_ALLOW)
                        && settings.get(Keys.SMTP_USERS).isEmpty();
        if (open) {
            tell(
                    Keys.SMTP_LISTEN,
                    "is not loopback, and neither smtp.allow nor smtp.users says who may submit",
                    "set one of them");
        }
    }

    private void openToAll() {
        if (!settings.know(Keys.SMTP_ALLOW, Keys.SMTP_AUTH)) {
            return;
        }
        List<Cidr> allowed = settings.get(Keys.SMTP_ALLOW);
        if (Cidr.coverAll(allowed) && settings.get(Keys.SMTP_AUTH) != SmtpConfig.Auth.REQUIRED) {
            tell(
                    Keys.SMTP_ALLOW,
                    "lets everyone submit ("
                            + (allowed.stream().anyMatch(block -> block.prefixBits() == 0)
                                    ? "a /0"
                                    : "its blocks make a /0")
                            + "), which makes an open relay",
                    "name the networks, or set smtp.auth: required");
        }
    }

    private void users() {
        if (!settings.know(Keys.SMTP_USERS, Keys.SMTP_AUTH)) {
            return;
        }
        boolean some = !settings.get(Keys.SMTP_USERS).isEmpty();
        SmtpConfig.Auth auth = settings.get(Keys.SMTP_AUTH);
        if (some && auth == SmtpConfig.Auth.NONE) {
            tell(
                    Keys.SMTP_USERS,
                    "can't log in with smtp.auth: none",
                    "set smtp.auth: optional or required");
        }
        if (!some && auth == SmtpConfig.Auth.REQUIRED) {
            remarks.add("smtp.auth is required but smtp.users is empty: nobody can submit");
        }
    }

    private void tls() {
        if (!settings.know(Keys.SMTP_TLS_CERTIFICATE, Keys.SMTP_TLS_KEY)) {
            return;
        }
        boolean certificate = settings.find(Keys.SMTP_TLS_CERTIFICATE) != null;
        boolean key = settings.find(Keys.SMTP_TLS_KEY) != null;
        if (certificate && !key) {
            tell(Keys.SMTP_TLS_CERTIFICATE, "is set without smtp.tls.key", "set both");
        }
        if (key && !certificate) {
            tell(Keys.SMTP_TLS_KEY, "is set without smtp.tls.certificate", "set both");
        }
        if (!certificate && Boolean.TRUE.equals(settings.find(Keys.SMTP_TLS_REQUIRED))) {
            tell(Keys.SMTP_TLS_REQUIRED, "needs smtp.tls.certificate and smtp.tls.key", "");
        }
        readable(settings, Keys.SMTP_TLS_CERTIFICATE, "");
        readable(settings, Keys.SMTP_TLS_KEY, "");
        authBehindTls(certificate);
    }

    private void authBehindTls(boolean certificate) {
        boolean hidden =
                settings.know(Keys.SMTP_LISTEN, Keys.SMTP_USERS, Keys.SMTP_AUTH_PLAINTEXT)
                        && !certificate
                        && !settings.get(Keys.SMTP_AUTH_PLAINTEXT)
                        && !settings.get(Keys.SMTP_USERS).isEmpty()
                        && !Hosts.loopback(settings.get(Keys.SMTP_LISTEN).host());
        if (hidden) {
            remarks.add(
                    "smtp.users can log in over loopback only: AUTH beyond it needs"
                            + " smtp.tls.certificate or smtp.auth-plaintext: true");
        }
    }

    private void adminToken() {
        if (settings.know(Keys.HTTP_ADMIN, Keys.HTTP_ADMIN_TOKEN)
                && settings.find(Keys.HTTP_ADMIN_TOKEN) == null
                && !Hosts.loopback(settings.get(Keys.HTTP_ADMIN).host())) {
            tell(Keys.HTTP_ADMIN, "is not loopback and needs http.admin-token", "");
        }
    }

    private void ports() {
        List<Key<HostPort>> sockets = List.of(Keys.SMTP_LISTEN, Keys.HTTP_HEALTH, Keys.HTTP_ADMIN);
        for (int i = 1; i < sockets.size(); i++) {
            for (Key<HostPort> earlier : sockets.subList(0, i)) {
                if (settings.know(earlier, sockets.get(i))
                        && clash(settings.get(earlier), settings.get(sockets.get(i)))) {
                    tellClash(earlier, sockets.get(i));
                }
            }
        }
    }

    private void tellClash(Key<HostPort> one, Key<HostPort> other) {
        boolean blameOne = settings.explicit(one) && !settings.explicit(other);
        Key<HostPort> blamed = blameOne ? one : other;
        Key<HostPort> taken = blameOne ? other : one;
        tell(blamed, "is the address of " + taken.path() + " too", "give each its own port");
    }

    private static boolean clash(HostPort one, HostPort other) {
        return one.port() != 0
                && one.port() == other.port()
                && (one.host().equals(other.host())
                        || Hosts.wildcard(one.host())
                        || Hosts.wildcard(other.host()));
    }

    private void aliasLoops() {
        if (!settings.know(Keys.ALIASES)) {
            return;
        }
        Map<String, String> aliases = settings.get(Keys.ALIASES);
        Set<String> seen = new HashSet<>();
        for (String start : aliases.keySet()) {
            Set<String> chain = new LinkedHashSet<>();
            String at = start;
            while (at != null && chain.add(at)) {
                String target = aliases.get(at);
                at = target == null ? null : target.toLowerCase(Locale.ROOT);
            }
            if (at != null && Collections.disjoint(seen, chain)) {
                tell(Keys.ALIASES, "lead in a circle: " + String.join(", ", chain), "");
            }
            seen.addAll(chain);
        }
    }

    private void readable(Settings from, Key<Path> key, String prefix) {
        Path file = from.find(key);
        if (file == null) {
            return;
        }
        try {
            reader.read(file);
        } catch (IOException e) {
            problems.add(from.source(key), prefix + key.path(), Interpolation.unreadable(e));
        }
    }

    private void trustAnchors(Settings from, String prefix) {
        Path file = from.find(EgressKeys.CA);
        if (file == null) {
            return;
        }
        Source source = from.source(EgressKeys.CA);
        String path = prefix + EgressKeys.CA.path();
        try {
            CaFile.parse(reader.read(file));
        } catch (IOException e) {
            problems.add(source, path, Interpolation.unreadable(e));
        } catch (CertificateException _) {
            problems.add(
                    source,
                    path,
                    "no certificate in PEM can be read from " + file,
                    "name a file with -----BEGIN CERTIFICATE-----");
        }
    }

    /// Quotes and blanks around a secret are seldom meant; within a password they may be.
    private void pasted(Settings.Setting<?> setting, String prefix) {
        if (!(setting.key().type() instanceof Type.SecretText type)
                || !(setting.given() instanceof RawValue.Text text)
                || type.plain(text.value()).isEmpty()) {
            return;
        }
        String path = setting.given().source() + ": " + prefix + setting.key().path();
        String plain = type.plain(text.value());
        char first = plain.charAt(0);
        char last = plain.charAt(plain.length() - 1);
        if (!plain.equals(text.value())) {
            remarks.add(path + ": " + type.around() + " around it are left out");
        }
        if (first == last && Type.SecretText.isQuote(first)) {
            remarks.add(path + ": the quotes around it are taken as a part of it");
        } else if (first == ' ' || last == ' ') {
            remarks.add(path + ": the blanks around it are taken as a part of it");
        }
    }

    private void tell(Key<?> key, String what, String remedy) {
        problems.add(settings.source(key), key.path(), what, remedy);
    }
}
