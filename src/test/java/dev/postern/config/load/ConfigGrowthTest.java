package dev.postern.config.load;

import dev.postern.config.CaFile;
import dev.postern.config.EgressConfig;
import dev.postern.config.Hosts;
import dev.postern.config.Percent;
import dev.postern.config.Preset;
import dev.postern.config.load.ConfigShow.YamlText;
import dev.postern.config.load.Environment.EnvSyntax;
import dev.postern.config.load.Problems.ValueContext;
import dev.postern.exec.Adoption;
import dev.postern.testing.NastyText;
import dev.postern.testing.ReadersGrowth;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Everything here that reads what people write into files and variables. A new reader gets a row,
/// a new key has one.
class ConfigGrowthTest extends ReadersGrowth {

    private static final int MOST = 16 * 1024;

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("a file", text -> loaded(new Loading().yaml(text))),
                row(
                        "a file's value",
                        text -> loaded(new Loading().yaml("smtp: {hostname: \"" + text))),
                row("a variable", text -> loaded(variable("POSTERN_SMTP_LISTEN", text))),
                row("a variable's name", text -> loaded(variable("POSTERN_" + text, "x"))),
                row(
                        "a variable's name, of Kubernetes",
                        text -> loaded(variable("POSTERN_A" + text + "_PORT", "x"))),
                row("POSTERN_EGRESS", text -> loaded(variable("POSTERN_EGRESS", text))),
                row(
                        "POSTERN_EGRESS of many",
                        text ->
                                loaded(
                                        variable(
                                                "POSTERN_EGRESS",
                                                "ses://eu ".repeat(text.length() / 9)))),
                row("users", text -> loaded(variable("POSTERN_SMTP_USERS", text))),
                row("aliases", text -> loaded(variable("POSTERN_ALIASES", text))),
                row("an egress's URL", text -> url("smtp://" + text)),
                row("an egress's key", text -> url("smtp://a:" + text + "@mx.example")),
                row("an egress's query", text -> url("smtp://mx.example?" + text)),
                row("an app's URL", text -> adopted("EMAIL_URL", "smtp://" + text)),
                row("an app's DSNs", text -> adopted("MAILER_DSN", "failover(" + text + ")")),
                row("an app's password", text -> adopted("SMTP_URL", "smtp://u:/" + text + "@a")),
                row("an app's mailer", text -> adopted("MAIL_MAILER", text)),
                row("an app's switch", text -> adopted("SMTP_SECURE", text)),
                row("an app's host", text -> adopted("SMTP_HOST", text)),
                row("an app's port", text -> adopted("SMTP_PORT", text)),
                row("UrlParts", UrlParts::of),
                row("Percent", Percent::decode),
                row("Percent behind an escape", text -> Percent.decode("%41" + text)),
                row("YamlText", YamlText::scalar),
                row("YamlText of a URL", text -> YamlText.scalar("a://" + text)),
                row("Reading", Problems::quoted),
                row("Hosts", Hosts::valid),
                row("Hosts behind a colon", text -> Hosts.address("::" + text)),
                row(
                        "Nearest",
                        text -> NearestWord.of(text, List.of("smtp.listen", "smtp.hostname"))),
                row(
                        "Nearest path",
                        text -> NearestWord.path(text, List.of("smtp.listen", "smtp.hostname"))),
                row("Preset", Preset::of),
                row("Preset of a provider", text -> Preset.of("smtp." + text + ".com")),
                row("CaFile", ConfigGrowthTest::authorities));
    }

    @Override
    protected int largest() {
        return MOST;
    }

    private static void loaded(Loading loading) {
        loading.load();
    }

    private static Loading variable(String name, String value) {
        return new Loading().variable(name, value);
    }

    private static void url(String text) {
        EgressUrl.read(text, new Source.Default(""), new Problems());
    }

    private static void adopted(String name, String value) {
        Adoption.of(
                new Loading().variable("SMTP_HOST", "mx.example").variable(name, value).sources());
    }

    private static void authorities(String text) {
        try {
            CaFile.parse("-----BEGIN CERTIFICATE-----" + text);
        } catch (CertificateException _) {
            // It is none.
            return;
        }
    }

    static Stream<Arguments> keys() {
        List<Key<?>> all = new ArrayList<>(Keys.ALL);
        for (EgressConfig.EgressType type : EgressConfig.EgressType.values()) {
            all.addAll(EgressKeys.of(type));
        }
        return all.stream().distinct().map(key -> Arguments.of(key.path(), key.type()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("keys")
    void everyKeysValueIsReadOnce(String path, Type<?> type) {
        for (String beginning : new String[] {"", "1", "http://a", "[::1]:1"}) {
            NastyText.assertLinear(
                    path,
                    MOST,
                    text -> beginning + text,
                    text -> {
                        ValueContext reading = new ValueContext(path, true, new Problems());
                        Source source = new Source.Default("");
                        RawValue given = EnvSyntax.given(type, text, source, reading);
                        if (!(type instanceof Type.Egresses)) {
                            type.read(given, reading);
                        }
                    });
        }
    }
}
