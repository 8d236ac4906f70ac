package dev.postern.exec;

import dev.postern.config.Hosts;
import dev.postern.config.SubmissionPort;
import dev.postern.config.load.Sources;
import dev.postern.config.load.Sources.Adopted;
import dev.postern.exec.AppServer.Protection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The mail settings that an app already has in its environment, taken over: the server that they
/// name becomes an egress, and the app is pointed at the local listener instead.
///
/// Read are Django's `EMAIL_*`, the generic `SMTP_*` (Rails' among them), Laravel's `MAIL_*`,
/// Symfony's `MAILER_DSN`, Spring's `SPRING_MAIL_*` and NextAuth's `EMAIL_SERVER`. Where several
/// are set, the first that names a server counts, and those that name the same one go with it.
///
/// *Diagnostics.* Whatever of them is set and not used is told by the remarks of [#adopted].
public final class Adoption {

    /// The name of the adopted egress.
    public static final String EGRESS = "adopted";

    private static final String LOOPBACK = "127.0.0.1";
    private static final int SMTP_PORT = 25;

    private final @Nullable AppServer server;
    private final List<AppSettings> followers;
    private final List<String> remarks;

    private Adoption(
            @Nullable AppServer server, List<AppSettings> followers, List<String> remarks) {
        this.server = server;
        this.followers = List.copyOf(followers);
        this.remarks = List.copyOf(remarks);
    }

    /// Finds the settings.
    public static Adoption of(Sources sources) {
        List<AppSettings> all =
                AppConvention.ALL.stream()
                        .map(convention ->
                                new AppSettings(
                                        convention,
                                        sources.environment(),
                                        sources.absoluteReader()))
                        .toList();
        AppServer adopted = null;
        List<AppSettings> followers = new ArrayList<>();
        for (AppSettings settings : all) {
            AppServer server = settings.server();
            if (server != null && (adopted == null || server.isSameAs(adopted))) {
                adopted = adopted == null ? server : adopted.or(server);
                followers.add(settings);
            }
        }
        List<String> remarks = new ArrayList<>();
        for (AppSettings settings : all) {
            remarks.addAll(settings.remarks(adopted));
        }
        return new Adoption(adopted, followers, remarks);
    }

    /// Returns whether there is a server to adopt.
    public boolean isFound() {
        return server != null;
    }

    /// Returns this without its server, for what was seen is told all the same.
    public Adoption declined() {
        return new Adoption(null, List.of(), remarks);
    }

    /// Returns the variables to start the app with: its own, pointing in clear at a local listener.
    ///
    /// @param port where the listener is
    public Map<String, String> pointedAt(int port) {
        Map<String, String> changes = new LinkedHashMap<>();
        followers.forEach(settings -> changes.putAll(settings.pointedAt(LOOPBACK, port)));
        return changes;
    }

    @Nullable AppServer server() {
        return server;
    }

    /// Returns what the loader makes an egress of. Its port is where the race of `port: auto`
    /// begins; a server on this very machine is reached by its own port or not at all.
    public Adopted adopted() {
        SequencedMap<String, String> keys = new LinkedHashMap<>();
        if (server == null) {
            return new Adopted(keys, "", null, remarks);
        }
        keys.put("name", EGRESS);
        keys.put("type", server.type().word());
        keys.putAll(server.keys());
        if (Hosts.loopback(server.host())) {
            keys.put("port", String.valueOf(server.port().orElse(SMTP_PORT)));
        }
        List<String> lines = new ArrayList<>();
        lines.add("egress " + EGRESS + " comes from " + String.join(", ", server.variables()));
        lines.addAll(remarks);
        SubmissionPort first =
                server.port().isPresent()
                        ? new SubmissionPort(server.port().getAsInt(), isImplicit(server))
                        : null;
        return new Adopted(keys, server.variables().getFirst(), first, lines);
    }

    private static boolean isImplicit(AppServer its) {
        return its.protection() == Protection.IMPLICIT
                || SubmissionPort.isImplicit(its.port().orElse(SMTP_PORT));
    }
}
