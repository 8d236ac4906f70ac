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
            })
    void mailboxesAreFound(String raw, String mailboxes) {
        List<String> found = Mailbox.parse(raw).stream().map(Mailbox::toString).toList();
        assertEquals(mailboxes == null ? "" : mailboxes, String.join(";", found));
    }
}
