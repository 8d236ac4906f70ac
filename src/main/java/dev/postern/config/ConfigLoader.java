package dev.postern.config;

import dev.postern.config.PosternConfig.Acknowledge;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        FileSearch.Found file = new FileSearch(sources, reader, problems).find();
        Settings settings = settings(sources, file, interpolation, problems);
        fillComputed(settings);
        List<EgressLoader.Entry> egress = egress(settings);
        new CrossChecks(settings, reader, problems, remarks).check(egress);
        return problems.isEmpty()
                ? new Loaded.Valid(
                        Assembly.config(settings, egress),
                        remarks,
                        file == null ? null : file.path(),
                        new Effective(settings, egress))
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

    private List<EgressLoader.Entry> egress(Settings settings) {
        RawValue given = settings.find(Keys.EGRESS);
        if (given instanceof RawValue.Text text && text.source() instanceof Source.Variable) {
            given = EgressSources.urls(text, problems);
        } else if (given == null || none(given)) {
            given = EgressSources.conventional(sources.environment(), remarks);
        }
        List<EgressLoader.Entry> entries = new EgressLoader(problems).read(withAdopted(given));
        return entries.stream().map(this::withFirst).toList();
    }

    private EgressLoader.Entry withFirst(EgressLoader.Entry entry) {
        Adoption adoption = sources.adoption();
        boolean adopted = Adoption.EGRESS.equals(entry.settings().find(EgressKeys.NAME));
        return adoption == null || !adoption.isFound() || !adopted
                ? entry
                : new EgressLoader.Entry(entry.type(), entry.settings(), adoption.first());
    }

    private RawValue withAdopted(RawValue given) {
        Adoption adoption = sources.adoption();
        if (adoption == null || !(given instanceof RawValue.Items configured)) {
            return given;
        }
        remarks.addAll(adoption.remarks());
        if (!adoption.isFound()) {
            return given;
        }
        List<RawValue> all = new ArrayList<>(configured.items());
        all.add(adoption.egress());
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
}
