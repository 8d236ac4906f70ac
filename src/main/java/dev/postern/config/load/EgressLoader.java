package dev.postern.config.load;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.Hosts;
import dev.postern.config.Preset;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SubmissionPort;
import dev.postern.config.load.Problems.ValueContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads the egress list against the table of each entry's type.
final class EgressLoader {

    private final Problems problems;
    private final Set<String> names = new HashSet<>();

    /// An entry of the list.
    record EgressEntry(EgressType type, Settings settings) {}

    EgressLoader(Problems problems) {
        this.problems = problems;
    }

    /// Returns the entries that have a known type; their settings are whole when no problem was
    /// told.
    List<EgressEntry> read(RawValue given) {
        if (!(given instanceof RawValue.Items items)) {
            new ValueContext("egress", true, problems)
                    .shape(
                            given,
                            "a list such as [{name: gmail, type: smtp, host: smtp.gmail.com}]");
            return List.of();
        }
        List<EgressEntry> entries = new ArrayList<>();
        for (int i = 0; i < items.items().size(); i++) {
            EgressEntry entry = entry(items.items().get(i), i + 1);
            if (entry != null) {
                entries.add(entry);
            }
        }
        return entries;
    }

    /// Returns the configuration of an entry whose settings are whole.
    static EgressConfig config(EgressEntry entry) {
        Settings settings = entry.settings();
        Common common = common(entry.type(), settings);
        return switch (entry.type()) {
            case SMTP -> new EgressConfig.Smtp(common, smtp(settings));
            case SENDGRID, RESEND, BREVO, POSTMARK ->
                    new EgressConfig.Api(
                            common, entry.type().word(), settings.get(EgressKeys.API_KEY));
            case MAILGUN ->
                    new EgressConfig.Mailgun(
                            common,
                            settings.get(EgressKeys.DOMAIN),
                            settings.get(EgressKeys.API_KEY));
            case SES ->
                    new EgressConfig.Ses(
                            common,
                            settings.get(EgressKeys.REGION),
                            settings.find(EgressKeys.ACCESS_KEY_ID),
                            settings.find(EgressKeys.SECRET_ACCESS_KEY));
        };
    }

    private @Nullable EgressEntry entry(RawValue given, int ordinal) {
        if (!(given instanceof RawValue.Entries entries)) {
            new ValueContext("egress[" + ordinal + "]", true, problems)
                    .shape(
                            given,
                            "a mapping such as {name: gmail, type: smtp, host: smtp.gmail.com}");
            return null;
        }
        String prefix = "egress[" + label(entries, ordinal) + "].";
        EgressType type = type(entries, prefix);
        if (type == null) {
            return null;
        }
        SectionReader reader =
                new SectionReader(EgressKeys.of(type), EgressKeys.ELSEWHERE, prefix, problems);
        Map<String, RawValue> found = reader.flatten(onlyOf(type, entries, prefix));
        Settings settings = reader.settings(found, given.source());
        unique(settings);
        sign(type, settings);
        switch (type) {
            case SMTP -> checkSmtp(settings);
            case SES -> together(settings, EgressKeys.ACCESS_KEY_ID, EgressKeys.SECRET_ACCESS_KEY);
            case SENDGRID, RESEND, BREVO, POSTMARK, MAILGUN -> {}
        }
        return new EgressEntry(type, settings);
    }

    private static String label(RawValue.Entries entries, int ordinal) {
        RawValue.Text name = entries.text("name");
        boolean usable =
                name != null
                        && !(entries.source() instanceof Source.InUrl)
                        && name.value().matches("[a-z0-9-]{1,40}");
        return name != null && usable ? name.value() : String.valueOf(ordinal);
    }

    private @Nullable EgressType type(RawValue.Entries entries, String prefix) {
        RawValue.Entry entry = entries.entries().get("type");
        if (entry == null) {
            problems.add(
                    entries.source(),
                    prefix + "type",
                    "is missing",
                    "it must be " + EgressKeys.TYPE.type().told());
            return null;
        }
        return EgressKeys.TYPE
                .type()
                .read(entry.value(), new ValueContext(prefix + "type", false, problems));
    }

    /// Returns the entries without the keys of other types, which are told here; and without
    /// unknown keys in URLs, whose names may be misplaced secrets.
    private RawValue.Entries onlyOf(EgressType type, RawValue.Entries entries, String prefix) {
        SequencedMap<String, RawValue.Entry> own = new LinkedHashMap<>(entries.entries());
        List<String> mine = EgressKeys.of(type).stream().map(Key::path).toList();
        entries.entries()
                .forEach((name, entry) -> {
                    EgressType owner = EgressKeys.owner(name);
                    boolean url = entry.keySource() instanceof Source.InUrl;
                    if (!mine.contains(name) && (url || owner != null)) {
                        own.remove(name);
                        stray(type, name, owner, entry.keySource(), prefix, mine);
                    }
                });
        return new RawValue.Entries(own, entries.source());
    }

    private void stray(
            EgressType type,
            String name,
            @Nullable EgressType owner,
            Source source,
            String prefix,
            List<String> mine) {
        if (owner == null) {
            String meant = NearestWord.elsewhere(name, EgressKeys.ELSEWHERE, mine);
            String guess = meant == null ? Types.suggestion(name, mine) : "write " + meant;
            List<String> others = mine.stream().filter(key -> !key.equals("type")).toList();
            String keys = "keys of " + type.word() + " are " + String.join(", ", others);
            problems.add(
                    source,
                    prefix.substring(0, prefix.length() - 1),
                    "unknown key",
                    guess.isEmpty() ? keys : guess);
        } else {
            problems.add(
                    source,
                    prefix + name,
                    "is a key of type " + owner.word() + ", not of " + type.word(),
                    "remove it, or correct the type");
        }
    }

