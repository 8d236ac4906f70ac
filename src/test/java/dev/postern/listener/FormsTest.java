package dev.postern.listener;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.reception.Reception;
import dev.postern.testing.Facts;
import dev.postern.testing.Forms;
import dev.postern.testing.Forms.Form;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/// What clients say is taken or refused as the table has it, and refusals are told.
class FormsTest {

    private static final Path DOCUMENT = Path.of("docs/howto/moving-from.md");

    /// Rewrites our column with `-Dupdate=docs`.
    @Test
    void theTableHolds() throws IOException {
        List<String> lines = new ArrayList<>(Forms.head());
        try (Door door = new Door().open()) {
            for (Form form : Forms.all()) {
                String said = form.answer(door.address().getPort());
                String row = String.join("\t", form.line(), form.postfix(), said, form.why());
                lines.add(row.stripTrailing());
            }
        }
        if (System.getProperty("update", "").equals("docs")) {
            Files.write(Forms.TABLE, lines, UTF_8);
        }
        assertEquals(
                String.join("\n", lines) + "\n",
                Files.readString(Forms.TABLE, UTF_8),
                "mvn -q test -Dtest=FormsTest -Dupdate=docs");
    }

    /// Each difference from Postfix has a reason, and stands in the page for those who move.
    @Test
    void whatDiffersIsDocumented() throws IOException {
        String document = Files.readString(DOCUMENT, UTF_8);
        for (Form form : Forms.all()) {
            assertEquals(form.differs(), !form.why().isEmpty(), form.line());
            String shown = "`" + form.line().replaceFirst("^(?:RCPT TO|MAIL FROM):", "") + "`";
            assertTrue(!form.differs() || document.contains(shown), shown);
        }
    }

    /// What an operator needs to find the app that is wrong.
    @Test
    void theLogHasTheAddressAsSpoken() throws IOException {
        String client = " client=127.0.0.1";
        assertEquals(
                List.of(
                        "reason=form reply=504 5.5.4 Authentication mechanism not supported"
                                + client
                                + " refused",
                        "reason=form reply=501 5.1.3 RCPT TO:<address>: a blank in the address"
                                + client
                                + " address=<x y@example.com> refused",
                        "reason=form reply=555 5.5.4 Parameter not supported: FOO"
                                + client
                                + " address=<b@example.com> FOO=BAR refused",
                        "reason=address reply=553 5.6.7 Non-ASCII address without SMTPUTF8"
                                + client
                                + " address=jörg@example.com refused",
                        "reason=form reply=501 5.1.7 MAIL FROM:<address>: a blank in the address"
                                + client
                                + " address=<"
                                + "x".repeat(900)
                                + " y> refused"),
                told(
                        "AUTH HUNTER2 secret",
                        "MAIL FROM:<a@example.org>",
                        "RCPT TO:<x y@example.com>",
                        "RCPT TO:<b@example.com> FOO=BAR",
                        "RCPT TO:<j\u00C3\u00B6rg@example.com>",
                        "RSET",
                        "MAIL FROM:<" + "x".repeat(900) + " y>"));
    }

    /// Whatever a MAIL is refused for, it begins a transaction.
    @Test
    void aKindIsToldOnceATransaction() throws IOException {
        List<String> told =
                told(
                        "MAIL FROM:<a@example.org> FOO=1",
                        "MAIL FROM:<b@example.org> FOO=2",
                        "MAIL FROM:<c@example.org>",
                        "RCPT TO:<d@example.com> NOTIFY=NEVER",
                        "RCPT TO:<e@example.com> NOTIFY=NEVER",
                        "RSET",
                        "MAIL FROM:<f@example.org",
                        "MAIL FROM:<g@example.org");
        assertEquals(
                List.of("<a@", "<b@", "<d@", "<f@", "<g@"),
                told.stream()
                        .map(line -> line.replaceFirst("(?s).*address=(<.@).*", "$1"))
                        .toList());
    }

    /// Returns what the log says of what a client says after its EHLO.
    private static List<String> told(String... commands) throws IOException {
        List<String> facts = new ArrayList<>();
        Logger logger = Logger.getLogger(Reception.class.getName());
        Handler listening =
                new Handler() {
                    @Override
                    public synchronized void publish(LogRecord record) {
                        facts.add(Facts.text(record));
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Level usual = logger.getLevel();
        logger.setLevel(Level.INFO);
        logger.addHandler(listening);
        try (Door door = new Door().open();
                Client client = new Client(door.address())) {
            client.reply();
            client.ask("EHLO client.example");
            for (String command : commands) {
                client.ask(command);
            }
        } finally {
            logger.removeHandler(listening);
            logger.setLevel(usual);
        }
        return facts;
    }
}
