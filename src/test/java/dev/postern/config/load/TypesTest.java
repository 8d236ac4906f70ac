package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.HostPort;
import dev.postern.config.Percent;
import dev.postern.config.load.Type.Parsed;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TypesTest {

    @ParameterizedTest
    @CsvSource({"30s, PT30S", "5m, PT5M", "4h, PT4H", "5d, PT120H", "0s, PT0S", "007s, PT7S"})
    void durations(String text, Duration value) {
        assertEquals(value, good(Types.DURATION_OR_ZERO, text));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1000, 1000", "64KiB, 65536", "25MiB, 26214400", "1GiB, 1073741824"})
    void sizes(String text, long value) {
        assertEquals(value, good(Types.SIZE_OR_ZERO, text));
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:2525, 127.0.0.1, 2525",
        "[::1]:2525, ::1, 2525",
        "[::]:0, ::, 0",
        "localhost:65535, localhost, 65535",
        "a_b.example:1, a_b.example, 1",
    })
    void socketAddresses(String text, String host, int port) {
        HostPort value = good(Types.HOST_PORT, text);
        assertEquals(new HostPort(host, port), value);
        assertEquals(text, value.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "a",
                "a:",
                ":1",
                "a:b",
                "a:-1",
                "a:65536",
                "::1:1",
                "[a]:1",
                "[::1]",
                "a b:1",
                "*:1",
                "1.2.3:1",
                "a:1 ",
                "[1.2.3.4]:1",
                "a:99999999999999999999"
            })
    void whatIsNoSocketAddress(String text) {
        wrong(Types.HOST_PORT, text);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.7, 10.0.0.7/32",
        "10.0.0.0/8, 10.0.0.0/8",
        "0.0.0.0/0, 0.0.0.0/0",
        "::1, 0:0:0:0:0:0:0:1/128",
        "fd00::/8, fd00:0:0:0:0:0:0:0/8",
    })
    void blocks(String text, String value) {
        assertEquals(value, good(Types.CIDR, text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"10.1", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "a", "fe80::1%lo", ""})
    void whatIsNoBlock(String text) {
        wrong(Types.CIDR, text);
    }

    @Test
    void rates() {
        Common.Rate perMinute = new Common.Rate(30, Duration.ofMinutes(1));
        assertEquals(perMinute, good(Types.RATE_LIMIT, "30/m"));
        Common.Rate perDay = new Common.Rate(500, Duration.ofDays(1));
        assertEquals(perDay, good(Types.RATE_LIMIT, "500/d"));
        wrong(Types.RATE_LIMIT, "30/w");
        wrong(Types.RATE_LIMIT, "/m");
    }

    @ParameterizedTest
    @ValueSource(strings = {"True", "yes", "on", "1", ""})
    void onlyTrueAndFalseAreBooleans(String text) {
        wrong(Types.BOOL, text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://a.example/?x=1",
                "https://a.example/#x",
                "ftp://a.example",
                "https://",
                "x",
                "https:///x",
                "http://a.example",
                "http://127.0.0.1.a.example",
                "https://a b"
            })
    void whatIsNoEndpoint(String text) {
        wrong(Types.ENDPOINT, text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://a.example/v3",
                "http://localhost:80",
                "http://[::1]:80",
                "HTTP://127.9.9.9"
            })
    void endpoints(String text) {
        assertEquals(text, good(Types.ENDPOINT, text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a%", "%4", "%zz", "%ff", "%c3%28", "%C0%80"})
    void malformedEscapesAreRefused(String text) {
        assertEquals(null, Percent.decode(text));
    }

    @Test
    void escapesAreOctetsOfUtf8() {
        assertEquals("é+ 😀", Percent.decode("%C3%a9+%20😀"));
    }

    private static <T> T good(Type.Scalar<T> type, String text) {
        return switch (type.parser().apply(text)) {
            case Parsed.Good<T> good -> good.value();
            case Parsed.Wrong<T> wrong -> throw new AssertionError(text + ": " + wrong);
        };
    }

    private static void wrong(Type.Scalar<?> type, String text) {
        assertInstanceOf(Parsed.Wrong.class, type.parser().apply(text), text);
    }
}
