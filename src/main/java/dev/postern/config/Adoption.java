package dev.postern.config;

import dev.postern.config.AppServer.Protection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The mail settings that an app already has in its environment, taken over: the server that they
/// name becomes an egress, and the app is pointed at the local listener instead.
///
/// Read are Django's `EMAIL_*`, the generic `SMTP_*` (Rails' among them), Laravel's `MAIL_*`,
/// Symfony's `MAILER_DSN`, Spring's `SPRING_MAIL_*` and NextAuth's `EMAIL_SERVER`. Where several
/// are set, the first that names a server counts, and those that name the same one go with it.
public final class Adoption {

    /// The name of the adopted egress.
    public static final String EGRESS = "adopted";

    private static final String LOOPBACK = "127.0.0.1";
    private static final int SMTP_PORT = 25;

    private final AppServer server;
    private final List<AppSettings> followers;
    private final List<String> remarks;

    private Adoption(AppServer server, List<AppSettings> followers, List<String> remarks) {
        this.server = server;
        this.followers = List.copyOf(followers);
        this.remarks = List.copyOf(remarks);
    }

    /// Finds the settings; empty when the environment has none.
    public static Optional<Adoption> of(Sources sources) {
        return of(sources.environment());
    }

    static Optional<Adoption> of(Map<String, String> environment) {
        AppServer adopted = null;
        List<AppSettings> followers = new ArrayList<>();
        List<String> remarks = new ArrayList<>();
        for (AppConvention convention : AppConvention.ALL) {
            AppSettings settings = new AppSettings(convention, environment);
            AppServer server = settings.server();
            if (server == null) {
                continue;
            }
            if (adopted == null) {
                adopted = server;
            }
            if (server.host().equalsIgnoreCase(adopted.host())) {
                followers.add(settings);
            } else {
                remarks.add(
                        "not adopted, since "
                                + adopted.variables().getFirst()
                                + " names another server: "
                                + String.join(", ", server.variables()));
            }
        }
        return adopted == null
                ? Optional.empty()
                : Optional.of(new Adoption(adopted, followers, remarks));
    }

    AppServer server() {
        return server;
    }

    /// Returns lines for the log: what the egress comes from, and what was left alone.
    List<String> remarks() {
        List<String> lines = new ArrayList<>();
        lines.add("egress " + EGRESS + " comes from " + String.join(", ", server.variables()));
        lines.addAll(remarks);
        return lines;
    }

    /// Returns the variables to start the app with: its own, pointing in clear at a local listener.
    ///
    /// @param port where the listener is
    public Map<String, String> pointedAt(int port) {
        Map<String, String> changes = new LinkedHashMap<>();
        followers.forEach(settings -> changes.putAll(settings.pointedAt(LOOPBACK, port)));
        return changes;
    }

    /// Returns the egress. Its port is where the race of `port: auto` begins; a server on this very
    /// machine is reached by its own port or not at all.
    Given.Entries egress() {
        Source source = new Source.Variable(server.variables().getFirst());
        SequencedMap<String, Given.Entry> members = new LinkedHashMap<>();
        put(members, "name", EGRESS, source);
        put(members, "type", EgressKeys.EgressType.SMTP.word(), source);
        put(members, "host", server.host(), source);
        if (Hosts.loopback(server.host())) {
            put(members, "port", String.valueOf(server.port().orElse(SMTP_PORT)), source);
        }
        String user = server.user();
        String password = server.password();
        if (user != null && password != null) {
            put(members, "username", user, source);
            put(members, "password", password, source);
        }
        return new Given.Entries(members, source);
    }

    /// Returns what the app used, with which the race of `port: auto` begins; null where its
    /// settings name no port.
    @Nullable SubmissionPort first() {
        OptionalInt port = server.port();
        return port.isPresent() ? new SubmissionPort(port.getAsInt(), implicit()) : null;
    }

    private boolean implicit() {
        return server.protection() == Protection.IMPLICIT
                || (server.protection() == Protection.UNSAID
                        && server.port().isPresent()
                        && SubmissionPort.isImplicit(server.port().getAsInt()));
    }

    private static void put(
            SequencedMap<String, Given.Entry> members, String name, String value, Source source) {
        members.put(name, new Given.Entry(source, new Given.Text(value, source)));
    }
}
