package dev.postern.listener;

import dev.postern.config.Cidr;
import dev.postern.config.HostPort;
import dev.postern.config.PosternConfig;
import dev.postern.config.PosternConfig.HttpConfig;
import dev.postern.config.PosternConfig.LogConfig;
import dev.postern.config.PosternConfig.RetryConfig;
import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.reception.ImmediateDelivery;
import dev.postern.reception.Reception;
import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.FailureThrottle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A listener under test with its settings, its spool in memory and its counters. Settings have the
/// names of the configuration; they are made before [#open].
final class Door implements AutoCloseable {

    static final String HOSTNAME = "postern.test";
    static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

    final MemorySpool spool = new MemorySpool();
    final Counters counters = new Counters();

    private final Map<String, String> settings = new HashMap<>();
    private final List<SmtpConfig.User> users = new ArrayList<>();
    private final Map<String, String> aliases = new HashMap<>();
    private ImmediateDelivery immediate;
    private Crowd crowd;
    private Listener listener;
    private Reception reception;

    /// Changes a setting of the configuration: `bare-newline` to `reject`.
    Door set(String name, String value) {
        switch (name) {
            case "user" -> {
                String[] pair = value.split(":", 2);
                users.add(new SmtpConfig.User(pair[0], Secret.of(pair[1])));
            }
            case "alias" -> {
                String[] pair = value.split("=", 2);
                aliases.put(pair[0], pair[1]);
            }
            default -> settings.put(name, value);
        }
        return this;
    }

    Door immediate(ImmediateDelivery sender) {
        immediate = sender;
        return this;
    }

    /// Puts a crowd in the place of the one that the heap's size gives.
    Door crowd(Crowd smaller) {
        crowd = smaller;
        return this;
    }

    Door open() throws IOException {
        PosternConfig config = config();
        reception = new Reception(config, spool, immediate, counters, () -> NOW);
        listener =
                crowd == null
                        ? new Listener(config.smtp(), reception, counters)
                        : new Listener(config.smtp(), reception, counters, crowd);
        listener.start();
        return this;
    }

    /// Returns what a session without a listener needs.
    SessionContext context() throws IOException {
        PosternConfig config = config();
        TlsCertificate startTls = TlsCertificate.of(config.smtp().tls()).orElse(null);
        return new SessionContext(
                config.smtp(),
                new Reception(config, spool, immediate, counters, () -> NOW),
                new Admission(config.smtp(), true, startTls != null),
                startTls,
                counters,
                Runnable::run,
                new FailureThrottle(() -> NOW));
    }

    Listener listener() {
        return listener;
    }

    Reception reception() {
        return reception;
    }

    InetSocketAddress address() {
        return listener.addresses().getFirst();
    }

    private String get(String name, String otherwise) {
        return settings.getOrDefault(name, otherwise);
    }

    private PosternConfig config() throws UnknownHostException {
        Duration day = Duration.ofDays(1);
        HostPort anywhere = new HostPort("127.0.0.1", 0);
        return new PosternConfig(
                smtp(),
                new HttpConfig(anywhere, anywhere, null),
                new SpoolConfig(Path.of("spool"), SpoolConfig.Sync.NEVER, 0, 0, day, day, 100),
                immediate == null
                        ? PosternConfig.Acknowledge.SPOOLED
                        : PosternConfig.Acknowledge.SENT,
                Duration.ofSeconds(30),
                get("received-header", "full").equals("full")
                        ? PosternConfig.ReceivedHeader.FULL
                        : PosternConfig.ReceivedHeader.OMIT,
                settings.get("qualify-domain"),
                aliases,
                new PosternConfig.SendmailConfig(null),
                new RetryConfig(List.of(Duration.ofSeconds(30)), day),
                Duration.ZERO,
                Duration.ofSeconds(25),
                PosternConfig.Bounces.NONE,
                new LogConfig(
                        LogConfig.Format.TEXT,
                        org.slf4j.event.Level.INFO,
                        LogConfig.Addresses.FULL),
                new PosternConfig.NotifyConfig(null, null),
                List.of(),
                List.of());
    }

    private SmtpConfig smtp() throws UnknownHostException {
        List<Cidr> allow = new ArrayList<>();
        for (String block : get("allow", "127.0.0.1/32,::1/128").split(",")) {
            String[] parts = block.split("/");
            allow.add(new Cidr(InetAddress.getByName(parts[0]), Integer.parseInt(parts[1])));
        }
        return new SmtpConfig(
                new HostPort(get("listen", "127.0.0.1"), 0),
                HOSTNAME,
                Long.parseLong(get("max-message-size", "100000")),
                Integer.parseInt(get("max-recipients", "1000")),
                Integer.parseInt(get("max-connections", "500")),
                Duration.parse(get("idle-timeout", "PT5M")),
                BareNewline.valueOf(get("bare-newline", "NORMALIZE")),
                SmtpConfig.Auth.valueOf(get("auth", "OPTIONAL")),
                users,
                Boolean.parseBoolean(get("auth-plaintext", "false")),
                allow,
                !settings.containsKey("allow"),
                tls());
    }

    private SmtpConfig.Tls tls() {
        String certificate = settings.get("tls.certificate");
        if (certificate == null) {
            return new SmtpConfig.Tls(null, null, false);
        }
        return new SmtpConfig.Tls(
                file(certificate),
                file(settings.get("tls.key")),
                Boolean.parseBoolean(get("tls.required", "false")));
    }

    /// Returns the file of that name in `src/test/resources/tls`, or a whole path as it is.
    static Path file(String name) {
        if (name.startsWith("/")) {
            return Path.of(name);
        }
        URL found = Door.class.getResource("/tls/" + name);
        if (found == null) {
            throw new IllegalArgumentException("no /tls/" + name);
        }
        try {
            return Path.of(found.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Override
    public void close() {
        if (listener != null) {
            listener.close();
        }
        spool.close();
    }
}
