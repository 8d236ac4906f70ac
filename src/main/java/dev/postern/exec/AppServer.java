package dev.postern.exec;

import dev.postern.config.EgressConfig.EgressType;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where an app's own settings send mail: a server, or a provider's API.
///
/// @param type what reaches it
/// @param keys the keys of such an egress, but for its port
/// @param port empty: the settings do not say
/// @param protection how the connection is protected, as far as the settings say
/// @param said the variables in which all this stands, and what each says
record AppServer(
        EgressType type,
        SequencedMap<String, String> keys,
        OptionalInt port,
        Protection protection,
        SequencedMap<String, Part> said) {

    /// What a variable says of a server.
    enum Part {
        /// Which it is; in a URL all the rest too.
        SERVER,
        PORT,
        LOG_IN,
        PROTECTION,
        /// That the app hands its mail to it.
        MAILER;

        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final String HOST = "host";
    private static final String USERNAME = "username";
    private static final String PASSWORD = "password";

    AppServer {
        keys = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(keys));
        said = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(said));
    }

    /// Returns a submission server.
    ///
    /// @param logIn null: no log-in
    static AppServer smtp(
            String host,
            OptionalInt port,
            AppProvider.@Nullable LogIn logIn,
            Protection protection,
            SequencedMap<String, Part> said) {
        SequencedMap<String, String> keys = new LinkedHashMap<>();
        keys.put(HOST, host);
        if (logIn != null) {
            keys.put(USERNAME, logIn.user());
            keys.put(PASSWORD, logIn.password());
        }
        return new AppServer(EgressType.SMTP, keys, port, protection, said);
    }

    /// Returns its name or address, or the provider's type.
    String host() {
        return keys.getOrDefault(HOST, type.word());
    }

    /// Returns where all this stands.
    List<String> variables() {
        return List.copyOf(said.sequencedKeySet());
    }

    /// Returns where a part stands.
    List<String> variables(Part part) {
        List<String> its =
                variables().stream().filter(variable -> said.get(variable) == part).toList();
        return its.isEmpty() && part != Part.SERVER ? variables(Part.SERVER) : its;
    }

    boolean isSameAs(AppServer other) {
        return type == other.type && host().equalsIgnoreCase(other.host());
    }

    /// Returns this, handed its mail by what a variable says.
    AppServer with(String mailer) {
        SequencedMap<String, Part> more = new LinkedHashMap<>(said);
        more.putLast(mailer, Part.MAILER);
        return new AppServer(type, keys, port, protection, more);
    }

    /// Returns this with what only `other`, which names the same server, says.
    AppServer or(AppServer other) {
        SequencedMap<String, String> both = new LinkedHashMap<>(keys);
        if (logIn().isEmpty()) {
            both.putAll(other.logIn());
        }
        Set<Part> differing = differing(other);
        SequencedMap<String, Part> from = new LinkedHashMap<>(said);
        other.said.forEach((variable, part) -> {
            if (!differing.contains(part)) {
                from.putIfAbsent(variable, part);
            }
        });
        return new AppServer(
                type,
                both,
                port.isPresent() ? port : other.port,
                protection.or(other.protection),
                from);
    }

    /// Returns what `other` says otherwise of this server.
    Set<Part> differing(AppServer other) {
        Set<Part> differing = EnumSet.noneOf(Part.class);
        if (port.isPresent() && other.port.isPresent() && !port.equals(other.port)) {
            differing.add(Part.PORT);
        }
        if (!logIn().isEmpty() && !other.logIn().isEmpty() && !logIn().equals(other.logIn())) {
            differing.add(Part.LOG_IN);
        }
        if (protection.or(other.protection) != other.protection.or(protection)) {
            differing.add(Part.PROTECTION);
        }
        return differing;
    }

    private Map<String, String> logIn() {
        Map<String, String> logIn = new LinkedHashMap<>(keys);
        logIn.remove(HOST);
        return logIn;
    }

    /// How the app meant to protect its connection.
    enum Protection {
        UNSAID,
        STARTTLS,
        IMPLICIT;

        private static final Set<String> YES =
                Set.of("true yes on 1 t y always required require mandatory".split(" "));
        private static final Set<String> NO =
                Set.of("false no off 0 f n never none null smtp auto opportunistic".split(" "));
        private static final Map<String, Protection> WORDS =
                Map.of(
                        "tls", STARTTLS,
                        "starttls", STARTTLS,
                        "ssl", IMPLICIT,
                        "smtps", IMPLICIT,
                        "ssl/tls", IMPLICIT,
                        "force_tls", IMPLICIT);
        private static final Map<String, Protection> SCHEMES =
                Map.of(
                        "smtps", IMPLICIT,
                        "smtp+ssl", IMPLICIT,
                        "smtp+tls", STARTTLS,
                        "submission", STARTTLS);

        /// Ports where `smtps` is Django's word for STARTTLS: no server has TLS at once there.
        private static final Set<Integer> STARTTLS_PORTS = Set.of(25, 587, 2525, 2587);

        /// Reads a switch's value.
        ///
        /// @param yes what a plain yes means
        static Protection of(String value, Protection yes) {
            String word = value.strip().toLowerCase(Locale.ROOT);
            return YES.contains(word) ? yes : WORDS.getOrDefault(word, UNSAID);
        }

        /// Returns whether a switch's value, or that of a question whether to log in, says yes.
        static boolean isYes(String value) {
            return YES.contains(value.strip().toLowerCase(Locale.ROOT));
        }

        /// Returns whether a switch's value is any that is known.
        static boolean isKnown(String value) {
            String word = value.strip().toLowerCase(Locale.ROOT);
            return YES.contains(word) || NO.contains(word) || WORDS.containsKey(word);
        }

        static Protection ofScheme(String scheme, OptionalInt port) {
            Protection said = SCHEMES.getOrDefault(scheme, UNSAID);
            boolean late = port.isPresent() && STARTTLS_PORTS.contains(port.getAsInt());
            return said == IMPLICIT && late ? STARTTLS : said;
        }

        /// Returns this, or `other` where this says nothing.
        Protection or(Protection other) {
            return this == UNSAID ? other : this;
        }
    }
}
