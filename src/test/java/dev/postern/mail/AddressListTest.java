package dev.postern.mail;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressListTest {

    static Stream<Arguments> values() {
        return Stream.of(
                Arguments.of(" a@x.example", List.of("a@x.example")),
                Arguments.of(
                        "Ann <a@x.example>, b@x.example", List.of("a@x.example", "b@x.example")),
                Arguments.of("\"D, d <no@x>\" <d@x.example>", List.of("d@x.example")),
                Arguments.of("a@x.example (Ann, (really) <no@x>)", List.of("a@x.example")),
                Arguments.of(
                        "Team: a@x.example, B <b@x.example>;, c@x.example",
                        List.of("a@x.example", "b@x.example", "c@x.example")),
                Arguments.of("undisclosed-recipients:;", List.of()),
                Arguments.of("a@x.example,\r\n b@x.example", List.of("a@x.example", "b@x.example")),
                Arguments.of("<@relay.example,@b.example:a@x.example>", List.of("a@x.example")),
                Arguments.of("\"a b\"@x.example", List.of("\"a b\"@x.example")),
                Arguments.of("<\"a>b\"@x.example>", List.of("\"a>b\"@x.example")),
                Arguments.of("a@[192.0.2.1]", List.of("a@[192.0.2.1]")),
                Arguments.of("a@[IPv6:2001:db8::1]", List.of("a@[IPv6:2001:db8::1]")),
                Arguments.of("root, a@x.example, root", List.of("root", "a@x.example")),
                Arguments.of("jörg@bücher.example", List.of("jörg@bücher.example")),
                Arguments.of("a @ x . example", List.of("a@x.example")),
                Arguments.of("a@x.example., <b@x.example.>", List.of("a@x.example", "b@x.example")),
                Arguments.of("\"a@b.\"@x.example.", List.of("\"a@b.\"@x.example")),
                Arguments.of(", ,", List.of()),
                Arguments.of("=?UTF-8?Q?J=C3=B6rg?= <j@x.example>", List.of("j@x.example")));
    }

    @ParameterizedTest
    @MethodSource("values")
    void addressesAreFound(String value, List<String> addresses) {
        AddressList list = AddressList.parse(value);

        assertEquals(addresses, list.addresses());
        assertEquals(null, list.malformed());
    }

    @ParameterizedTest
    @CsvSource({
        "'a b@x.example', 'a b@x.example'",
        "a@x.example.., a@x.example..",
        "a@., a@.",
        "'a@b@x.example, ok@x.example', 'a@b@x.example'",
        "a@.example, a@.example",
        "a@x..example, a@x..example",
        "@x.example, @x.example",
        "a@, a@"
    })
    void whatIsNoneIsTold(String value, String malformed) {
        assertEquals(malformed, AddressList.parse(value).malformed());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\u0000@x.example",
                "a@x\r.example",
                "a>b@x.example",
                "a@x.example>",
                "",
                "a@[",
                "a@[]",
                "\"a@x.example"
            })
    void nothingThatWouldBreakACommandIsAnAddress(String text) {
        assertFalse(AddressList.isAddress(text), text);
    }

    @Test
    void anAddressIsNotLongerThanAPath() {
        String most = "a".repeat(AddressList.ADDRESS_OCTETS - "@x.example".length()) + "@x.example";

        assertTrue(AddressList.isAddress(most));
        assertFalse(AddressList.isAddress("a" + most));
        assertFalse(AddressList.isAddress("é" + most.substring(1)));
        assertEquals(100, AddressList.parse("a".repeat(60_000)).malformed().length());
    }

    @Test
    void blanksWithinQuotesStay() {
        assertEquals(
                List.of("\"a . b\"@x.example"),
                AddressList.parse("\"a . b\" @ x.example").addresses());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"", "(", "<", "[", "(\\", "\"\\", "<\"", "<(", ":", ";", "<@a", "(((((", "\\"
            })
    void anyTextIsRead(String value) {
        assertTimeoutPreemptively(
                Duration.ofSeconds(10), () -> AddressList.parse(value.repeat(3) + ",a@x.example"));
    }

    @Test
    void theHeaderSectionIsReadAheadAndGivenBack() throws IOException {
        String mail = "From: a\nTO : b@x.example,\n\tc@x.example\nto: d@x.example\n\nTo: body\n";
        InputStream in = new ByteArrayInputStream(mail.getBytes(StandardCharsets.UTF_8));

        HeaderSection header = HeaderSection.read(in);

        assertEquals(List.of(" b@x.example,\tc@x.example", " d@x.example"), header.all("To"));
        assertEquals(" a", header.first("from").orElseThrow());
        assertTrue(header.isWhole());
        assertEquals(mail, new String(header.with(in).readAllBytes(), StandardCharsets.UTF_8));
    }

    @Test
    void aHeaderWithoutEndIsCut() throws IOException {
        InputStream endless = new ByteArrayInputStream(new byte[HeaderSection.LIMIT_OCTETS + 9]);

        assertFalse(HeaderSection.read(endless).isWhole());
        assertEquals(9, endless.available());
    }

    @ParameterizedTest
    @CsvSource({
        "ann@example.org, a***@e***.org",
        "550 <b@mail.example.com>: no, 550 <b***@m***.com>: no",
        "jörg@bücher.example, j***@b***.example",
        "nobody here, nobody here",
        "root@localhost., r***@l***",
        "a@b, a***@b***",
        "<jane doe@example.org>, <j***@e***.org>",
        "<jane\t doe@ example.org>, <j***@ example.org>",
        "<jane@>, <j***@>",
        "a <b> c d@example.org, a <b> c d***@e***.org",
        "<\"jane doe\"@example.org>, <\"***@e***.org>",
        "to=\"jane d\\\"oe\"@example.org, to=\"***@e***.org",
        "jane doe\"@example.org, jane doe\"@example.org",
        "\"a@b\"@example.org, \"a***@b***\"***@e***.org",
        "\"a@b c\"@example.org, \"a***@b*** ***@e***.org",
        "jane@[192.0.2.1] ann@[IPv6:2001:db8::1], j***@[***] a***@[***]",
        "<jane@[192.0.2.1>, <j***@[***"
    })
    void addressesAreMasked(String text, String masked) {
        assertEquals(masked, AddressMask.apply(text));
    }

    /// A `<` that stands far away begins no path (RFC 5321 §4.5.3.1.3).
    @Test
    void textIsNoPath() {
        String text = "a < b " + "and so on ".repeat(40);
        assertEquals(text + "a***@e***.org", AddressMask.apply(text + "ann@example.org"));
    }
}
