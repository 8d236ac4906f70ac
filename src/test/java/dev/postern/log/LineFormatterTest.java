package dev.postern.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.config.PosternConfig.LogConfig;
import dev.postern.config.Secret;
import dev.postern.log.LineFormatter.JsonFormatter;
import dev.postern.log.LineFormatter.TextFormatter;
import dev.postern.mail.AddressMask;
import dev.postern.testing.Growth;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

class LineFormatterTest {

    private static final Logger LOG = LoggerFactory.getLogger(LineFormatterTest.class);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @AfterEach
    void restore() throws IOException {
        LogManager.getLogManager().reset();
        try (InputStream quiet = getClass().getResourceAsStream("/logging.properties")) {
            if (quiet != null) {
                LogManager.getLogManager().readConfiguration(quiet);
            }
        }
    }

    private void start(
            LogConfig.Format format, org.slf4j.event.Level level, LogConfig.Addresses addresses) {
        Logging.start(new LogConfig(format, level, addresses), out, false);
    }

    private void startText() {
        start(LogConfig.Format.TEXT, org.slf4j.event.Level.INFO, LogConfig.Addresses.FULL);
    }

    private void startJson() {
        start(LogConfig.Format.JSON, org.slf4j.event.Level.INFO, LogConfig.Addresses.FULL);
    }

    private String written() {
        for (Handler handler : java.util.logging.Logger.getLogger("").getHandlers()) {
            handler.flush();
        }
        return out.toString(UTF_8);
    }

    private String line() {
        String text = written();
        assertEquals(1, text.lines().count(), text);
        assertTrue(text.endsWith("\n"), text);
        return text.strip();
    }

    private JsonNode json() throws IOException {
        return new ObjectMapper().readTree(line());
    }

    @Test
    void textIsPairsInTheirOrder() {
        startText();

        LOG.atInfo()
                .addKeyValue("id", "0F3Q8M2C7K1A")
                .addKeyValue("size", 5120)
                .addKeyValue("took", Duration.ofMillis(1250))
                .addKeyValue("to", List.of("a@x.example", "b@x.example"))
                .addKeyValue("reply", "250 2.0.0 \"Ok\"")
                .addKeyValue("egress", (Object) null)
                .log("mail accepted");

        String line = line();
        assertTrue(
                line.matches("time=\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z .*"), line);
        assertEquals(
                "level=info message=\"mail accepted\" id=0F3Q8M2C7K1A size=5120 took=1.25"
                        + " to=a@x.example,b@x.example reply=\"250 2.0.0 \\\"Ok\\\"\" egress=null",
                line.substring(line.indexOf(' ') + 1));
    }

