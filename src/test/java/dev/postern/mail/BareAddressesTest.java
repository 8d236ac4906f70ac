package dev.postern.mail;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.mail.AddressList.BareAddresses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BareAddressesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "' root (Cron Daemon)' | ' root@d.example (Cron Daemon)'",
                "'Root <root>' | 'Root <root@d.example>'",
                "'Root < root >' | 'Root <root@d.example>'",
                "'root, a@x.example, ops' | 'root@d.example, a@x.example, ops@d.example'",
                "'\"a, b\" <c>, d' | '\"a, b\" <c@d.example>, d@d.example'",
                "'(root, here) root' | '(root, here) root@d.example'",
                "'admins: root, ops;' | 'admins: root@d.example, ops@d.example;'",
                "'undisclosed-recipients:;' | 'undisclosed-recipients:;'",
                "'\"a b\"@x.example' | '\"a b\"@x.example'",
                "'\"a b\"' | '\"a b\"@d.example'",
                "'two words' | 'two words'",
                "'a @ x.example' | 'a @ x.example'",
                "'<>' | '<>'",
                "'<root' | '<root'",
                "'Name <' | 'Name <'",
                "'\"open' | '\"open'",
                "'(open' | '(open'",
                "'<@a.example:b@x.example>' | '<@a.example:b@x.example>'",
                "'' | ''"
            })
    void onlyBareLocalPartsGetADomain(String value, String complete) {
        assertEquals(complete, BareAddresses.complete(value, local -> local + "@d.example"));
    }

    @Test
    void foldingStays() {
        assertEquals(
                " root@d.example,\r\n\tops@d.example\r\n",
                BareAddresses.complete(" root,\r\n\tops\r\n", local -> local + "@d.example"));
    }
}
