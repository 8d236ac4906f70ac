package dev.postern.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.postern.cli.SendmailOptions.Mode;
import dev.postern.submit.SmtpClient.Reports;
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
        "sendmail's submission mode, -Ac -t, true, true, , , ''",
        "with a value, -itf b@x.example a@x.example, true, false, b@x.example, , a@x.example",
        "a scanner's Exim, -oMr spam-scanned -oi a@x.example, false, false, , , a@x.example",
        "Exim's others, -oMa h -oMaa i -oMai j -oMas k -oMi l -oMs n -oMt o, false, true, , , ''",
        "ignored flags, -m -em -bm -v -n -U -G a@x.example, false, true, , , a@x.example",
        "apart, -X f -C f -p h -O a=b -L t -h 5 -B 7BIT a@x.example, false, true, , , a@x.example",
        "attached, -Xf -Cf -ph -Oa=b -Lt -h5 -B7BIT a@x.example, false, true, , , a@x.example"
    })
    void callersAreUnderstood(
            String caller,
            String words,
            boolean readsRecipients,
            boolean dotEnds,
            String sender,
            String fullName,
            String recipients)
            throws CliException {
        SendmailOptions options = SendmailOptions.parse(List.of(words.split(" ")));

        List<String> to = recipients.isEmpty() ? List.of() : List.of(recipients.split(" "));
        assertEquals(
                new SendmailOptions(
                        Mode.SUBMIT,
                        readsRecipients,
                        dotEnds,
                        sender,
                        fullName,
                        options.reports(),
                        to),
                options);
    }

    @ParameterizedTest
    @CsvSource({
        "-bs, SMTP",
        "-bs -i, SMTP",
        "-i -bs, SMTP",
        "-b s, SMTP",
        "-ibs, SMTP",
        "-bp, LIST",
        "-q, FLUSH",
        "-q30m, FLUSH",
        "-bm, SUBMIT"
    })
    void theModeIsUnderstood(String words, Mode mode) throws CliException {
        assertEquals(mode, SendmailOptions.parse(List.of(words.split(" "))).mode());
    }

    @ParameterizedTest
    @CsvSource({
        "-N success:delay, '', '', ''",
        "'-N success,delay -R hdrs -V a+b', 'SUCCESS,DELAY', HDRS, a+2Bb",
        "-Nnever -Rfull -V Ö, NEVER, FULL, +C3+96",
        "'-N never,success -R most', '', '', ''"
    })
    void whatReportsAreAskedForIsUnderstood(String words, String notify, String ret, String id)
            throws CliException {
        assertEquals(
                new Reports(notify, ret, id),
                SendmailOptions.parse(List.of(words.split(" "))).reports());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-bd", "-bi", "-bv", "-Z", "-f", "-itZ", "-N", "-X", "-oMr"})
    void whatPosternIsNotForIsRefused(String words) {
        CliException refused =
                assertThrows(
                        CliException.class, () -> SendmailOptions.parse(List.of(words.split(" "))));

        assertEquals(64, refused.exitCode());
    }
}
