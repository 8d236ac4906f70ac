package dev.postern.config.load;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.PosternConfig;
import dev.postern.config.PosternConfig.Acknowledge;
import dev.postern.config.PosternConfig.HttpConfig;
import dev.postern.config.PosternConfig.LogConfig;
import dev.postern.config.PosternConfig.RetryConfig;
import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.config.SmtpConfig;
import dev.postern.config.load.EgressLoader.EgressEntry;
import dev.postern.config.load.Problems.ValueContext;
import dev.postern.config.load.Sources.Adopted;
import dev.postern.config.load.Sources.TextReader;
import dev.postern.config.load.Type.Parsed;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Makes the configuration from built-in defaults, the file and the environment, later ones
/// winning.
///
/// What is overridden is not looked into: a variable that sets a key also spares the file's `${…}`
/// for it.
///
/// *Diagnostics.* Never throws for what a user wrote: all problems come back at once in
/// [Loaded.Invalid], each with its place, key and remedy. No secret is in any of them.
public final class ConfigLoader {

    private static final Set<String> VANISHING_FILE_SYSTEMS = Set.of("overlay", "tmpfs");

    private static final SequencedMap<String, EgressType> CONVENTIONAL = new LinkedHashMap<>();

    static {
        CONVENTIONAL.put("SENDGRID_API_KEY", EgressType.SENDGRID);
        CONVENTIONAL.put("MAILGUN_API_KEY", EgressType.MAILGUN);
        CONVENTIONAL.put("POSTMARK_SERVER_TOKEN", EgressType.POSTMARK);
        CONVENTIONAL.put("RESEND_API_KEY", EgressType.RESEND);
        CONVENTIONAL.put("BREVO_API_KEY", EgressType.BREVO);
    }

    private static final String MAILGUN_DOMAIN = "MAILGUN_DOMAIN";

    private final Sources sources;
    private final TextReader reader;
    private final Problems problems = new Problems();
    private final List<String> remarks = new ArrayList<>();
    private final Interpolation interpolation;

    private ConfigLoader(Sources sources) {
        this.sources = sources;
        this.reader = sources.absoluteReader();
        this.interpolation = new Interpolation(sources.environment(), reader, problems);
    }

    /// Loads the configuration. Reads files, and nothing but files.
    public static Loaded load(Sources sources) {
        return new ConfigLoader(sources).load();
    }

    private Loaded load() {
        FileSearch.Found file = new FileSearch(sources, reader, problems, null).find();
        Settings settings = settings(sources, file, interpolation, problems);
        fillComputed(settings);
        List<EgressEntry> egress = egress(settings);
        new CrossChecks(settings, reader, remarks).check(egress);
        return problems.isEmpty()
                ? new Loaded.Valid(
                        config(settings, egress),
                        remarks,
                        file == null ? null : file.path(),
                        settings,
                        egress)
                : new Loaded.Invalid(problems.list());
    }

    /// Reads the keys outside `egress`: the file's, and over them the environment's.
    ///
    /// @param file null: there is none
    static Settings settings(
            Sources sources,
            FileSearch.@Nullable Found file,
            Interpolation interpolation,
            Problems problems) {
        SectionReader section = new SectionReader(Keys.ALL, Keys.ELSEWHERE, "", problems);
        Map<String, RawValue> given = new HashMap<>();
        RawValue.Entries root = new RawValue.Entries(new LinkedHashMap<>(), new Source.Default(""));
        if (file != null) {
            root = YamlFile.read(file.text(), file.path().toString(), problems);
            given.putAll(section.flatten(root));
        }
        given.putAll(
                new Environment(sources.environment(), interpolation, problems).read(Keys.ALL));
        given.replaceAll((path, value) -> interpolation.resolve(value, path));
        return section.settings(given, root.source());
    }

    private List<EgressEntry> egress(Settings settings) {
        RawValue given = settings.find(Keys.EGRESS);
        if (given instanceof RawValue.Text text && text.source() instanceof Source.Variable) {
            given = EgressUrl.readAll(text, problems);
        } else if (given == null || none(given)) {
            given = conventional();
        }
        return new EgressLoader(problems).read(withAdopted(given));
    }

    /// Returns an egress for each conventional variable that is set.
    private RawValue.Items conventional() {
        List<RawValue> found = new ArrayList<>();
        CONVENTIONAL.forEach((variable, type) -> {
            String key = Environment.value(sources.environment(), variable);
            if (key == null) {
                return;
            }
            Source source = new Source.Variable(variable);
            RawValue.Entries egress =
                    new RawValue.Entries(new LinkedHashMap<>(), source)
                            .with("type", type.word(), source)
                            .with("name", type.word(), source)
                            .with("api-key", key, source);
            if (type == EgressType.MAILGUN) {
                String domain = Environment.value(sources.environment(), MAILGUN_DOMAIN);
                if (domain == null) {
                    remarks.add(variable + " is not used: MAILGUN_DOMAIN is not set");
                    return;
                }
                domain = Types.PROVIDERS_KEY.plain(domain);
                egress = egress.with("domain", domain, new Source.Variable(MAILGUN_DOMAIN));
            }
            remarks.add("egress " + type.word() + " comes from " + variable);
            found.add(egress);
        });
        return new RawValue.Items(found, new Source.Default(""));
    }

