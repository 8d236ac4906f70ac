package dev.postern.egress.mime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Seeds;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Addresses as messages really have them.
class MailboxTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a@b.example | a@b.example",
                "\"Doe, J\" <j@b.example>, k@b.example | \"Doe, J\" <j@b.example>;k@b.example",
                "\"a b\"@c.example | \"a b\"@c.example",
                // RFC 5322 §4.4: comments and blanks within addresses.
                "Pete(A wonderful \\) chap) <pete(his account)@silly.test(his host)>"
                        + " | Pete <pete@silly.test>",
                "John Doe <jdoe@machine(comment).  example> | John Doe <jdoe@machine.example>",
                "A Group(Some people) :Chris Jones <c@(Chris's host.)public.example>,"
                        + " joe@example.org; | Chris Jones <c@public.example>;joe@example.org",
                // No commas, no angle brackets.
                "tim@a.example joe@b.example | tim@a.example;joe@b.example",
                "Bob <bob@a.example> Bobby <b@b.example> | Bob <bob@a.example>;b@b.example",
                "Big Bug bb@bug.example | bb@bug.example",
                "nobody at all | ",
                "a@b.example (Jane Doe) | Jane Doe <a@b.example>",
                "<a@b.example> (Jane Doe) | Jane Doe <a@b.example>",
                "Jane (Sales) <a@b.example> | Jane <a@b.example>",
                "Jane(Sales)Doe <a@b.example> (more) | Jane Doe <a@b.example>",
                "\"J \\\"X\\\" D\" <a@b.example> | \"J \\\"X\\\" D\" <a@b.example>",
                "<@a.example,@b.example:c@d.example> | c@d.example",
                "=?utf-8?q?=C5=81ukasz?= <a@b.example> | \"\u0141ukasz\" <a@b.example>",
                "undisclosed-recipients:; | ",
                "Friends: a@b.example, C <c@d.example>; e@f.example"
                        + " | a@b.example;C <c@d.example>;e@f.example",
                // What is broken.
                "A <a@b.example, C <c@d.example> | a@b.example;C <c@d.example>",
                "<<a@b.example>>, c@d.example | a@b.example;c@d.example",
                "\"Jane <a@b.example>, c@d.example | Jane <a@b.example>;c@d.example",
                "a@b@c.example, d@e.example | d@e.example",
                "a@b.example, , ,c@d.example | a@b.example;c@d.example",
                "A <a@b.example | a@b.example",
                "(a@b.example | ",
            })
    void mailboxesAreFound(String raw, String mailboxes) throws Exception {
        List<String> found =
                Mailbox.list(new Fields.Raw(raw)).mailboxes().stream()
                        .map(Mailbox::toString)
                        .toList();
        assertEquals(mailboxes == null ? "" : mailboxes, String.join(";", found));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"Doe, \\\"J\\\"\" <a@b.example> | Doe, \"J\"",
                "\"Doe\" Jane <a@b.example> | Doe Jane",
                "Jane \"The  Boss\"   Doe <a@b.example> | Jane The  Boss Doe",
                "\"a \\\\ b\" <a@b.example> | a \\ b",
                "a@b.example (Jane \\(the boss\\) Doe) | Jane (the boss) Doe",
                "a@b.example (Jane (the boss) Doe) | Jane (the boss) Doe",
                "=?utf-8?q?=22Doe=2C_J=22?= <a@b.example> | \"Doe, J\"",
                "=?utf-8?q?Really??= <a@b.example> | Really?",
                "'Doe' <a@b.example> | 'Doe'",
                "\"\" <a@b.example> | ``",
                "Group: \"x\" <a@b.example>; | x",
            })
    void namesAreThoseThatReadersShow(String raw, String name) throws Exception {
        assertEquals(
                List.of(new Mailbox("a@b.example", name)),
                Mailbox.list(new Fields.Raw(raw)).mailboxes());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "root (Cron Daemon) | Cron Daemon <root>",
                "(Cron Daemon) root | Cron Daemon <root>",
                "root | root",
                "Cron Daemon <root> | Cron Daemon <root>",
                "\"x@x\" <matmail> | \"x@x\" <matmail>",
                "Cron Daemon | Cron Daemon",
                "\"Cron Daemon\" <> | Cron Daemon",
                "=?utf-8?q?=C5=81?= <root>, a@b.example | \"\u0141\" <root>",
                "a@b.example, root, C <c@d.example> | root",
                "undisclosed-recipients:; | ",
                "Friends: root, \"W\" <www>; | root;W <www>",
                " , ,; | ",
                "Big Bug bb@bug.example | Big Bug",
                "a@b@c.example, d@e.example | \"a@b@c.example\"",
                "A <a@b.example> and more | and more",
                "Bob <bob@a.example> Bobby <b@b.example> | Bobby",
                "<<a@b.example>> | ",
                "Group: a@b.example; (the end), (nobody) | ",
                "Name <not an address> | Name not an address",
            })
    void whatIsNoAddressIsToldApart(String raw, String others) throws Exception {
        List<String> found =
                Mailbox.list(new Fields.Raw(raw)).others().stream().map(Mailbox::toString).toList();
        assertEquals(others == null ? "" : others, String.join(";", found));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "undisclosed-recipients:; | undisclosed-recipients",
                "\"A, B\": a@b.example; C =?utf-8?q?=C3=BC?=: c@d.example; | A, B;C ü",
                "a@b.example | ",
            })
    void groupsAreNamed(String raw, String groups) throws Exception {
        List<String> found = Mailbox.list(new Fields.Raw(raw)).groups();
        assertEquals(groups == null ? "" : groups, String.join(";", found));
    }

    @Test
    void anyTextIsAList() {
        String characters = "a@b.<>()\"\\,;: \t=?+";
        Seeds.forEach(
                3000,
                random -> {
                    StringBuilder text = new StringBuilder();
                    for (int left = random.nextInt(24); left > 0; left--) {
                        text.append(characters.charAt(random.nextInt(characters.length())));
                    }
                    for (Mailbox mailbox :
                            Mailbox.list(new Fields.Raw(text.toString())).mailboxes()) {
                        assertTrue(mailbox.hasDomain(), text.toString());
                    }
                });
    }

    @Test
    void theAuthorIsTheFirstWhoHasADomain() throws Exception {
        assertNull(Mailbox.author(Fields.NONE));
        assertEquals(new Mailbox("root", "Cron"), author("root (Cron)", "www"));
        assertEquals(new Mailbox("a@b.example", "A"), author("root (Cron)", "A <a@b.example>"));
    }

    private static Mailbox author(String... from) throws IOException {
        return Mailbox.author(
                new Fields(
                        Arrays.stream(from)
                                .map(value -> new Fields.Field("From", new Fields.Raw(value)))
                                .toList()));
    }
}
