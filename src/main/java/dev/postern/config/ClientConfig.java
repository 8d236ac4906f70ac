package dev.postern.config;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
public record ClientConfig(
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

    /// Returns whether a program that the forwarder starts may see a variable of its environment.
    /// Of our settings those may be seen that tell a command like `sendmail` where the forwarder
    /// is, or name a file that does; any other is a secret or leads to one.
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

    /// @param hidden whether there is a file, and the caller may not read it
    static ClientConfig of(Settings settings, String machine, boolean hidden, List<String> unread) {
        String hostname = settings.find(Keys.SMTP_HOSTNAME);
        List<SmtpConfig.User> users = settings.find(Keys.SMTP_USERS);
        boolean nowhere = hidden && !settings.explicit(Keys.SPOOL_PATH);
        return new ClientConfig(
                settings.get(Keys.SMTP_LISTEN),
                settings.get(Keys.HTTP_ADMIN),
                hostname == null ? machine : hostname,
                nowhere ? null : settings.get(Keys.SPOOL_PATH),
                users == null || users.isEmpty() ? null : users.getFirst(),
                settings.find(Keys.HTTP_ADMIN_TOKEN),
                settings.find(Keys.QUALIFY_DOMAIN),
                settings.find(Keys.SENDMAIL_FROM),
                unread);
    }
}
