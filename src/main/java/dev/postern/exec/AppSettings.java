package dev.postern.exec;

import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.Hosts;
import dev.postern.config.Machine;
import dev.postern.config.load.Problems;
import dev.postern.config.load.Sources.TextReader;
import dev.postern.exec.AppConvention.Role;
import dev.postern.exec.AppServer.Part;
import dev.postern.exec.AppServer.Protection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What an app's environment says by one convention, and how to say it of another server.
///
/// *Contract.* Of every variable that the convention knows and that is set, one of these is true:
/// it is among the server's [AppServer#variables], among the changes of [#pointedAt], or its name
/// is in a line of [#remarks].
final class AppSettings {

    /// Pairs of a yes and its no, in the spellings that apps compare with.
    private static final Map<String, String> NO =
            Stream.of(
                            ("true/false True/False TRUE/FALSE yes/no Yes/No YES/NO on/off On/Off"
                                            + " ON/OFF 1/0 t/f y/n always/never")
                                    .split(" "))
                    .map(pair -> pair.split("/"))
                    .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));

    private static final List<Role> NAMED_BY_URL = List.of(Role.URL, Role.MAILER);

    private final AppConvention convention;
    private final Map<String, String> environment;
    private final TextReader reader;
    private final Set<String> told = new LinkedHashSet<>();
    private final List<String> remarks = new ArrayList<>();

    /// The variables that are of another server than the adopted one, and stay as they are.
    private final Set<String> apart = new HashSet<>();

    private final @Nullable AppServer server;

    /// A value and the variable that it comes from.
    private record Found(String variable, String value) {}

    /// Reads the settings.
    ///
    /// @param reader reads the files that variables name
    AppSettings(AppConvention convention, Map<String, String> environment, TextReader reader) {
        this.convention = convention;
        this.environment = new HashMap<>(environment);
        convention.variables().stream()
                .filter(name -> Machine.isSpoiled(environment.getOrDefault(name, "")))
                .forEach(name -> {
                    tell(name, "is not used: it is no text in the locale's charset");
                    this.environment.remove(name);
                });
        this.reader = reader;
        this.server = read();
    }

    /// Returns the server that the settings name; null when they name none, or are not in use.
    @Nullable AppServer server() {
        return server;
    }

    /// Returns lines on what is not used of the settings.
    ///
    /// @param adopted the server that is; null: none
    List<String> remarks(@Nullable AppServer adopted) {
        List<String> lines = new ArrayList<>(remarks);
        Set<String> left = new LinkedHashSet<>(set(convention.variables()).toList());
        left.removeAll(told);
        String why = "no server is named (" + convention.hostOrUrl() + ")";
        if (server != null && adopted != null && server.isSameAs(adopted)) {
            for (Part part : adopted.differing(server)) {
                List<String> others = new ArrayList<>(adopted.variables(part));
                others.removeAll(server.variables());
                lines.add(
                        "the %s of %s is not used, since another stands in %s"
                                .formatted(
                                        part.word(),
                                        String.join(", ", server.variables(part)),
                                        String.join(", ", others)));
            }
            server.variables().forEach(left::remove);
            pointedAt("", 0).keySet().forEach(left::remove);
            why = "others of " + convention.name() + " go before";
        } else if (server != null && adopted != null) {
            left.addAll(server.variables());
            why = adopted.variables().getFirst() + " names another server";
        }
        if (!left.isEmpty()) {
            lines.add("not used, since " + why + ": " + String.join(", ", left));
        }
        return lines;
    }

    private @Nullable AppServer read() {
        if (hasOtherMailer()) {
            return null;
        }
        for (Role role : List.of(Role.URL, Role.HOST, Role.PORT)) {
            for (String name : convention.named(role)) {
                String file = AppConvention.inFile(name);
                if (!value(file).isEmpty()) {
                    tell(file, "is not used; set " + name + ", which the app is given changed");
                }
            }
        }
        AppServer named = ofUrls();
        named = named == null ? ofVariables() : named;
        String mailer = set(convention.named(Role.MAILER)).findFirst().orElse(null);
        return named == null || mailer == null || told.contains(mailer)
                ? named
                : named.with(mailer);
    }

    private @Nullable AppServer ofUrls() {
        AppServer named = null;
        boolean hasUser = false;
        for (String name : set(convention.named(Role.URL)).toList()) {
            AppUrl url = AppUrl.of(name, value(name));
            url.remarks().forEach(what -> tell(name, what));
            AppServer its = url.server();
            if (its != null && named == null) {
                named = its;
                hasUser = url.hasUser();
            } else if (its != null && named != null && !its.isSameAs(named)) {
                leave(List.of(name), named.variables().getFirst());
            }
        }
        return named == null || named.type() != EgressType.SMTP ? named : whole(named, hasUser);
    }

    /// Returns the server of a URL with what the variables beside it say of it.
    private AppServer whole(AppServer named, boolean hasUser) {
        List<String> hosts = hosts();
        if (!hosts.isEmpty() && !isOf(named.host(), hosts.getFirst())) {
            List<String> others = new ArrayList<>(convention.variables());
            for (Role role : NAMED_BY_URL) {
                others.removeAll(convention.named(role));
            }
            others.removeAll(told);
            leave(set(others).toList(), named.variables().getFirst());
            return named;
        }
        leaveOthers(hosts, named.host());
        SequencedMap<String, Part> used = new LinkedHashMap<>();
        hosts.stream().limit(1).forEach(host -> used.put(host, Part.SERVER));
        OptionalInt port = named.port().isPresent() ? named.port() : port(used, hosts);
        AppProvider.LogIn logIn = hasUser ? null : logIn(used);
        return named.or(AppServer.smtp(named.host(), port, logIn, protection(used), used));
    }

    private boolean isOf(String host, String variable) {
        return place(variable).host().equalsIgnoreCase(host);
    }

    /// Leaves what names another server than the first of `hosts`.
    private void leaveOthers(List<String> hosts, String host) {
        hosts.stream()
                .filter(name -> !isOf(host, name))
                .forEach(name -> leave(List.of(name), hosts.getFirst()));
    }

    private void leave(List<String> variables, String first) {
        String left = String.join(", ", variables);
        remarks.add("not used, since " + first + " names another server: " + left);
        told.addAll(variables);
        apart.addAll(variables);
    }

    private List<String> hosts() {
        List<String> hosts = new ArrayList<>();
        for (String name : set(convention.named(Role.HOST)).toList()) {
            if (Hosts.valid(place(name).host())) {
                hosts.add(name);
            } else {
                // SMTP_ADDRESS is Rails' server, and elsewhere the sender's address.
                tell(name, "is not the name of a server");
            }
        }
        return hosts;
    }

    /// The first that is set counts. One that hides what it sends by is told, and believed.
    private boolean hasOtherMailer() {
        String name = set(convention.named(Role.MAILER)).findFirst().orElse(null);
        if (name == null) {
            return false;
        }
        String mailer = Problems.quoted(value(name));
        if (!AppConvention.sendsBySmtp(value(name))) {
            List<String> unused =
                    set(convention.variables()).filter(each -> !each.equals(name)).toList();
            String of = unused.isEmpty() ? "" : " of " + String.join(", ", unused);
            String why = ", by which the app does not send by SMTP: nothing is adopted";
            tell(name, "is " + mailer + why + of);
            told.addAll(unused);
            return true;
        }
        if (!value(name).toLowerCase(Locale.ROOT).contains("smtp")) {
            tell(name, "is " + mailer + ": adopted is the SMTP server that it hands mail to");
        }
        return false;
    }

    private @Nullable AppServer ofVariables() {
        List<String> hosts = hosts();
        if (hosts.isEmpty()) {
            return null;
        }
        Place place = place(hosts.getFirst());
        leaveOthers(hosts, place.host());
        SequencedMap<String, Part> used = new LinkedHashMap<>();
        used.put(hosts.getFirst(), Part.SERVER);
        OptionalInt port = port(used, hosts);
        AppProvider.LogIn logIn = logIn(used);
        return AppServer.smtp(place.host(), port, logIn, protection(used), used);
    }

    private OptionalInt port(SequencedMap<String, Part> used, List<String> hosts) {
        for (String name : set(convention.named(Role.PORT)).toList()) {
            OptionalInt port = AppUrl.port(value(name));
            if (port.isPresent()) {
                used.put(name, Part.PORT);
                return port;
            }
            tell(name, "is no number from 1 to 65535");
        }
        return hosts.isEmpty() ? OptionalInt.empty() : AppUrl.port(place(hosts.getFirst()).port());
    }

    private AppProvider.@Nullable LogIn logIn(SequencedMap<String, Part> used) {
        Found user = first(Role.USER);
        Found password = first(Role.PASSWORD);
        AppProvider.LogIn logIn = null;
        if (user != null && password != null) {
            used.put(user.variable(), Part.LOG_IN);
            used.put(password.variable(), Part.LOG_IN);
            logIn = new AppProvider.LogIn(user.value(), password.value());
        } else if (user != null) {
            half(user, Role.PASSWORD);
        } else if (password != null) {
            half(password, Role.USER);
        } else {
            String what = "asks for a log-in, but neither user nor password is set";
            set(convention.named(Role.AUTH))
                    .filter(name -> Protection.isYes(value(name)))
                    .forEach(name -> tell(name, what));
        }
        set(convention.named(Role.AUTH))
                .filter(name -> !told.contains(name))
                .forEach(name -> used.put(name, Part.LOG_IN));
        return logIn;
    }

    private void half(Found found, Role missing) {
        String others = Problems.anyOf(convention.named(missing));
        tell(found.variable(), "is set without " + others + ": nobody logs in");
    }

    private Protection protection(SequencedMap<String, Part> used) {
        Protection protection = Protection.UNSAID;
        for (AppConvention.Switch named : convention.switches()) {
            String value = value(named.variable());
            if (value.isEmpty()) {
                continue;
            }
            if (Protection.isKnown(value)) {
                used.put(named.variable(), Part.PROTECTION);
            } else {
                tell(
                        named.variable(),
                        "is %s, which is not understood: if the app insists on TLS by it, its mail"
                                        .formatted(Problems.quoted(value))
                                + " fails here");
            }
            Protection said = Protection.of(value, named.whenTrue());
            // A switch for implicit TLS says more than one for TLS of any kind.
            protection = said == Protection.IMPLICIT ? said : protection.or(said);
        }
        return protection;
    }

    /// Returns the variables that make the app talk in clear to `host` and `port`; its credentials
    /// stay.
    Map<String, String> pointedAt(String host, int port) {
        Map<String, String> changes = new LinkedHashMap<>();
        for (String name : set(convention.named(Role.URL)).toList()) {
            AppUrl url = AppUrl.of(name, value(name));
            if (url.server() != null && !apart.contains(name)) {
                changes.put(name, url.pointedAt(host, port));
            }
        }
        List<String> hosts =
                set(convention.named(Role.HOST))
                        .filter(name -> !apart.contains(name) && Hosts.valid(place(name).host()))
                        .toList();
        boolean whole = !hosts.isEmpty();
        for (String name : hosts) {
            boolean both = place(name).port() != null;
            changes.put(name, both ? host + ":" + port : host);
            whole &= both;
        }
        String number = String.valueOf(port);
        if (!hosts.isEmpty() && !whole) {
            changes.put(convention.named(Role.PORT).getFirst(), number);
        }
        set(convention.named(Role.PORT))
                .filter(name -> !apart.contains(name))
                .forEach(name -> changes.put(name, number));
        for (AppConvention.Switch named : convention.switches()) {
            String value = value(named.variable());
            if (!apart.contains(named.variable())
                    && Protection.of(value, named.whenTrue()) != Protection.UNSAID) {
                changes.put(named.variable(), NO.getOrDefault(value, named.off()));
            }
        }
        return changes;
    }

    /// A host, which some apps take with its port.
    ///
    /// @param port as it is written; null without one
    private record Place(String host, @Nullable String port) {}

    private Place place(String name) {
        String value = value(name);
        int colon = value.lastIndexOf(':');
        String host = colon < 0 ? value : value.substring(0, colon);
        String bare = Hosts.withoutBrackets(host);
        boolean both =
                colon >= 0
                        && (!bare.equals(host) || host.indexOf(':') < 0)
                        && AppUrl.port(value.substring(colon + 1)).isPresent();
        return both ? new Place(bare, value.substring(colon + 1)) : new Place(value, null);
    }

    private Stream<String> set(List<String> names) {
        return names.stream().filter(name -> !value(name).isEmpty());
    }

    private String value(String name) {
        return convention.value(environment.getOrDefault(name, ""));
    }

    /// Returns the first value of a role, be it in the environment or in a file that it names.
    private @Nullable Found first(Role role) {
        for (String name : convention.named(role)) {
            if (!value(name).isEmpty()) {
                return new Found(name, value(name));
            }
            String file = AppConvention.inFile(name);
            String text = value(file).isEmpty() ? "" : fileText(file);
            if (!text.isEmpty()) {
                return new Found(file, text);
            }
        }
        return null;
    }

    /// What stands for the file's name is in no line: it may be the secret itself.
    private String fileText(String variable) {
        Path file = Machine.path(value(variable));
        try {
            String text = file == null ? null : reader.mounted(file);
            if (text != null) {
                if (text.isEmpty()) {
                    tell(variable, "names a file that is empty");
                }
                return text;
            }
        } catch (IOException _) {
            // Told below.
        }
        tell(variable, "names no file that can be read");
        return "";
    }

    private void tell(String variable, String what) {
        remarks.add(variable + " " + what);
        told.add(variable);
    }
}
