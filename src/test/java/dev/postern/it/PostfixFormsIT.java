package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.testing.Forms;
import dev.postern.testing.Forms.Form;
import dev.postern.testing.Postfix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the table says of Postfix is what a real one does: it is the judge of what real clients get
/// away with.
class PostfixFormsIT {

    @Test
    void postfixTakesWhatTheTableSays(@TempDir Path directory) throws IOException {
        List<String> wrong = new ArrayList<>();
        try (Postfix postfix = Postfix.start(directory)) {
            for (Form form : Forms.all()) {
                String said = form.answer(postfix.plainPort());
                if (said.charAt(0) != form.postfix().charAt(0)) {
                    wrong.add(form.line() + " => " + said);
                }
            }
        }
        assertEquals(List.of(), wrong);
    }
}
