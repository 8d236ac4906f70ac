package dev.postern.house;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// What a source file declares, read with the JDK's own parser.
sealed interface Declared {

    /// The file and line of the declaration, and its name.
    String where();

    /// A class, interface, record or enum.
    record Type(String name, String where) implements Declared {}

    /// A method or constructor with a body, and how many lines it takes, its comment left out.
    record Method(String where, int lines) implements Declared {}

    /// Returns what the files declare.
    static List<Declared> in(List<SourceFile> files) throws IOException {
        List<Declared> found = new ArrayList<>();
        parse(files, (unit, positions) -> new Scan(unit, positions, found).scan(unit, null));
        return found;
    }

    /// Reads files and hands over each one's tree, and where its parts are.
    static void parse(
            List<SourceFile> files, BiConsumer<CompilationUnitTree, SourcePositions> reader)
            throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<Path> paths = files.stream().map(SourceFile::path).toList();
        try (StandardJavaFileManager disk = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task =
                    (JavacTask)
                            compiler.getTask(
                                    null,
                                    disk,
                                    null,
                                    List.of("-proc:none"),
                                    null,
                                    disk.getJavaFileObjectsFromPaths(paths));
            for (CompilationUnitTree unit : task.parse()) {
                reader.accept(unit, Trees.instance(task).getSourcePositions());
            }
        }
    }

    /// Returns the file and line of a part of a file.
    static String place(CompilationUnitTree unit, SourcePositions positions, Tree part) {
        Path path = Path.of(unit.getSourceFile().toUri());
        long line = unit.getLineMap().getLineNumber(positions.getStartPosition(unit, part));
        return SourceFile.HOME.relativize(path) + ":" + line;
    }

    /// Walks one file.
    final class Scan extends TreeScanner<Void, Void> {

        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final List<Declared> found;

        Scan(CompilationUnitTree unit, SourcePositions positions, List<Declared> found) {
            this.unit = unit;
            this.positions = positions;
            this.found = found;
        }

        @Override
        public Void visitClass(ClassTree type, Void nothing) {
            String name = type.getSimpleName().toString();
            found.add(new Type(name, where(type, name)));
            return super.visitClass(type, null);
        }

        @Override
        public Void visitMethod(MethodTree method, Void nothing) {
            if (method.getBody() != null) {
                long start = positions.getStartPosition(unit, method);
                long end = positions.getEndPosition(unit, method);
                if (start >= 0 && end > start) {
                    int lines = (int) (line(end) - line(start) + 1);
                    found.add(new Method(where(method, method.getName() + "()"), lines));
                }
            }
            return super.visitMethod(method, null);
        }

        private long line(long position) {
            return unit.getLineMap().getLineNumber(position);
        }

        private String where(Tree tree, String name) {
            return place(unit, positions, tree) + " " + name;
        }
    }
}
