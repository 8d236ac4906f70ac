package dev.postern.mail;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Seeds;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The names were made with the idna package of Python, by its tables of UTS 46.
class ALabelsTest {

    @ParameterizedTest
    @CsvSource({
        "bücher.example, xn--bcher-kva.example",
        "BÜCHER.Example, xn--bcher-kva.example",
        "bu\u0308cher.example, xn--bcher-kva.example",
        "faß.de, xn--fa-hia.de",
        "FAẞ.de, xn--fa-hia.de",
        "ΒΌΛΟΣ.com, xn--nxasmq6b.com",
        "βόλος.com, xn--nxasmm1c.com",
        "bücher。example, xn--bcher-kva.example",
        "bücher．example｡org, xn--bcher-kva.example.org",
        "例え.テスト, xn--r8jz45g.xn--zckzah",
        "ｅｘａｍｐｌｅ．ｏｒｇ, example.org",
        "почта.рф, xn--80a1acny.xn--p1ai",
        "παράδειγμα.δοκιμή, xn--hxajbheg2az3al.xn--jxalpdlp",
        "실례.테스트, xn--9n2bp8q.xn--9t4b11yi5a",
        "उदाहरण.परीक्षा, xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g",
        "مثال.إختبار, xn--mgbh0fb.xn--kgbechtv",
        "mail_1.bücher.example, mail_1.xn--bcher-kva.example",
        "ᏣᎳᎩ.example, xn--f9dt7l.example",
        "i❤️.example, xn--i-7iq.example",
        "soft\u00ADhyphen.bücher, softhyphen.xn--bcher-kva",
        "l·l.example, xn--ll-0ea.example",
        "bücher.XN--80A1ACNY, xn--bcher-kva.xn--80a1acny"
    })
    void domainsBeyondAscii(String domain, String ascii) {
        assertEquals(Optional.of(ascii), ALabels.domain(domain));
        assertEquals(Optional.of("Ann@" + ascii), ALabels.address("Ann@" + domain));
    }

    /// A wide character that is mapped to one that ends an address, or a dot that is part of
    /// another character, must not get into a command or a header.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ü..example",
                ".ü.example",
                "ü.example.",
                "ü\u200B.\u00AD.example",
                "-ü.example",
                "ü-.example",
                "xx--ü.example",
                "\u0301ü.example",
                "evil.example＞.ü",
                "evil＠example.ü",
                "evil　NOTIFY.ü",
                "evil，x.ü",
                "a\u2488b.ü",
                "ü\u2028x.example",
                "ü\u0378.example",
                "ü\uE000.example",
                "ü\uD800.example",
                "ü\u202E.example",
                "ü/x.example",
                "ü x.example"
            })
    void whatNoNameIsMadeOf(String domain) {
        assertEquals(Optional.empty(), ALabels.domain(domain));
        assertEquals(Optional.empty(), ALabels.address("ann@" + domain));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ann@example.org",
                "Ann@EXAMPLE.Org",
                "ann@[192.0.2.1]",
                "ann@[IPv6:2001:db8::1]",
                "ann@a..b.",
                "jörg@example.org",
                "\"a@ü\"@example.org",
                "root",
                ""
            })
    void whatIsAsciiStays(String address) {
        assertEquals(Optional.of(address), ALabels.address(address));
    }

    @Test
    void theLocalPartStays() {
        assertEquals(
                Optional.of("\"Jörg@x\"@xn--bcher-kva.example"),
                ALabels.address("\"Jörg@x\"@bücher.example"));
    }

    @Test
    void labelsAndDomainsAreNoLongerThanTheyMayBe() {
        String label = "ü" + "a".repeat(63 - "xn---tda".length());
        assertEquals(63, ALabels.domain(label).orElseThrow().length());
        assertEquals(Optional.empty(), ALabels.domain("a" + label));
        assertEquals(Optional.empty(), ALabels.domain("a".repeat(64) + ".ü"));
        String domain = (label + ".").repeat(3) + "a".repeat(63);
        assertEquals(255, ALabels.domain(domain).orElseThrow().length());
        assertEquals(Optional.empty(), ALabels.domain("a." + domain));
        assertEquals(Optional.empty(), ALabels.domain("\uFDFA".repeat(250)));
        assertEquals(Optional.empty(), ALabels.domain("ü".repeat(1_000_000)));
    }

    /// Whatever comes out can stand in a command, and comes out of itself.
    @Test
    void onlyWhatHostNamesHaveComesOut() {
        Seeds.forEach(
                20_000,
                random -> {
                    StringBuilder domain = new StringBuilder("ü");
                    for (int i = random.nextInt(12); i > 0; i--) {
                        int plane = random.nextInt(4) == 0 ? 0x20000 : 0x3100;
                        domain.appendCodePoint(1 + random.nextInt(plane));
                    }
                    ALabels.domain(domain.toString())
                            .ifPresent(ascii -> {
                                assertTrue(ascii.matches("[a-z0-9_.-]+"), domain + " => " + ascii);
                                assertTrue(!ascii.contains(".."), domain + " => " + ascii);
                            });
                });
    }
}
