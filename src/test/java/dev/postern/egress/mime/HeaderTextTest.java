package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.http.WrittenNames;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What header text becomes in ASCII, and of which it can't be told what it says.
class HeaderTextTest {

    private static Fields.Raw utf8(String text) {
        return new Fields.Raw(WrittenNames.utf8(text));
    }

    /// Words lie in the names alone, and say the same.
    @ParameterizedTest
    @CsvSource(
            delimiterString = " => ",
            quoteCharacter = '`',
            value = {
                "Ann <a@b.example> => Ann <a@b.example>",
                "Ó <a@b.example> => =?UTF-8?B?w5M=?= <a@b.example>",
                "Ó<a@b.example>, B <c@d.example>"
                        + " => =?UTF-8?B?w5M=?= <a@b.example>, B <c@d.example>",
                "\"Ó, x\" <a@b.example> => =?UTF-8?B?w5MsIHg=?=  <a@b.example>",
                "a@b.example (Ó) => a@b.example (=?UTF-8?B?w5M=?= )",
                "a@bücher.example => a@xn--bcher-kva.example",
                "<a@bücher.example> => <a@xn--bcher-kva.example>",
                "<https://x.example/ó?a=b>, <mailto:ó@x.example>"
                        + " => <https://x.example/%C3%B3?a=b>, <mailto:%C3%B3@x.example>",
                "=?utf-8?q?a=2Cb?= Ó <a@b.example> => =?UTF-8?B?YSxiIMOT?= <a@b.example>",
                "\"Ó\" \"ó\" <a@b.example>"
                        + " => =?UTF-8?B?w5M=?=  =?UTF-8?B?IMOz?=  <a@b.example>",
            })
    void structuredValuesKeepTheirAddresses(String written, String ascii) throws Exception {
        Optional<String> found = HeaderText.structured(utf8(written));
        assertEquals(Optional.of(ascii), found);
    }

    @ParameterizedTest
    @ValueSource(strings = {"A <ó@b.example>", "ó@b.example", "<ó.example>", "<ó", "Ó a@b.example"})
    void whatNoAsciiSaysIsNotSaid(String written) {
        assertEquals(Optional.empty(), HeaderText.structured(utf8(written)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Ó, y", "a \"Ó\" <b>", "Ó (c)", "ó=?utf-8?q?x?="})
    void aNameIsOneMailbox(String name) throws Exception {
        Mailbox one = new Mailbox("a@b.example", name);
        Fields.Raw written = new Fields.Raw(one.inHeader());
        assertTrue(written.octets().matches("[A-Za-z0-9=?+/ -]+ <a@b.example>"), one.inHeader());
        assertEquals(
                new Mailbox("a@b.example", name), Mailbox.list(written).mailboxes().getFirst());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "=?x-none?q?caf=E9?=",
                "a =?cp932?q?=FF=FF?=",
                "=?utf-8?q?caf=E9_=C3=BC=C3=BC?=",
                "=?us-ascii?q?=FF=C3=BC=C3=BC?=",
                "\u00c3\u00bc\u00c3\u00bc\u00ff",
            })
    void whatIsGuessedIsKnown(String raw) {
        assertTrue(HeaderText.isGuessed(new Fields.Raw(raw)), raw);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "plain",
                "caf\u00e9",
                "\u00c3\u00bc",
                "=?iso-8859-1?q?caf=E9?=",
                "=?utf-8?q?=C3?= =?utf-8?q?=BC?=",
                "=?us-ascii?q?=E9?=",
                "=?shift_jis?B?h0A=?=",
                "=?cp932?B?h0A=?=",
            })
    void whatIsSaidIsNoGuess(String raw) {
        assertFalse(HeaderText.isGuessed(new Fields.Raw(raw)), raw);
    }

    /// Whatever a charset is called, it is the one that mailers mean by the name.
    @ParameterizedTest
    @CsvSource({
        "cp932, 8740, ①",
        "cp949, a1ad, ∼",
        "cp950, a145, ‧",
        "cp874, 85, …",
        "iso_8859-1, 93, “",
        "iso8859_1, 93, “",
        "l1, 93, “",
        "cp819, 93, “",
        "csISOLatin1, 93, “",
        "latin-1, 93, “",
        "iso_8859-9, 93, “",
        "l5, 93, “",
        "euc-cn, a8a1, ā",
        "macintosh, 8e, é",
        "x-mac-roman, 8e, é",
    })
    void charsetsByWhicheverName(String name, String octets, String text) {
        byte[] all = HexFormat.of().parseHex(octets);
        assertEquals(text, Charsets.decode(all, name));
        assertFalse(Charsets.isGuess(all, name));
    }

    @Test
    void whatNobodyKnowsIsAGuess() {
        assertTrue(Charsets.isGuess("~{<:".getBytes(ISO_8859_1), "hz-gb-2312"));
    }
}
