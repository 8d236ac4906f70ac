package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The simulation finds what it is there for: each of these bugs, put into the spool's source,
/// makes it fail.
class PlantedBugsTest {

    private static final long CRASHES_MOST = 20_000;

    private static final List<Bug> BUGS =
            List.of(
                    new Bug(
                            "a message is acknowledged before the sync",
                            "Writer",
                            "if (sync) {\n                journal().sync();",
                            "if (sync) {\n                synced(-1);"),
                    new Bug(
                            "a failed sync is taken for a good one",
                            "Journal",
                            "file.sync();\n            took =",
                            "try { file.sync(); } catch (IOException e) { log.trace(\"\", e); }\n"
                                    + "            took ="),
                    new Bug(
                            "a change is dropped with the write that failed",
                            "JournalWrites",
                            "public boolean survives() {\n            return true;",
                            "public boolean survives() {\n            return false;"),
                    new Bug(
                            "the end of a message goes before its beginning",
                            "Compaction",
                            "&& !isThereOneIn(segment.knownFrom(), segment.knownTo())",
                            ""),
                    new Bug(
                            "the first damaged record ends a segment in silence",
                            "SegmentScan",
                            "at < synced ? RecoveryTable.Where.SYNCED : RecoveryTable.Where.TAIL",
                            "RecoveryTable.Where.TAIL"),
                    new Bug(
                            "compaction forgets what was perhaps sent",
                            "Compaction",
                            "journal.note(RecordHeader.Type.COMMITTING, id, 0);",
                            "log.trace(\"{}\", id);"),
                    new Bug(
                            "a copy takes back that a message was perhaps sent",
                            "Compaction",
                            "noted ? state.possiblyDuplicate() : state",
                            "state"),
                    new Bug(
                            "a start that is stopped early forgets how the machine died",
                            "Spool",
                            "(left == null || lastStop == SpoolHome.LastStop.CLEAN)",
                            "lastStop != null"),
                    new Bug(
                            "mail is sent before all is known of it",
                            "Claims",
                            "if (!queueIndex.isComplete() || writes.trouble() != null) {",
                            "if (writes.trouble() != null) {"));

    @TempDir private Path directory;

    /// A fault of the program.
    ///
    /// @param what what it is
    /// @param type the class that has it
    /// @param text what stands in its source, once
    /// @param planted what stands there instead
    record Bug(String what, String type, String text, String planted) {

        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Bug> bugs() {
        return BUGS.stream();
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void isFound(Bug bug) throws Exception {
        Path source =
                SourceFile.HOME.resolve("src/main/java/dev/postern/spool/" + bug.type() + ".java");
        String whole = Files.readString(source);
        assertEquals(
                2,
                whole.split(Pattern.quote(bug.text()), -1).length,
                bug.type() + " has moved on: plant the bug anew");
        compile(
                Files.writeString(
                        directory.resolve(bug.type() + ".java"),
                        whole.replace(bug.text(), bug.planted())));
        Class<?> simulation = new Planted(directory).loadClass(SpoolSim.class.getName());
        Method crash = simulation.getDeclaredMethod("crash", long.class, Consumer.class);
        crash.setAccessible(true);
        Consumer<String> unheard = _ -> {};
        String found = "";
        try {
            crash.invoke(null, CRASHES_MOST, unheard);
        } catch (InvocationTargetException violation) {
            found = String.valueOf(violation.getCause());
        }
        assertTrue(found.contains("seed "), "not found in " + CRASHES_MOST + " crashes: " + found);
        System.out.println(bug + ": " + found.lines().findFirst().orElse(""));
    }

    private void compile(Path source) throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null)) {
            StringWriter said = new StringWriter();
            String path = System.getProperty("surefire.test.class.path", "");
            List<String> options =
                    List.of(
                            "-proc:none",
                            "-nowarn",
                            "-d",
                            directory.toString(),
                            "-classpath",
                            path.isEmpty() ? System.getProperty("java.class.path") : path);
            boolean done =
                    javac.getTask(
                                    said,
                                    files,
                                    null,
                                    options,
                                    null,
                                    files.getJavaFileObjects(source))
                            .call();
            assertTrue(done, said::toString);
        }
    }

    /// The spool with one class of another source, and the simulation that goes with it.
    private static final class Planted extends ClassLoader {

        private static final String PACKAGE = "dev.postern.spool.";
        private final Path other;

        Planted(Path other) {
            super(PlantedBugsTest.class.getClassLoader());
            this.other = other;
            setDefaultAssertionStatus(true);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded != null) {
                    return loaded;
                }
                return name.startsWith(PACKAGE) ? findClass(name) : super.loadClass(name, resolve);
            }
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            String file = name.replace('.', '/') + ".class";
            try (InputStream octets =
                    Files.exists(other.resolve(file))
                            ? Files.newInputStream(other.resolve(file))
                            : getParent().getResourceAsStream(file)) {
                if (octets == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] all = octets.readAllBytes();
                return defineClass(name, all, 0, all.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
