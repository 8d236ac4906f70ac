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
///
/// @param remarks gets what is allowed but looks unintended
record CrossChecks(Settings settings, TextReader reader, List<String> remarks) {

    void check(List<EgressLoader.EgressEntry> egress) {
        openRelay();
        openToAll();
        users();
        tls();
        adminToken();
        ports(Keys.SMTP_LISTEN, Keys.HTTP_HEALTH);
        ports(Keys.SMTP_LISTEN, Keys.HTTP_ADMIN);
        ports(Keys.HTTP_HEALTH, Keys.HTTP_ADMIN);
        aliasLoops();
        idleKeys(egress);
        for (EgressLoader.EgressEntry entry : egress) {
            Settings its = entry.settings();
            trustAnchors(its);
            its.all().forEach(setting -> pasted(setting, its.path(setting.key())));
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
            settings.tell(
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
            settings.tell(
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
            settings.tell(
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
            settings.tell(Keys.SMTP_TLS_CERTIFICATE, "is set without smtp.tls.key", "set both");
        }
        if (key && !certificate) {
            settings.tell(Keys.SMTP_TLS_KEY, "is set without smtp.tls.certificate", "set both");
        }
        if (!certificate && Boolean.TRUE.equals(settings.find(Keys.SMTP_TLS_REQUIRED))) {
            settings.tell(
                    Keys.SMTP_TLS_REQUIRED, "needs smtp.tls.certificate and smtp.tls.key", "");
        }
        readable(Keys.SMTP_TLS_CERTIFICATE);
        readable(Keys.SMTP_TLS_KEY);
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
            settings.tell(Keys.HTTP_ADMIN, "is not loopback and needs http.admin-token", "");
        }
    }

    private void ports(Key<HostPort> one, Key<HostPort> other) {
        if (settings.know(one, other) && clash(settings.get(one), settings.get(other))) {
            boolean blameOne = settings.explicit(one) && !settings.explicit(other);
            Key<HostPort> blamed = blameOne ? one : other;
            Key<HostPort> taken = blameOne ? other : one;
            settings.tell(
                    blamed, "is the address of " + taken.path() + " too", "give each its own port");
        }
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
                settings.tell(Keys.ALIASES, "lead in a circle: " + String.join(", ", chain), "");
            }
            seen.addAll(chain);
        }
    }

    private void idleKeys(List<EgressLoader.EgressEntry> egress) {
        boolean keys = settings.know(Keys.DKIM) && !settings.get(Keys.DKIM).isEmpty();
        boolean signs =
                egress.stream()
                        .map(entry -> entry.settings().find(EgressKeys.sign(entry.type())))
                        .anyMatch(Boolean.TRUE::equals);
        if (keys && !signs && !egress.isEmpty()) {
            remarks.add("dkim has keys, but no egress signs: set sign: true where one can");
        }
    }

    private void readable(Key<Path> key) {
        Path file = settings.find(key);
        try {
            if (file != null) {
                reader.read(file);
            }
        } catch (IOException e) {
            settings.tell(key, Interpolation.unreadable(e), "");
        }
    }

    private void trustAnchors(Settings egress) {
        Path file = egress.find(EgressKeys.CA);
        try {
            if (file != null) {
                CaFile.parse(reader.read(file));
            }
        } catch (IOException e) {
            egress.tell(EgressKeys.CA, Interpolation.unreadable(e), "");
        } catch (CertificateException _) {
            egress.tell(
                    EgressKeys.CA,
                    "no certificate in PEM can be read from " + file,
                    "name a file with -----BEGIN CERTIFICATE-----");
        }
    }

    /// Quotes and blanks around a secret are seldom meant; within a password they may be.
    private void pasted(Settings.Setting<?> setting, String name) {
        if (!(setting.key().type() instanceof Type.SecretText type)
                || !(setting.given() instanceof RawValue.Text text)
                || type.plain(text.value()).isEmpty()) {
            return;
        }
        String path = setting.given().source() + ": " + name;
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
}
