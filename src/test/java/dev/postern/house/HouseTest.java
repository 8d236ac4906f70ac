package dev.postern.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreeScanner;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.lang.model.element.Modifier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The measures of the house: few, larger rooms, and the field's words.
class HouseTest {

    private static final int FILES_MOST = 320;

    /// Nine tenths of what the house had before it was redrawn, 43,956; may only fall.
    private static final int CODE_LINES_MOST = 39_560;

    /// What was built since, and the lines of code that it may take.
    private static final Map<String, Integer> BUILT_SINCE =
            Map.ofEntries(
                    Map.entry("a start that loads what it uses", 175),
                    Map.entry("words beyond ASCII need no locale", 101),
                    Map.entry("starts that die leave what is doubtful so", 25),
                    Map.entry("fewer steps a message", 285),
                    Map.entry("queues that are longer than memory", 642),
                    Map.entry("mail is signed (DKIM)", 1_132));

    private static final int PACKAGE_FILES_MOST = 32;
    private static final int CONSTRUCTOR_PARAMETERS_MOST = 7;

    /// A type with one user is nested in it, unless it has more lines than this.
    private static final int OWN_FILE_LINES = 120;

    private static final int EXCUSES_MOST = 15;

    /// Top-level types with one user that are short all the same, and why.
    private static final Map<String, String> EXCUSED =
            Map.ofEntries(
                    Map.entry(
                            "EgressRegistry", "what reload keeps and closes, told apart by tests"),
                    Map.entry("SteadyClock", "time itself, with proofs of its own"),
                    Map.entry("config.load.Changes", "knows the tables of keys, its user does not"),
                    Map.entry("dispatch.FairQueue", "whose turn it is, without the dispatcher"),
                    Map.entry("dispatch.RetryAfterHolds", "no room is left in the dispatcher"),
                    Map.entry("dispatch.Router", "the order of egresses, without their state"),
                    Map.entry("egress.SigningFilter", "an egress, which the root only wraps"),
                    Map.entry("egress.SteeringFilter", "an egress, which the root only wraps"),
                    Map.entry("exec.Adoption", "the door of exec for the command line"),
                    Map.entry("reception.AddressRewriter", "rules for addresses, tested as such"),
                    Map.entry("smtp.LineReader", "a word of SMTP; its user is a stage"));

    /// Records that are rows of a table, or sections of the configuration, with a component a key.
    private static final Set<String> WIDE_RECORDS =
            Set.of(
                    "config.EgressConfig Common: 14",
                    "config.PosternConfig PosternConfig: 17",
                    "config.Preset Preset: 8",
                    "config.Preset ProviderWord: 8",
                    "config.SmtpConfig SmtpConfig: 13",
                    "config.SmtpEgressConfig SmtpEgressConfig: 8",
                    "config.load.ClientSettings ClientConfig: 9",
                    "doctor.Platform Platform: 9",
                    "egress.EgressView EgressView: 8",
                    "egress.mime.ParsedMessage Attachment: 8",
                    "egress.mime.ParsedMessage ParsedMessage: 12",
                    "outcome.Trouble TroubleRow: 10");

    /// Types that had a name which told nothing, or told two things.
    private static final Set<String> OLD_NAMES = oldNames();

    private static final Pattern STEP = Pattern.compile("^\\d+\\. \\*\\*`([\\w.]+)`\\*\\*");
    private static final int STEPS_MOST = 8;

    private static final List<Room> ROOMS = new ArrayList<>();

    /// One file of the program.
    ///
    /// @param type the name of its top-level type
    /// @param words every identifier in it, those of its imports left out
    /// @param imports the full names that it imports
    /// @param declared the names of all types that it declares
    /// @param wide constructors, records' own included, with too many parameters
    private record Room(
            SourceFile file,
            String pack,
            String type,
            Set<String> words,
            Set<String> imports,
            List<String> declared,
            List<String> wide) {

        String fullName() {
            return pack + "." + type;
        }

        /// The full name within the program.
        String name() {
            return fullName().replaceFirst("^dev\\.postern\\.", "");
        }

        boolean uses(Room other) {
            boolean sees =
                    pack.equals(other.pack)
                            ? !declared.contains(other.type)
                            : imports.stream().anyMatch(other::isImportedAs);
            return sees && words.contains(other.type);
        }

        private boolean isImportedAs(String name) {
            return name.equals(fullName()) || name.startsWith(fullName() + ".");
        }
    }

    @BeforeAll
    static void read() throws IOException {
        List<SourceFile> files = SourceFile.under("src/main/java", ".java");
        Map<String, SourceFile> byName = new TreeMap<>();
        files.forEach(file -> byName.put(file.name(), file));
        Declared.parse(
                files,
                (unit, _) -> {
                    Path path = Path.of(unit.getSourceFile().toUri());
                    String name = SourceFile.HOME.relativize(path).toString();
                    ROOMS.add(room(byName.get(name), unit));
                });
    }

