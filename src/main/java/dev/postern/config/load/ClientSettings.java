package dev.postern.config.load;

import dev.postern.config.HostPort;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.config.load.ConfigLoader.FileSearch;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.config.load.Sources.TextReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What loading the configuration brought for a command that talks to a running forwarder, on
/// behalf of any user of the machine: cron's root, `www-data`.
///
/// *Contract.* What the caller may not read (a secret, the whole file) or has not in its
/// environment is left out rather than being a problem: the forwarder has it. What is wrong with
/// the rest is a problem, as it is for [ConfigLoader].
public sealed interface ClientSettings permits ClientSettings.ClientConfig, Loaded.Invalid {

    /// Loads the settings. Reads files, and nothing but files.
    static ClientSettings load(Sources sources) {
        TextReader reader = sources.absoluteReader();
        Problems problems = new Problems();
        Problems unread = new Problems();
        Interpolation interpolation = new Interpolation(sources.environment(), reader, unread);
        List<String> forbidden = new ArrayList<>();
        FileSearch.Found file = new FileSearch(sources, reader, problems, forbidden).find();
        Settings settings = ConfigLoader.settings(sources, file, interpolation, problems);
        if (!problems.isEmpty()) {
            return new Loaded.Invalid(problems.list());
        }
        if (!settings.know(ClientConfig.NEEDED)) {
            return new Loaded.Invalid(unread.list());
        }
        // There is a file, and the caller may not read it.
        boolean hidden = file == null && !forbidden.isEmpty();
        List<String> lines =
                Stream.concat(
                                forbidden.stream(),
                                unread.list().stream().map(ConfigProblem::toString))
                        .toList();
        String hostname = settings.find(Keys.SMTP_HOSTNAME);
        List<SmtpConfig.User> users = settings.find(Keys.SMTP_USERS);
        boolean nowhere = hidden && !settings.explicit(Keys.SPOOL_PATH);
        return new ClientConfig(
                settings.get(Keys.SMTP_LISTEN),
                settings.get(Keys.HTTP_ADMIN),
                hostname == null ? ConfigLoader.hostname(sources) : hostname,
                nowhere ? null : settings.get(Keys.SPOOL_PATH),
                users == null || users.isEmpty() ? null : users.getFirst(),
                settings.find(Keys.HTTP_ADMIN_TOKEN),
                settings.find(Keys.QUALIFY_DOMAIN),
                settings.find(Keys.SENDMAIL_FROM),
                lines);
    }

    /// What a command that talks to a running forwarder needs to know.
    ///
    /// @param smtp `smtp.listen`
    /// @param admin `http.admin`
    /// @param hostname `smtp.hostname`, else the machine's name
    /// @param spool `spool.path`; null when the file that may set it is not for the caller to read
    /// @param user who logs in to the listener; null: nobody, or the caller may not read it
    /// @param adminToken `http.admin-token`; null: none, or the caller may not read it
    /// @param qualifyDomain `qualify-domain`; null without
    /// @param sendmailFrom `sendmail.from`; null without
    /// @param unread a line for each value that the caller can't read
    record ClientConfig(
            HostPort smtp,
            HostPort admin,
            String hostname,
            @Nullable Path spool,
            SmtpConfig.@Nullable User user,
            @Nullable Secret adminToken,
            @Nullable String qualifyDomain,
            @Nullable String sendmailFrom,
            List<String> unread)
            implements ClientSettings {

        static final Key<?>[] NEEDED = {
            Keys.SMTP_LISTEN,
            Keys.SMTP_HOSTNAME,
            Keys.HTTP_ADMIN,
            Keys.SPOOL_PATH,
            Keys.QUALIFY_DOMAIN,
            Keys.SENDMAIL_FROM
        };

        /// Returns whether a program that the forwarder starts may see a variable of its
        /// environment. Of our settings those may be seen that tell a command like `sendmail` where
        /// the forwarder is, or name a file that does; any other is a secret or leads to one.
        public static boolean mayBeSeen(String variable) {
            return !Environment.isSetting(variable)
                    || variable.equals(Environment.CONFIG)
                    || Arrays.stream(NEEDED)
                            .anyMatch(key ->
                                    variable.equals(key.variable())
                                            || (key.hasFileVariable()
                                                    && variable.equals(key.fileVariable())));
        }

        public ClientConfig {
            unread = List.copyOf(unread);
        }
    }
}
