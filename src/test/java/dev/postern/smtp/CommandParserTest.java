package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandParserTest {
    private static Command parse(String line) {
        return CommandParser.parse(line.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void verbsWithoutArguments() {
        assertEquals(new Command.Data(), parse("DATA"));
        assertEquals(new Command.Rset(), parse("RSET"));
        assertEquals(new Command.Quit(), parse("QUIT"));
        assertEquals(new Command.StartTls(), parse("STARTTLS"));
        // Lower case and trailing spaces: hand-written clients.
        assertEquals(new Command.Data(), parse("data"));
        assertEquals(new Command.Quit(), parse("qUiT  "));
        // NOOP takes a string (RFC 5321 §4.1.1.9), HELP too.
        assertEquals(new Command.Noop(), parse("NOOP anything at all"));
        assertEquals(new Command.Help(), parse("HELP MAIL"));
        assertEquals(new Command.Vrfy(), parse("VRFY root"));
    }

    /// Behind a command and before its parameters a tab is white space like a blank (RFC 5321
    /// §4.1.1).
    @Test
    void tabs() {
        assertEquals(new Command.Quit(), parse("QUIT\t"));
        assertEquals(new Command.Data(), parse("DATA \t "));
        assertEquals(new Command.Ehlo("x"), parse("EHLO x\t"));
        assertEquals(new Command.Rcpt("a@example.org"), parse("RCPT TO:\t<a@example.org>\t"));
        assertEquals(new Command.Rcpt("a@example.org"), parse("RCPT TO:<\ta@example.org>"));
        assertEquals(
                new Command.Mail("a@example.org", OptionalLong.of(1), true),
                parse("MAIL FROM:<a@example.org>\tSIZE=1\t\tSMTPUTF8"));
        assertEquals(new Command.Auth("PLAIN", "AGEAYg=="), parse("AUTH PLAIN\tAGEAYg==\t"));
        assertRefused("RCPT TO:<a\tb@example.org>", "501 5.1.3");
    }

    @Test
    void argumentsWhereNoneBelong() {
        for (String verb : new String[] {"DATA", "RSET", "QUIT", "STARTTLS"}) {
            assertRefused(verb + " now", "501 5.5.4");
        }
        assertRefused("VRFY", "501 5.5.4");
    }

    @Test
    void helloTakesAnyName() {
        String[] names = {
            "mail.example.org",
            "[127.0.0.1]",
            "[IPv6:::1]",
            "my_pc",
            "localhost",
            "a b",
            "-",
            "x..y",
            "(none)",
        };
        for (String name : names) {
            assertEquals(new Command.Ehlo(name), parse("EHLO " + name));
            assertEquals(new Command.Helo(name), parse("helo   " + name + " "));
        }
        // Windows names in whatever encoding become printable ASCII.
        assertEquals(new Command.Ehlo("B?ro"), CommandParser.parse(Octets.of("EHLO B\u00fcro")));
        // No enhanced status in answers to EHLO (RFC 2034 §4).
        assertRefused("EHLO", "501 Say");
        assertRefused("HELO ", "501 Say");
    }

    @Test
    void reversePaths() {
        assertSender("<a@example.org>", "a@example.org");
        assertSender("<>", "");
        // Spaces after the colon (old Outlook, telnet), and no brackets (scripts, devices).
        assertSender("  <a@example.org>", "a@example.org");
        assertSender(" <>", "");
        assertSender("a@example.org", "a@example.org");
        // Bare local parts: cron and sendmail. The session completes or refuses them.
        assertSender("<root>", "root");
        assertSender("root", "root");
        // Source routes are ignored (RFC 5321 §4.1.2, appendix C).
        assertSender("<@a.example,@b.example:user@example.org>", "user@example.org");
        assertSender("<@[192.0.2.1]:user@example.org>", "user@example.org");
        // Quoted local parts, with what elsewhere would end the path.
        assertSender("<\"a b\"@example.org>", "\"a b\"@example.org");
        assertSender("<\"a>b@c\"@example.org>", "\"a>b@c\"@example.org");
        assertSender("<\"a\\\"b\"@example.org>", "\"a\\\"b\"@example.org");
        // Address literals.
        assertSender("<a@[192.0.2.1]>", "a@[192.0.2.1]");
        assertSender("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]");
        // All that atext allows (RFC 5322 §3.2.3), and dots where they do not belong (mobile
        // carriers).
        assertSender("<!#$%&'*+-/=?^_`{|}~@example.org>", "!#$%&'*+-/=?^_`{|}~@example.org");
        assertSender("<a..b.@example.org>", "a..b.@example.org");
        // `_` in host names, one label.
        assertSender("<root@my_host>", "root@my_host");
        // What a user pasted: blanks, and a domain as DNS has it.
        assertSender("< a@example.org >", "a@example.org");
        assertSender("<a@example.org.>", "a@example.org");
        assertSender("a@example.org.", "a@example.org");
        assertSender("<\"\"@example.org>", "\"\"@example.org");
        // A local part over 64 octets (VERP).
        assertSender("<" + "v".repeat(100) + "@example.org>", "v".repeat(100) + "@example.org");
    }

    private static void assertSender(String path, String address) {
        assertEquals(
                new Command.Mail(address, OptionalLong.empty(), false),
                parse("MAIL FROM:" + path),
                path);
        Command.Mail mail =
                assertInstanceOf(Command.Mail.class, parse("mail from:" + path + " SIZE=1"), path);
        assertEquals(address, mail.reversePath());
        assertEquals(1, mail.sizeOctets().orElseThrow());
    }

    /// The reply says what is wrong, so that whoever reads the app's log need not guess.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``                    | no address",
                "<                     | no address",
                ">                     | '>' in the address",
                "<a@example.org        | no closing bracket",
                "a@example.org>        | '>' in the address",
                "<a@b@c>               | more than one @",
                "<a b@example.org>     | a blank in the address",
                "<a @example.org>      | a blank in the address",
                "<a@ example.org>      | no domain",
                "<a@exa mple.org>      | a blank in the address",
                "<@example.org>        | no local part",
                "@example.org          | no local part",
                "<a@>                  | no domain",
                "a@                    | no domain",
                "<a@.>                 | an empty label in the domain",
                "<a@.example.org>      | an empty label in the domain",
                "<a@example.org..>     | an empty label in the domain",
                "<a@example..org>      | an empty label in the domain",
                "<a@[]>                | an address literal that is none",
                "<a@[192.0.2.1>        | an address literal that is none",
                "<a@example.org>x      | text behind the address: a blank is missing",
                "<a@example.org>SIZE=1 | text behind the address: a blank is missing",
                "<\"a@example.org>      | a quoted string without its end",
                "<\"a\\>                | a quoted string without its end",
                "<\"a\"b@example.org>   | 'b' in the address",
                "<@a:>                 | '>' in the address",
                "<@a,b@c>              | a source route that is none",
                "<@a@b>                | a source route without its end",
                "<<a@example.org>>     | '<' in the address",
                "<Ann <a@example.org>> | a name before the address",
                "Ann <a@example.org>   | a name before the address",
                "Ann<a@example.org>    | a name before the address",
                "Ann Lee <a@b.example> | a name before the address",
                "\"A. B\" <a@b.example>| a name before the address",
                "<a(b)@example.org>    | '(' in the address",
                "<a,b@example.org>     | ',' in the address",
                "<a\\@b@example.org>   | '\\' in the address",
                "<mailto:a@example.org>| ':' in the address",
                "<a@ex!mple.org>       | '!' in the address",
                "<a@b,c@d>             | ',' in the address",
            })
    void wrongPaths(String path, String problem) {
        String words = "<address>: " + problem;
        assertTrue(assertRefused("MAIL FROM:" + path, "501 5.1.7").toString().endsWith(words));
        assertTrue(assertRefused("RCPT TO:" + path, "501 5.1.3").toString().endsWith(words));
        assertEquals(
                path,
                assertInstanceOf(Command.Malformed.class, parse("RCPT TO: " + path)).spoken());
    }

    @Test
    void wrongCommandsOfTheEnvelope() {
        assertRefused("MAIL", "501 5.5.2");
        assertRefused("MAIL FROM", "501 5.5.2");
        assertRefused("MAIL <a@example.org>", "501 5.5.2");
        assertRefused("MAIL TO:<a@example.org>", "501 5.5.2");
    }

    @Test
    void forwardPaths() {
        assertEquals(new Command.Rcpt("a@example.org"), parse("RCPT TO:<a@example.org>"));
        assertEquals(new Command.Rcpt("a@example.org"), parse("rcpt to: <a@example.org> "));
        assertEquals(
                new Command.Rcpt("a@example.org"), parse("RCPT TO:<@x.example:a@example.org>"));
        assertEquals(new Command.Rcpt("Postmaster"), parse("RCPT TO:<Postmaster>"));
        assertEquals(new Command.Rcpt("root"), parse("RCPT TO:root"));
        assertRefused("RCPT TO:<>", "501 5.1.3");
        assertRefused("RCPT TO:", "501 5.1.3");
        assertRefused("RCPT TO:<a@example.org", "501 5.1.3");
        assertRefused("RCPT FROM:<a@example.org>", "501 5.5.2");
        assertRefused("RCPT a@example.org", "501 5.5.2");
    }

    @Test
    void pathsHaveALimit() {
        String domain = "@example.org";
        String longest = "l".repeat(SmtpLimits.PATH_OCTETS - 2 - domain.length()) + domain;
        assertEquals(new Command.Rcpt(longest), parse("RCPT TO:<" + longest + ">"));
        assertRefused("RCPT TO:<l" + longest + ">", "501 5.1.3");
        assertRefused("MAIL FROM:<l" + longest + ">", "501 5.1.7");
        // Octets count, not characters.
        assertRefused("RCPT TO:<" + "\u00fc".repeat(125) + domain + ">", "501 5.1.3");
    }

    @Test
    void nonAsciiAddressesAreKept() {
        Command.Rcpt rcpt =
                assertInstanceOf(
                        Command.Rcpt.class, parse("RCPT TO:<\u7528\u6237@\u4f8b.example>"));
        assertEquals("\u7528\u6237@\u4f8b.example", rcpt.forwardPath());
        Command.Mail mail =
                assertInstanceOf(
                        Command.Mail.class, parse("MAIL FROM:<j\u00f6@example.org> SMTPUTF8"));
        assertTrue(mail.smtpUtf8());
        // Not UTF-8 at all; C1 controls.
        assertRefused("RCPT TO:<j\u0085@example.org>", "501 5.1.3");
        Command latin1 = CommandParser.parse(Octets.of("RCPT TO:<j\u00f6@example.org>"));
        assertInstanceOf(Command.Malformed.class, latin1);
    }

    @Test
    void mailParameters() {
        Command.Mail all = mail("SIZE=42  BODY=8BITMIME SMTPUTF8 AUTH=e+3Dmc2+C3+B6@example.org");
        assertEquals(42, all.sizeOctets().orElseThrow());
        assertTrue(all.smtpUtf8());
        // Lower case.
        assertEquals(mail(""), mail("body=7bit"));
        assertEquals(mail(""), mail("AUTH=<>"));
        // More than a long holds is over any limit, not an error (RFC 1870 §6: 20 digits).
        String twentyNines = "9".repeat(20);
        assertEquals(Long.MAX_VALUE, mail("SIZE=" + twentyNines).sizeOctets().orElseThrow());
        assertEquals(0, mail("SIZE=0").sizeOctets().orElseThrow());
    }

    private static Command.Mail mail(String parameters) {
        Command command = parse("MAIL FROM:<a@example.org> " + parameters);
        return assertInstanceOf(Command.Mail.class, command);
    }

    @Test
    void wrongMailParameters() {
        String[] wrong = {
            "SIZE",
            "SIZE=",
            "SIZE=-1",
            "SIZE=+1",
            "SIZE=1k",
            "SIZE=" + "9".repeat(21),
            "SIZE=1 SIZE=1",
            "BODY",
            "BODY=",
            "BODY=9BIT",
            "SMTPUTF8=yes",
            "SMTPUTF8 smtputf8",
            "AUTH",
            "AUTH=",
            "AUTH=+",
            "AUTH=a+4",
            "AUTH=+4g",
            "AUTH=+3d",
            "AUTH=++41",
            "AUTH=\u00f6",
            "AUTH=a=b",
            "SIZE=\u0661",
            "=",
            "SIZE:1",
            "<b@example.org>",
            "-x=1",
        };
        for (String parameter : wrong) {
            assertRefused("MAIL FROM:<a@example.org> " + parameter, "501 5.5.4");
        }
    }

    @Test
    void parametersThatAreNotOffered() {
        // DSN (RFC 3461), BINARYMIME (RFC 3030) and whatever else (RFC 5321 §4.1.1.11).
        String[] mail = {"RET=HDRS", "ENVID=x", "BODY=BINARYMIME", "HOLDFOR=10", "X"};
        for (String parameter : mail) {
            assertRefused("MAIL FROM:<a@example.org> " + parameter, "555 5.5.4");
        }
        for (String parameter : new String[] {"NOTIFY=NEVER", "ORCPT=rfc822;a@b", "SIZE=1"}) {
            assertRefused("RCPT TO:<a@example.org> " + parameter, "555 5.5.4");
        }
    }

    @Test
    void chunks() {
        assertEquals(new Command.Bdat(0, false), parse("BDAT 0"));
        assertEquals(new Command.Bdat(86, true), parse("bdat  86  last "));
        assertEquals(new Command.Bdat(5, false), parse("BDAT 0000000000000000000000005"));
        String most = Long.toString(Long.MAX_VALUE);
        assertEquals(new Command.Bdat(Long.MAX_VALUE, true), parse("BDAT " + most + " LAST"));
    }

    @Test
    void aChunkOfUnknownSizeClosesTheSession() {
        String[] wrong = {
            "",
            " ",
            " x",
            " -1",
            " +1",
            " 1x",
            " 0x10",
            " 9223372036854775808",
            " " + "9".repeat(40),
            " LAST",
            " 1 FIRST",
            " 1 LAST LAST",
            " 1.5",
            " \u0661",
            " 1\0",
            "\t1",
            "1",
            ":1",
            " 1" + " ".repeat(2000),
        };
        for (String rest : wrong) {
            assertTrue(assertRefused("BDAT" + rest, "501 5.5.4").closesSession(), rest);
        }
    }

    @Test
    void authentication() {
        assertEquals(new Command.Auth("PLAIN", null), parse("AUTH PLAIN"));
        assertEquals(new Command.Auth("LOGIN", "dXNlcg=="), parse("auth login dXNlcg=="));
        assertEquals(new Command.Auth("PLAIN", "="), parse("AUTH PLAIN ="));
        assertEquals(new Command.Auth("CRAM-MD5", null), parse("AUTH cram-md5"));
        assertRefused("AUTH", "501 5.5.4");
        assertRefused("AUTH PLAIN a b", "501 5.5.4");
        assertRefused("AUTH PL@IN", "501 5.5.4");
        assertRefused("AUTH " + "A".repeat(21), "501 5.5.4");
        assertRefused("AUTH PLA\u0131N", "501 5.5.4");
        // A password never gets into a log by way of toString.
        assertFalse(parse("AUTH PLAIN c2VjcmV0").toString().contains("c2VjcmV0"));
        assertFalse(parse("c2VjcmV0").toString().contains("c2VjcmV0"));
    }

    @Test
    void otherVerbs() {
        for (String line :
                new String[] {
                    "", " ", "FOO", "MAILFROM:<a@b>", " QUIT", "QUIT\u00a0", "\u00dfML x"
                }) {
            assertReply("500 5.5.1", assertInstanceOf(Command.Unknown.class, parse(line)).reply());
        }
        for (String line :
                new String[] {"EXPN list", "TURN", "ETRN x", "LHLO x", "SEND FROM:<a@b>"}) {
            assertReply("502 5.5.1", assertInstanceOf(Command.Unknown.class, parse(line)).reply());
        }
    }

    @Test
    void octetsThatAreNotUtf8DoNotDisturb() {
        for (String line : new String[] {"\u00df\u00df x", "\u00c3", "\u00ff\u00fe \u00c3"}) {
            assertInstanceOf(Command.Unknown.class, CommandParser.parse(Octets.of(line)));
        }
    }

    @Test
    void anHttpRequestClosesTheSession() {
        for (String line :
                new String[] {
                    "GET / HTTP/1.1",
                    "POST /x HTTP/1.1",
                    "CONNECT a:25 HTTP/1.1",
                    "POST /" + "x".repeat(5000)
                }) {
            assertTrue(assertRefused(line, "421 4.7.0").closesSession());
        }
    }

    @Test
    void controlCharactersAreRefused() {
        String[] lines = {
            "MAIL FROM:<a\0@example.org>",
            "NOOP \r",
            "EHLO a\u001b[2J",
            "\u0016\u0003\u0001",
            "RCPT TO:<a\u007f@b>",
            "MAIL FROM:<a@b>\rRCPT TO:<c@d>",
            "AUTH PLAIN \0",
        };
        for (String line : lines) {
            assertRefused(line, "500 5.5.2");
        }
    }

    @Test
    void linesHaveALimit() {
        String longest =
                "NOOP " + "x".repeat(SmtpLimits.COMMAND_LINE_OCTETS - 2 - "NOOP ".length());
        assertEquals(new Command.Noop(), parse(longest));
        assertRefused(longest + "x", "500 5.5.2");
        String response = "A".repeat(SmtpLimits.AUTH_LINE_OCTETS - 2 - "AUTH PLAIN ".length());
        assertEquals(new Command.Auth("PLAIN", response), parse("AUTH PLAIN " + response));
        assertRefused("AUTH PLAIN " + response + "A", "500 5.5.6");
    }

    private static Reply assertRefused(String line, String codes) {
        Command command = parse(line);
        Reply reply = assertInstanceOf(Command.Malformed.class, command, line).reply();
        assertTrue(reply.toString().startsWith(codes), line + " -> " + reply);
        return reply;
    }

    private static void assertReply(String codes, Reply reply) {
        assertTrue(reply.toString().startsWith(codes), reply.toString());
    }
}