    private void unique(Settings settings) {
        String name = settings.find(EgressKeys.NAME);
        if (name != null && !names.add(name)) {
            settings.tell(EgressKeys.NAME, "is the name of another egress", "names are unique");
        }
    }

    private static void sign(EgressType type, Settings settings) {
        Key<Boolean> sign = EgressKeys.sign(type);
        if (Boolean.TRUE.equals(settings.find(sign)) && !type.takesRaw()) {
            settings.tell(
                    sign,
                    "can't be true: " + type.word() + " makes a new message, which it signs itself",
                    "remove it, and set the domain up with the provider");
        }
    }

    private void checkSmtp(Settings settings) {
        together(settings, EgressKeys.USERNAME, EgressKeys.PASSWORD);
        boolean toFill =
                settings.know(
                                EgressKeys.TLS,
                                EgressKeys.PORT,
                                EgressKeys.USERNAME,
                                EgressKeys.PASSWORD)
                        && settings.find(EgressKeys.TLS) == null;
        if (toFill) {
            fillTls(settings);
        }
        String host = settings.find(EgressKeys.HOST);
        if (host == null) {
            return;
        }
        Preset.of(host).ifPresent(preset -> fillPreset(settings, host, preset));
        SmtpEgressConfig.Tls tls = settings.find(EgressKeys.TLS);
        boolean clear = tls == SmtpEgressConfig.Tls.NONE || tls == SmtpEgressConfig.Tls.OPTIONAL;
        if (clear && credentials(settings) && !Hosts.loopback(host)) {
            settings.tell(
                    EgressKeys.TLS,
                    "with credentials must be required or implicit",
                    "only a loopback host may get them in the clear");
        }
    }

    private void together(Settings settings, Key<?> one, Key<?> other) {
        if (!settings.know(one, other)) {
            return;
        }
        boolean first = settings.find(one) != null;
        if (first != (settings.find(other) != null)) {
            Key<?> present = first ? one : other;
            String absent = settings.path(first ? other : one);
            String remedy = present.path() + " needs it";
            problems.add(settings.source(present), absent, "is missing", remedy);
        }
    }

    private static boolean credentials(Settings settings) {
        return settings.find(EgressKeys.USERNAME) != null
                || settings.find(EgressKeys.PASSWORD) != null;
    }

    private static void fillTls(Settings settings) {
        OptionalInt port = settings.get(EgressKeys.PORT);
        boolean protectedPort = port.isPresent() && SubmissionPort.isImplicit(port.getAsInt());
        boolean required = credentials(settings) || protectedPort;
        SmtpEgressConfig.Tls tls =
                required ? SmtpEgressConfig.Tls.REQUIRED : SmtpEgressConfig.Tls.OPTIONAL;
        RawValue given =
                new RawValue.Text(required ? "required" : "optional", new Source.Default(""));
        settings.put(EgressKeys.TLS, tls, given);
    }

    /// Takes the provider's limits where the user set none.
    private void fillPreset(Settings settings, String host, Preset preset) {
        Source source = new Source.OfProvider(host);
        fill(settings, EgressKeys.CONCURRENCY, preset.concurrency(), source);
        fill(settings, EgressKeys.RATE, preset.rate(), source);
        fill(settings, EgressKeys.QUOTA, preset.quota(), source);
    }

    private <T> void fill(Settings settings, Key<T> key, @Nullable String known, Source source) {
        if (known != null && settings.know(key) && !settings.explicit(key)) {
            RawValue given = new RawValue.Text(known, source);
            ValueContext reading = new ValueContext(settings.path(key), false, problems);
            settings.put(key, key.type().read(given, reading), given);
        }
    }

    private static SmtpEgressConfig smtp(Settings settings) {
        String host = settings.get(EgressKeys.HOST);
        List<SubmissionPort> candidates = new ArrayList<>(SubmissionPort.USUAL);
        Preset.of(host).ifPresent(preset -> candidates.addAll(preset.alternates()));
        return new SmtpEgressConfig(
                host,
                settings.get(EgressKeys.PORT),
                settings.get(EgressKeys.TLS),
                settings.find(EgressKeys.TLS_NAME),
                settings.find(EgressKeys.USERNAME),
                settings.find(EgressKeys.PASSWORD),
                settings.find(EgressKeys.EHLO_NAME),
                candidates);
    }

    private static Common common(EgressType type, Settings settings) {
        return new Common(
                settings.get(EgressKeys.NAME),
                settings.find(EgressKeys.ENDPOINT),
                settings.find(EgressKeys.CA),
                settings.get(EgressKeys.CONCURRENCY),
                settings.get(EgressKeys.CONNECT_TIMEOUT),
                settings.get(EgressKeys.COMMAND_TIMEOUT),
                settings.get(EgressKeys.DATA_TIMEOUT),
                settings.get(EgressKeys.answerTimeout(type)),
                settings.get(EgressKeys.SENDERS),
                settings.find(EgressKeys.RATE),
                settings.find(EgressKeys.QUOTA),
                settings.get(EgressKeys.WHEN_LIMITED),
                settings.get(EgressKeys.FIDELITY),
                settings.get(EgressKeys.sign(type)));
    }
}
