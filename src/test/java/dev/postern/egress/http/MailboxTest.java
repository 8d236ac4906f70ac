package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
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
                "Jane (Sales) <a@b.example> | \"Jane (Sales)\" <a@b.example>",
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
        List<String> found = Mailbox.parse(raw).stream().map(Mailbox::toString).toList();
        assertEquals(mailboxes == null ? "" : mailboxes, String.join(";", found));
    }
}
