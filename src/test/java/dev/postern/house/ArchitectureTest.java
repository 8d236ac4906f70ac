package dev.postern.house;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Who may import whom. The two tables are the rules; a package that is in neither has no place in
/// the house yet, and must get one here.
class ArchitectureTest {

    private static final String ROOT = "dev.postern";

    /// A package, and which others it may know. The words (`mail`, `smtp`) and the configuration's
    /// records are open to all but those who stand before them.
    private static final Map<String, Set<String>> MAY_KNOW = new LinkedHashMap<>();

    static {
        MAY_KNOW.put("mail", Set.of());
        MAY_KNOW.put("smtp", Set.of());
        MAY_KNOW.put("config", Set.of("mail", "smtp"));
        MAY_KNOW.put("outcome", words());
        MAY_KNOW.put("spool", words("outcome"));
        MAY_KNOW.put("dkim", words());
        MAY_KNOW.put("egress", words("outcome", "dkim"));
        MAY_KNOW.put("reception", words("spool", "outcome"));
        MAY_KNOW.put("listener", words("reception", "spool", "outcome"));
        // For `acknowledge: sent` it implements an interface that the reception asks.
        MAY_KNOW.put("dispatch", words("reception", "spool", "egress", "outcome"));
        MAY_KNOW.put("doctor", words("egress", "outcome", "dkim"));
        MAY_KNOW.put(
                "admin",
                words("reception", "listener", "doctor", "spool", "dispatch", "egress", "outcome"));
        MAY_KNOW.put("submit", words());
        // Lines and their masking; SLF4J finds it by itself.
        MAY_KNOW.put("log", words());
        // A child process and its signals; the mail settings that it has.
        MAY_KNOW.put("exec", words());
        MAY_KNOW.put("cli", words("submit", "doctor", "dkim", "log", "exec"));
    }

    /// A library, and the only ones who may use it: packages, or single classes.
    private static final Map<String, Set<String>> USED_ONLY_BY =
            Map.of(
                    "io.netty", Set.of("listener"),
                    "io.helidon.webserver", Set.of("admin"),
                    "io.helidon.webclient", Set.of("submit"),
                    "com.sendgrid", Set.of("egress.http"),
                    "software.amazon.awssdk", Set.of("egress.http"),
                    "jakarta.mail",
                            Set.of("egress.smtp.SubmissionTransport", "egress.mime", "mail"),
                    "picocli", Set.of("cli", "Main"));

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .importPath(
                            Path.of(System.getProperty("postern.home", "."), "target", "classes"));

    @ParameterizedTest(name = "{0}")
    @MethodSource("packages")
    void aPackageKnowsOnlyWhatItMay(String name, Set<String> others) {
        List<String> known = new ArrayList<>();
        known.add(within(name));
        others.forEach(other -> known.add(within(other)));
        String[] allowed = known.toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(within(name))
                .should()
                .dependOnClassesThat(
                        resideInAPackage(ROOT + "..")
                                .and(DescribedPredicate.not(resideInAnyPackage(allowed)))
                                .as("are of the house, but not of %s", known))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("libraries")
    void aLibraryIsUsedOnlyWhereItBelongs(String library, Set<String> users) {
        noClasses()
                .that(DescribedPredicate.not(new OneOf(users)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library + "..")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    /// `java.net.IDN` is of 2003 and takes some names for others; `mail.ALabels` says which.
    @Test
    void namesAreMappedByOurTable() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.net.IDN")
                .check(CLASSES);
    }

    @Test
    void thereAreNoCycles() {
        slices().matching(ROOT + ".(**)")
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void everyPackageHasItsPlace() {
        Set<String> homeless = new TreeSet<>();
        for (JavaClass type : CLASSES) {
            String name = type.getPackageName();
            if (!name.equals(ROOT) && MAY_KNOW.keySet().stream().noneMatch(in(name))) {
                homeless.add(name);
            }
        }
        assertEquals(Set.of(), homeless, "packages that the table above does not know");
    }

    @Test
    void thePageHasTheTables() throws IOException {
        Path file = SourceFile.HOME.resolve("ARCHITECTURE.md");
        String page = Files.readString(file);
        int from = page.indexOf('\n', page.indexOf("<!-- imports: written")) + 1;
        int to = page.indexOf("<!-- imports: end -->");
        String wanted = page.substring(0, from) + tables() + page.substring(to);
        if (System.getProperty("update", "").equals("docs")) {
            Files.writeString(file, wanted);
        }
        assertEquals(
                wanted,
                Files.readString(file),
                "mvn -q test -Dtest=ArchitectureTest -Dupdate=docs");
    }

    private static String tables() {
        StringBuilder page = new StringBuilder("| package | may know |\n| --- | --- |\n");
        MAY_KNOW.forEach((name, others) -> {
            Set<String> more = new TreeSet<>(others);
            boolean knowsAll = more.containsAll(words());
            more.removeAll(knowsAll ? words() : Set.of());
            String known = knowsAll ? "the words, the configuration" : "";
            for (String other : more) {
                known += (known.isEmpty() ? "" : ", ") + code(other);
            }
            page.append("| %s | %s |\n".formatted(code(name), known.isEmpty() ? "nobody" : known));
        });
        page.append("\n| library | is used only by |\n| --- | --- |\n");
        new TreeMap<>(USED_ONLY_BY)
                .forEach((library, users) -> {
                    String by =
                            new TreeSet<>(users)
                                    .stream()
                                            .map(ArchitectureTest::code)
                                            .collect(Collectors.joining(", "));
                    page.append("| %s | %s |\n".formatted(code(library), by));
                });
        return page.toString();
    }

    private static String code(String name) {
        return "`" + name + "`";
    }

    private static Stream<Arguments> packages() {
        return MAY_KNOW.entrySet().stream().map(e -> Arguments.of(e.getKey(), e.getValue()));
    }

    private static Stream<Arguments> libraries() {
        return USED_ONLY_BY.entrySet().stream().map(e -> Arguments.of(e.getKey(), e.getValue()));
    }

    private static Set<String> words(String... more) {
        Set<String> all = new TreeSet<>(List.of(more));
        all.addAll(List.of("mail", "smtp", "config"));
        return all;
    }

    private static String within(String name) {
        return ROOT + "." + name + "..";
    }

    private static java.util.function.Predicate<String> in(String packageName) {
        return name -> (packageName + ".").startsWith(ROOT + "." + name + ".");
    }

    /// Classes of the named packages, or in the root the class of that name.
    private static final class OneOf extends DescribedPredicate<JavaClass> {

        private final Set<String> names;

        OneOf(Set<String> names) {
            super("are of %s", new TreeSet<>(names));
            this.names = names;
        }

        @Override
        public boolean test(JavaClass type) {
            String outermost = type.getName().replaceFirst("\\$.*", "");
            return names.stream()
                    .anyMatch(name ->
                            outermost.equals(ROOT + "." + name)
                                    || in(type.getPackageName()).test(name));
        }
    }
}
