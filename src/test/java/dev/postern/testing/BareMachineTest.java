package dev.postern.testing;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// A machine on which nothing is installed: a test that wants a program is skipped, in one line,
/// and none fails, also not while it cleans up.
@Isolated
class BareMachineTest {

    /// Those who start processes, or say that they want to.
    private static final Set<Class<?>> DOORS =
            Set.of(Programs.class, Commands.class, Daemon.class, Postern.class, Lab.class);

    /// The one test that asks what happens where programs are missing.
    private static final Set<Class<?>> NOT_HERE = Set.of(BareMachineTest.class, ProgramsTest.class);

    private static final JavaClasses TESTS =
            new ClassFileImporter()
                    .importPath(
                            Path.of(
                                    System.getProperty("postern.home", "."),
                                    "target",
                                    "test-classes"));

    @Test
    void everyProcessOfTheTestsIsStartedInOnePlace() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(Programs.class)
                .should()
                .callMethod(ProcessBuilder.class, "start")
                .orShould()
                .callMethodWhere(target(owner(type(Runtime.class))).and(target(name("exec"))))
                .check(TESTS);
    }

    @Test
    void withoutProgramsTestsAreSkippedAndNoneFails() {
        Findings findings = new Findings();
        System.setProperty(Programs.BARE, "true");
        try {
            LauncherFactory.create().execute(everyTestOfPrograms(), findings);
        } finally {
            System.clearProperty(Programs.BARE);
        }
        System.out.println("bare machine: skipped " + findings.skipped.size());
        assertEquals("", String.join("\n", findings.failed));
        assertEquals(
                List.of(), findings.skipped.stream().filter(why -> why.contains("\n")).toList());
        assertTrue(findings.skipped.size() > 100, findings.skipped::toString);
    }

    private static LauncherDiscoveryRequest everyTestOfPrograms() {
        return LauncherDiscoveryRequestBuilder.request()
                .selectors(
                        TESTS.stream()
                                .filter(BareMachineTest::isTopLevelTest)
                                .map(type -> selectClass(type.getName()))
                                .toList())
                .build();
    }

    private static boolean isTopLevelTest(JavaClass type) {
        boolean wanted =
                type.getDirectDependenciesFromSelf().stream()
                        .anyMatch(uses ->
                                DOORS.stream().anyMatch(uses.getTargetClass()::isEquivalentTo));
        return !type.getName().contains("$")
                && NOT_HERE.stream().noneMatch(type::isEquivalentTo)
                && (type.getName().endsWith("IT") || (type.getName().endsWith("Test") && wanted));
    }

    /// What became of the tests.
    private static final class Findings implements TestExecutionListener {

        private final List<String> failed = new ArrayList<>();
        private final List<String> skipped = new ArrayList<>();

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            String why = result.getThrowable().map(Throwable::toString).orElse("");
            if (result.getStatus() == Status.FAILED) {
                failed.add(test.getUniqueId() + ": " + why);
            } else if (result.getStatus() == Status.ABORTED) {
                skipped.add(why);
            }
        }
    }
}
