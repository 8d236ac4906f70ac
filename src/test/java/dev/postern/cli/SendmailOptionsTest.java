package dev.postern.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The very words with which programs call sendmail.
class SendmailOptionsTest {

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "Debian's cron, -FCronDaemon -i -B8BITMIME -oem root, false, false, , CronDaemon, root",
        "cronie, -FCronDaemon -i -odi -oem -oi -t -f root, true, false, root, CronDaemon, ''",
        "anacron, -FAnacron -odi root, false, true, , Anacron, root",
        "at, -i user, false, false, , , user",
        "PHP, -t -i, true, false, , , ''",
        "PHP with a fifth argument, -t -i -fapp@x.example, true, false, app@x.example, , ''",
        "bsd-mailx, -i a@x.example b@x.example, false, false, , , a@x.example b@x.example",
        "s-nail, -i -r me@x.example -- a@x.example, false, false, me@x.example, , a@x.example",
        "mutt, -oem -oi -f me@x.example -- a@x.example, false, false, me@x.example, , a@x.example",
        "git send-email, -i a@x.example b@x.example, false, false, , , a@x.example b@x.example",
        "nodemailer, -i -f me@x.example a@x.example, false, false, me@x.example, , a@x.example",
        "Ruby's mail, -i -f me@x.example -- a@x.example, false, false, me@x.example, , a@x.example",
        "Symfony, -oi -t, true, false, , , ''",
        "letters together, -ti, true, false, , , ''",
        "delivery reports, -N failure -R hdrs -V id a@x.example, false, true, , , a@x.example",
        "sendmail's submission mode, -Ac -t, true, true, , , ''"
    })
    void callersAreUnderstood(
            String caller,
            String words,
            boolean readsRecipients,
            boolean dotEnds,
            String sender,
            String fullName,
            String recipients)
            throws Trouble {
        SendmailOptions options = SendmailOptions.parse(List.of(words.split(" ")));

        List<String> to = recipients.isEmpty() ? List.of() : List.of(recipients.split(" "));
        assertEquals(
                new SendmailOptions(readsRecipients, dotEnds, false, sender, fullName, to),
                options);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-bs", "-bs -i", "-i -bs"})
    void smtpIsSpokenWhenAskedFor(String words) throws Trouble {
        assertEquals(true, SendmailOptions.parse(List.of(words.split(" "))).speaksSmtp());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-bd", "-bp", "-bi", "-q", "-Z", "-f"})
    void whatPosternIsNotForIsRefused(String words) {
        Trouble refused =
                assertThrows(Trouble.class, () -> SendmailOptions.parse(List.of(words.split(" "))));

        assertEquals(64, refused.exitCode());
    }
}