    private RawValue withAdopted(RawValue given) {
        Adopted adopted = sources.adopted();
        if (adopted == null || !(given instanceof RawValue.Items configured)) {
            return given;
        }
        remarks.addAll(adopted.remarks());
        if (adopted.egress().isEmpty()) {
            return given;
        }
        Source source = new Source.Variable(adopted.variable());
        RawValue.Entries egress = new RawValue.Entries(new LinkedHashMap<>(), source);
        for (Map.Entry<String, String> key : adopted.egress().entrySet()) {
            egress = egress.with(key.getKey(), key.getValue(), source);
        }
        List<RawValue> all = new ArrayList<>(configured.items());
        all.add(egress);
        return new RawValue.Items(all, configured.source());
    }

    private static boolean none(RawValue given) {
        return (given instanceof RawValue.Items items && items.items().isEmpty())
                || given.source() instanceof Source.Default;
    }

    private void fillComputed(Settings settings) {
        if (settings.know(Keys.SMTP_HOSTNAME) && settings.find(Keys.SMTP_HOSTNAME) == null) {
            Source source = new Source.Default("the machine's name");
            String hostname = hostname(sources);
            settings.put(Keys.SMTP_HOSTNAME, hostname, new RawValue.Text(hostname, source));
        }
        if (settings.know(Keys.ACKNOWLEDGE, Keys.SPOOL_PATH)
                && settings.find(Keys.ACKNOWLEDGE) == null) {
            acknowledge(settings);
        }
    }

    /// Returns the machine's name, where it can be used as one.
    static String hostname(Sources sources) {
        String name = sources.hostname().get();
        boolean usable = Types.WORD.parser().apply(name) instanceof Parsed.Good<String>;
        return usable ? name : "localhost";
    }

    private void acknowledge(Settings settings) {
        Path spool = sources.workingDirectory().resolve(settings.get(Keys.SPOOL_PATH));
        boolean onRender = Environment.value(sources.environment(), "RENDER") != null;
        String fileSystem = onRender ? sources.fileSystemType().apply(spool) : "";
        boolean vanishing = VANISHING_FILE_SYSTEMS.contains(fileSystem);
        Acknowledge value = vanishing ? Acknowledge.SENT : Acknowledge.SPOOLED;
        String why = vanishing ? "RENDER is set and spool.path is on " + fileSystem : "";
        String word = vanishing ? "sent" : "spooled";
        settings.put(Keys.ACKNOWLEDGE, value, new RawValue.Text(word, new Source.Default(why)));
        if (vanishing) {
            remarks.add("acknowledge is sent: " + why);
        }
    }

    /// Puts the records together from settings without problems.
    private PosternConfig config(Settings settings, List<EgressEntry> egress) {
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
                settings.get(Keys.DKIM),
                egress.stream().map(EgressLoader::config).map(this::withFirst).toList());
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

    /// Returns an egress with the port that an adopted app used before all others.
    private EgressConfig withFirst(EgressConfig egress) {
        Adopted adopted = sources.adopted();
        return adopted != null
                        && adopted.first() != null
                        && egress instanceof EgressConfig.Smtp(var common, var smtp)
                        && common.name().equals(adopted.egress().get("name"))
                ? new EgressConfig.Smtp(common, smtp.withFirst(adopted.first()))
                : egress;
    }

    /// Looks for the configuration file: where `--config` or `POSTERN_CONFIG` says, else in the
    /// usual places.
    ///
    /// @param forbidden gets a line for each file that is not for the caller to read, and is gone
    ///   past; null: such a file is a problem
    record FileSearch(
            Sources sources,
            TextReader reader,
            Problems problems,
            @Nullable List<String> forbidden) {

        private static final List<Path> USUAL_FILES =
                List.of(Path.of("postern.yaml"), Path.of("/etc/postern/postern.yaml"));

        /// The file that was found.
        record Found(Path path, String text) {}

        /// Returns the file; null where there is none, or after telling why it can't be read.
        @Nullable Found find() {
            Path path = sources.file();
            Source source = new Source.WholeFile(String.valueOf(path));
            String variable = Environment.value(sources.environment(), Environment.CONFIG);
            if (path == null && variable != null) {
                source = new Source.Variable(Environment.CONFIG);
                path =
                        Types.PATH.read(
                                new RawValue.Text(variable, source),
                                new ValueContext("", false, problems));
                if (path == null) {
                    return null;
                }
            }
            return path == null ? usual() : read(path, source);
        }

        private @Nullable Found usual() {
            for (Path path : USUAL_FILES) {
                try {
                    return new Found(path, reader.read(path));
                } catch (NoSuchFileException _) {
                    // Then the next place.
                } catch (IOException e) {
                    unreadable(e, new Source.WholeFile(path.toString()));
                    if (forbidden == null) {
                        return null;
                    }
                }
            }
            return null;
        }

        private @Nullable Found read(Path path, Source source) {
            try {
                return new Found(path, reader.read(path));
            } catch (IOException e) {
                unreadable(e, source);
                return null;
            }
        }

        private void unreadable(IOException e, Source source) {
            if (forbidden != null && e instanceof AccessDeniedException) {
                forbidden.add(Interpolation.unreadable(e));
            } else {
                problems.add(source, "", Interpolation.unreadable(e));
            }
        }
    }
}
