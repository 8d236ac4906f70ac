package dev.postern.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.util.TreeScanner;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The messages of log lines are constant, and so are the names of their pairs: lines that say the
/// same can be found, counted and folded.
class LogCallsTest {

    /// Methods whose first argument is a message or the name of a pair.
    private static final Set<String> WORDED =
            Set.of("log", "setMessage", "addKeyValue", "trace", "debug", "info", "warn", "error");

    /// Where a method of that name is another.
    private static final Set<String> EXCUSED =
            Set.of(
                    // Hands a finished record on.
                    "src/main/java/dev/postern/log/LogProvider.java log");

    @Test
    void messagesAndKeysAreConstant() throws IOException {
        List<String> built = new ArrayList<>();
        int[] constant = {0};
        Declared.parse(
                SourceFile.under("src/main", ".java"),
                (unit, positions) ->
                        new TreeScanner<Void, Void>() {
                            @Override
                            public Void visitMethodInvocation(
                                    MethodInvocationTree call, Void nothing) {
                                if (isWorded(call)) {
                                    String where = Declared.place(unit, positions, call);
                                    if (isConstant(call.getArguments().getFirst())) {
                                        constant[0]++;
                                    } else if (!isExcused(where, call)) {
                                        built.add(where + ": " + call.getArguments().getFirst());
                                    }
                                }
                                return super.visitMethodInvocation(call, null);
                            }
                        }.scan(unit, null));
        assertEquals(List.of(), built, "make the message constant, and what it tells a pair");
        assertTrue(constant[0] > 200, "only " + constant[0] + " calls found");
    }

    private static boolean isWorded(MethodInvocationTree call) {
        return call.getMethodSelect() instanceof MemberSelectTree method
                && WORDED.contains(method.getIdentifier().toString())
                && !call.getArguments().isEmpty()
                && (!(method.getExpression() instanceof IdentifierTree)
                        || isLogger(method.getExpression()));
    }

    /// A variable that is no logger may have methods of these names too.
    private static boolean isLogger(ExpressionTree variable) {
        return Set.of("log", "LOG", "logger", "line", "target", "builder")
                .contains(variable.toString());
    }

    private static boolean isExcused(String where, MethodInvocationTree call) {
        String method = ((MemberSelectTree) call.getMethodSelect()).getIdentifier().toString();
        return EXCUSED.contains(where.replaceFirst(":\\d+$", " " + method));
    }

    private static boolean isConstant(ExpressionTree words) {
        return switch (words) {
            case LiteralTree _ -> true;
            case BinaryTree sum ->
                    isConstant(sum.getLeftOperand()) && isConstant(sum.getRightOperand());
            case ParenthesizedTree inner -> isConstant(inner.getExpression());
            case IdentifierTree name -> name.getName().toString().matches("[A-Z][A-Z0-9_]*");
            default -> false;
        };
    }
}