    @Test
    void jsonKeepsTypes() throws IOException {
        startJson();

        LOG.atWarn()
                .addKeyValue("size", 5120)
                .addKeyValue("took", Duration.ofMillis(1250))
                .addKeyValue("last", true)
                .addKeyValue("to", List.of("a@x.example"))
                .addKeyValue("egress", (Object) null)
                .addKeyValue("ratio", Double.NaN)
                .log("mail {}", "accepted");

        JsonNode fact = json();
        assertEquals("warn", fact.get("level").asText());
        assertEquals("mail accepted", fact.get("message").asText());
        assertEquals(5120, fact.get("size").asInt());
        assertTrue(fact.get("size").isInt());
        assertEquals(1.25, fact.get("took").asDouble());
        assertTrue(fact.get("last").isBoolean());
        assertEquals("a@x.example", fact.at("/to/0").asText());
        assertTrue(fact.get("egress").isNull());
        assertEquals("NaN", fact.get("ratio").asText());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\nlevel=error message=forged",
                "a\r\nb",
                "a\u001b[2Jb",
                "a\u009b31mb",
                "a\u0000b",
                "a\u2028b",
                "a\u202eb",
                "a\u0085b",
                "\" id=forged",
                "back\\slash",
                "tab\there"
            })
    void nothingInAValueMakesAnotherLineOrPair(String value) throws IOException {
        startText();
        LOG.atInfo().addKeyValue("helo", value).addKeyValue("end", 1).log(value);
        String text = line();
        assertTrue(text.chars().noneMatch(Character::isISOControl), text);
        assertFalse(text.contains("\u202e"), text);
        assertTrue(text.endsWith(" end=1"), text);
        assertFalse(text.contains(" id=forged end"), text);

        out.reset();
        startJson();
        LOG.atInfo().addKeyValue("helo", value).log(value);
        assertEquals(value, json().get("helo").asText());
        assertEquals(value, json().get("message").asText());
    }

    @Test
    void aKeyCannotHideTheTimeOrTheLevel() throws IOException {
        startJson();

        LOG.atInfo().addKeyValue("level", "x").addKeyValue("time", "y").log("z");

        assertEquals("info", json().get("level").asText());
        assertEquals("x", json().get("level_").asText());
    }

    @Test
    void aFailureIsOneLineToo() throws IOException {
        startJson();

        LOG.atError().setCause(new IOException("disk\ngone")).log("spool broken");

        assertEquals("java.io.IOException: disk\ngone", json().get("error").asText());
        assertTrue(json().get("trace").asText().contains("LineFormatterTest"));
    }

    @Test
    void secretsShowTheirMask() {
        startText();

        LOG.atInfo().addKeyValue("password", Secret.of("hunter2")).log("x");

        assertFalse(line().contains("hunter2"));
    }

    @Test
    void addressesAreMaskedWhereAsked() {
        start(LogConfig.Format.TEXT, org.slf4j.event.Level.INFO, LogConfig.Addresses.MASKED);

        LOG.atInfo()
                .addKeyValue("from", "ann@example.org")
                .addKeyValue("to", List.of("bob@mail.example.net"))
                .addKeyValue("reply", "550 5.1.1 <eve@example.com>: no such user")
                .log("rejected by ann@example.org");

        String line = line();
        assertTrue(line.contains("from=a***@e***.org to=b***@m***.net"), line);
        assertTrue(line.contains("550 5.1.1 <e***@e***.com>: no such user"), line);
        assertFalse(line.contains("ann@"), line);
    }

    @ParameterizedTest
    @CsvSource({"ERROR, false, false, true", "WARN, false, true, true", "INFO, true, true, true"})
    void theLevelDecides(org.slf4j.event.Level level, boolean info, boolean warn, boolean error) {
        start(LogConfig.Format.TEXT, level, LogConfig.Addresses.FULL);

        LOG.info("tick");
        assertEquals(info, written().contains("tick"));
        LOG.warn("tock");
        assertEquals(warn, written().contains("tock"));
        LOG.error("bang");
        assertEquals(error, written().contains("bang"));
        assertEquals(info, LOG.isInfoEnabled());
        assertFalse(LOG.isDebugEnabled());
    }

    @Test
    void thirdPartiesAreQuietBelowWarnings() {
        start(LogConfig.Format.TEXT, org.slf4j.event.Level.DEBUG, LogConfig.Addresses.FULL);

        LoggerFactory.getLogger("io.netty.channel").info("chatter");
        System.getLogger("io.helidon.webserver").log(System.Logger.Level.INFO, "chatter");
        System.getLogger("io.helidon.webserver").log(System.Logger.Level.WARNING, "worth it");
        LOG.debug("ours");

        String text = written();
        assertFalse(text.contains("chatter"), text);
        assertTrue(text.contains("message=\"worth it\" logger=io.helidon.webserver"), text);
        assertTrue(text.contains("message=ours"), text);
    }

    private static final Map<String, LineFormatter> FORMS =
            Map.of(
                    "text", new TextFormatter(UnaryOperator.identity()),
                    "json", new JsonFormatter(UnaryOperator.identity()));

    /// What a client or a server might say, of any length.
    private static final Map<String, IntFunction<String>> HOSTILE =
            Map.of(
                    "letters", length("x"),
                    "controls", length("\u0001"),
                    "quotes", length("\""),
                    "backslashes", length("\\"),
                    "line ends", length("\r\n"),
                    "marks of direction", length("\u202e"),
                    "surrogates", length("\ud83d\udce8"),
                    "half surrogates", length("\ud83d"),
                    "addresses", length("<ann@example.org>,"),
                    "blanks", length(" "));

    private static IntFunction<String> length(String piece) {
        return chars -> piece.repeat(chars / piece.length());
    }

    private static Fact fact(String message, Object... pairs) {
        List<KeyValuePair> all = new ArrayList<>();
        for (int i = 0; i < pairs.length; i += 2) {
            all.add(new KeyValuePair(pairs[i].toString(), pairs[i + 1]));
        }
        return new Fact(Level.INFO, "t", message, message, all, false);
    }

    @Test
    void theWorkGrowsWithTheValueAndNoFaster() {
        FORMS.forEach((form, formatter) ->
                HOSTILE.forEach((kind, text) -> {
                    Growth.assertLinear(
                            form + " of " + kind,
                            1 << 20,
                            size -> {
                                String value = text.apply(size);
                                return () -> formatter.format(fact("m", "v", value));
                            });
                    Growth.assertLinear(
                            form + " of a list of " + kind,
                            1 << 16,
                            size -> {
                                List<String> values = Collections.nCopies(size, text.apply(18));
                                return () -> formatter.format(fact("m", "v", values));
                            });
                }));
    }

    @Test
    void aLineIsShortAndWholeWhateverItTells() throws IOException {
        for (Map.Entry<String, IntFunction<String>> hostile : HOSTILE.entrySet()) {
            String huge = hostile.getValue().apply(1 << 20);
            List<String> many = Collections.nCopies(1 << 16, hostile.getValue().apply(18));
            Fact fact = fact(huge, "a", huge, "b", huge, "c", many, "d", huge, "e", many, "end", 1);
            fact.setThrown(new IOException(huge));
            for (Map.Entry<String, LineFormatter> form : FORMS.entrySet()) {
                String line = form.getValue().format(fact);
                String what = hostile.getKey() + " as " + form.getKey();
                assertTrue(line.length() < LineFormatter.LINE_CHARS + 1024, what);
                assertEquals(1, line.lines().count(), what);
                assertTrue(line.contains("cut"), what);
            }
            JsonNode json = new ObjectMapper().readTree(FORMS.get("json").format(fact));
            assertEquals(1, json.get("end").asInt(), hostile.getKey());
            assertTrue(json.get("d").asText().contains("[cut"), hostile.getKey());
            assertTrue(json.at("/c").toString().contains("[cut"), hostile.getKey());
        }
    }

    @Test
    void whatFitsIsWhole() throws IOException {
        for (String value : List.of("x".repeat(LineFormatter.VALUE_CHARS), "\u0001".repeat(2700))) {
            String line = FORMS.get("json").format(fact("m", "v", value));
            assertEquals(value, new ObjectMapper().readTree(line).get("v").asText());
        }
        List<String> many = Collections.nCopies(800, "ann@example.org");
        String line = FORMS.get("json").format(fact("m", "v", many));
        assertEquals(800, new ObjectMapper().readTree(line).get("v").size());
    }

    @Test
    void aCutLeavesNoHalfOfAnAddress() {
        LineFormatter masked = new TextFormatter(AddressMask::apply);
        for (int i = 0; i < 40; i++) {
            String value = "x".repeat(i) + " annabella@example.org".repeat(2000);
            assertFalse(masked.format(fact("m", "v", value)).contains("annab"), "after " + i);
        }
    }

    @Test
    void aValueThatCanNotBeShownHurtsNobody() {
        Object broken =
                new Object() {
                    @Override
                    public String toString() {
                        throw new IllegalStateException("no text");
                    }
                };
        startText();
        LOG.atInfo().addKeyValue("v", broken).addKeyValue("end", 1).log("m");
        assertTrue(line().endsWith("message=m v=[java.lang.IllegalStateException] end=1"));
    }
}