    private static Room room(SourceFile file, CompilationUnitTree unit) {
        Scan scan = new Scan();
        unit.getTypeDecls().forEach(type -> scan.scan(type, null));
        Set<String> imports = new TreeSet<>();
        unit.getImports().forEach(one -> imports.add(one.getQualifiedIdentifier().toString()));
        String type = file.path().getFileName().toString().replace(".java", "");
        return new Room(
                file,
                String.valueOf(unit.getPackageName()),
                type,
                scan.words,
                imports,
                scan.declared,
                scan.wide);
    }

    private static final class Scan extends TreeScanner<Void, Void> {
        private final Set<String> words = new HashSet<>();
        private final List<String> declared = new ArrayList<>();
        private final List<String> wide = new ArrayList<>();
        private String within = "";

        @Override
        public Void visitIdentifier(IdentifierTree word, Void nothing) {
            words.add(word.getName().toString());
            return null;
        }

        @Override
        public Void visitClass(ClassTree type, Void nothing) {
            String name = type.getSimpleName().toString();
            String outer = within;
            within = name;
            declared.add(name);
            if (type.getKind() == Tree.Kind.RECORD) {
                long components = type.getMembers().stream().filter(Scan::isComponent).count();
                count(name, components);
            }
            super.visitClass(type, null);
            within = outer;
            return null;
        }

        private static boolean isComponent(Tree member) {
            return member instanceof VariableTree variable
                    && !variable.getModifiers().getFlags().contains(Modifier.STATIC);
        }

        @Override
        public Void visitMethod(MethodTree method, Void nothing) {
            if (method.getName().contentEquals("<init>")) {
                count(within, method.getParameters().size());
            }
            return super.visitMethod(method, null);
        }

        private void count(String type, long parameters) {
            String found = type + ": " + parameters;
            if (parameters > CONSTRUCTOR_PARAMETERS_MOST && !wide.contains(found)) {
                wide.add(found);
            }
        }
    }

    @Test
    void thereAreFewFiles() {
        System.out.println("house: files " + ROOMS.size() + " of at most " + FILES_MOST);
        assertTrue(ROOMS.size() <= FILES_MOST, () -> ROOMS.size() + " files");
    }

    @Test
    void thereIsLittleCode() {
        long lines =
                ROOMS.stream()
                        .flatMap(room -> room.file().lines().stream())
                        .filter(HouseTest::isCode)
                        .count();
        int most =
                CODE_LINES_MOST + BUILT_SINCE.values().stream().mapToInt(Integer::intValue).sum();
        System.out.println("house: code lines " + lines + " of at most " + most);
        assertTrue(lines <= most, () -> lines + " lines of code");
    }

    private static boolean isCode(String line) {
        String text = line.strip();
        return !text.isEmpty() && !text.startsWith("//");
    }

    @Test
    void noPackageIsCrowded() {
        Map<String, Integer> sizes = new TreeMap<>();
        ROOMS.forEach(room -> sizes.merge(room.pack(), 1, Integer::sum));
        System.out.println("house: packages " + sizes);
        sizes.values().removeIf(size -> size <= PACKAGE_FILES_MOST);
        assertEquals(Map.of(), sizes);
    }

    @Test
    void noConstructorWantsTooMuch() {
        List<String> wide =
                ROOMS.stream()
                        .flatMap(room -> room.wide().stream().map(it -> room.name() + " " + it))
                        .filter(it -> !WIDE_RECORDS.contains(it))
                        .sorted()
                        .toList();
        assertEquals(List.of(), wide);
    }

    @Test
    void whatHasOneUserIsNestedInIt() {
        Map<String, String> found = new TreeMap<>();
        for (Room room : ROOMS) {
            List<String> users =
                    ROOMS.stream()
                            .filter(other -> !other.equals(room) && other.uses(room))
                            .map(Room::fullName)
                            .toList();
            int lines = room.file().lines().size();
            if (users.size() == 1 && lines <= OWN_FILE_LINES) {
                found.put(room.name(), users.getFirst() + ", " + lines + " lines");
            }
        }
        found.keySet().removeAll(EXCUSED.keySet());
        assertEquals(Map.of(), found, "nest it in its user, or excuse it with a reason");
        assertTrue(EXCUSED.size() <= EXCUSES_MOST, () -> EXCUSED.size() + " excuses");
    }

    @Test
    void noTypeHasAnOldName() {
        List<String> old = new ArrayList<>();
        for (Room room : ROOMS) {
            room.declared().stream()
                    .filter(OLD_NAMES::contains)
                    .forEach(name -> old.add(room.fullName() + ": " + name));
        }
        assertEquals(List.of(), old);
    }

