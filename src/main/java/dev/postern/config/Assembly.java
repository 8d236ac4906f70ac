package dev.postern.config;

import java.util.List;

/// Puts the records together from settings without problems.
final class Assembly {

    private Assembly() {}

    static PosternConfig config(Settings settings, List<EgressLoader.Entry> egress) {
        return new PosternConfig(
                smtp(settings),
                new HttpConfig(
                        settings.get(Keys.HTTP_HEALTH),
                        settings.get(Keys.HTTP_ADMIN),
                        settings.find(Keys.HTTP_ADMIN_TOKEN)),
                spool(settings),
                settings.get(Keys.ACKNOWLEDGE),
                settings.get(Keys.ACKNOWLEDGE_TIMEOUT),
                settings.get(Keys.RECEIVED_HEADER),
                settings.find(Keys.QUALIFY_DOMAIN),
                settings.get(Keys.ALIASES),
                new PosternConfig.SendmailConfig(settings.find(Keys.SENDMAIL_FROM)),
                new RetryConfig(
                        settings.get(Keys.RETRY_SCHEDULE), settings.get(Keys.RETRY_MAX_AGE)),
                settings.get(Keys.DRAIN_DELAY),
                settings.get(Keys.DRAIN_TIMEOUT),
                settings.get(Keys.BOUNCES),
                new LogConfig(
                        settings.get(Keys.LOG_FORMAT),
                        settings.get(Keys.LOG_LEVEL),
                        settings.get(Keys.LOG_ADDRESSES)),
                new PosternConfig.NotifyConfig(
                        settings.find(Keys.NOTIFY_URL), settings.find(Keys.NOTIFY_SECRET)),
                egress.stream().map(EgressLoader::config).toList());
    }

    private static SmtpConfig smtp(Settings settings) {
        return new SmtpConfig(
                settings.get(Keys.SMTP_LISTEN),
                settings.get(Keys.SMTP_HOSTNAME),
                settings.get(Keys.SMTP_MAX_MESSAGE_SIZE),
                settings.get(Keys.SMTP_MAX_RECIPIENTS),
                settings.get(Keys.SMTP_MAX_CONNECTIONS),
                settings.get(Keys.SMTP_IDLE_TIMEOUT),
                settings.get(Keys.SMTP_BARE_NEWLINE),
                settings.get(Keys.SMTP_AUTH),
                settings.get(Keys.SMTP_USERS),
                settings.get(Keys.SMTP_AUTH_PLAINTEXT),
                settings.get(Keys.SMTP_ALLOW),
                !settings.explicit(Keys.SMTP_ALLOW),
                new SmtpConfig.Tls(
                        settings.find(Keys.SMTP_TLS_CERTIFICATE),
                        settings.find(Keys.SMTP_TLS_KEY),
                        settings.get(Keys.SMTP_TLS_REQUIRED)));
    }

    private static SpoolConfig spool(Settings settings) {
        return new SpoolConfig(
                settings.get(Keys.SPOOL_PATH),
                settings.get(Keys.SPOOL_SYNC),
                settings.get(Keys.SPOOL_MIN_FREE),
                settings.get(Keys.SPOOL_MAX_SIZE),
                settings.get(Keys.SPOOL_KEEP_FAILED),
                settings.get(Keys.SPOOL_KEEP_SENT),
                settings.get(Keys.SPOOL_KEEP_SENT_COUNT));
    }
}