    /// A name that stands for two things tells neither.
    @Test
    void noTwoFilesHaveOneName() {
        Map<String, List<String>> byName = new TreeMap<>();
        ROOMS.forEach(room ->
                byName.computeIfAbsent(room.type(), _ -> new ArrayList<>()).add(room.fullName()));
        byName.remove("package-info");
        byName.values().removeIf(all -> all.size() == 1);
        assertEquals(Map.of(), byName);
    }

    /// Old names that are no words of English are nowhere, in comments and documents neither.
    @Test
    void noTextHasAnOldName() throws IOException {
        List<String> coined =
                OLD_NAMES.stream().filter(name -> name.matches("..*[a-z][A-Z].*")).toList();
        Pattern any = Pattern.compile("\\b(" + String.join("|", coined) + ")\\b");
        List<SourceFile> texts = new ArrayList<>(SourceFile.under("src/main", ""));
        texts.addAll(SourceFile.under("src/test/java", ".java"));
        texts.addAll(SourceFile.under("docs", ".md"));
        texts.add(SourceFile.read(SourceFile.HOME.resolve("ARCHITECTURE.md")));
        texts.add(SourceFile.read(SourceFile.HOME.resolve("README.md")));
        List<String> old = new ArrayList<>();
        for (SourceFile text : texts) {
            Matcher found = any.matcher(text.text());
            while (found.find() && !text.name().endsWith("/HouseTest.java")) {
                old.add(text.name() + ": " + found.group());
            }
        }
        assertEquals(List.of(), old);
    }

    /// The two paths of docs/flow.md can be walked: few steps, and each names a class.
    @Test
    void theFlowNamesClassesThatAre() throws IOException {
        Set<String> types = new HashSet<>();
        ROOMS.forEach(room -> types.add(room.name()));
        List<String> path = new ArrayList<>();
        List<List<String>> paths = new ArrayList<>();
        for (String line : Files.readAllLines(SourceFile.HOME.resolve("docs/flow.md"))) {
            Matcher step = STEP.matcher(line);
            if (line.startsWith("## ")) {
                path = new ArrayList<>();
                paths.add(path);
            } else if (step.find()) {
                path.add(step.group(1));
            }
        }
        paths.removeIf(List::isEmpty);
        assertEquals(2, paths.size(), paths::toString);
        for (List<String> one : paths) {
            assertTrue(one.size() <= STEPS_MOST, one::toString);
            assertEquals(List.of(), one.stream().filter(name -> !types.contains(name)).toList());
        }
    }

    /// The glossary names types that are.
    @Test
    void theGlossaryNamesTypesThatAre() throws IOException {
        Set<String> declared = new HashSet<>();
        ROOMS.forEach(room -> declared.addAll(room.declared()));
        Matcher named =
                Pattern.compile("`([A-Z]\\w+)`")
                        .matcher(Files.readString(SourceFile.HOME.resolve("docs/glossary.md")));
        List<String> gone =
                named.results()
                        .map(it -> it.group(1))
                        .filter(it -> !declared.contains(it))
                        .toList();
        assertEquals(List.of(), gone);
    }

    /// Tests of the whole program have folders of their own: `it`, `packaging`, `docs`, `house`.
    @Test
    void theRootHasTheTestsOfItsTypesOnly() throws IOException {
        Set<String> types = new HashSet<>();
        ROOMS.forEach(room -> types.add(room.name() + "Test.java"));
        String root = "src/test/java/dev/postern/";
        List<String> strangers =
                SourceFile.under(root, ".java").stream()
                        .map(file -> file.name().substring(root.length()))
                        .filter(name -> name.indexOf('/') < 0 && !types.contains(name))
                        .toList();
        assertEquals(List.of(), strangers);
    }

    /// What a fake does not need, it does not have.
    @Test
    void noFakeRefusesHalfOfItsInterface() throws IOException {
        List<String> refusing =
                SourceFile.under("src/test/java", ".java").stream()
                        .filter(file -> file.text().contains("Unsupported" + "OperationException"))
                        .map(SourceFile::name)
                        .toList();
        assertEquals(List.of(), refusing);
    }

    private static Set<String> oldNames() {
        return Set.of(
                """
                Ledger Lines Snapshot Recent Note Notes Work Upkeep Room Opening Rebuild Recovery
                SetAside Keepsakes Flow OperatorDesk Errand Leg Lane Lanes Call Calls Gate Chronicle
                Haste Doubts Waiting Pace Serial Alarm Allowance Bucket Window Limits Shipment
                Reached ReachDialog SmtpReach Screening Race RaceTrack FirstLogIn Wording RemoteId
                Dialed Leaf Rebuilt Placement WithoutFields Misfit Ruling Scene Peer Mistakes
                Handover Incoming Addressing Sighting Sightings Chart Looked Together Names
                Conclusion Examined Given Reading Combinations OneLine FlowText Foreground
                EgressStock Consultation CachedJar DotEnded Follower Running
                """
                        .strip()
                        .split("\\s+"));
    }
}
