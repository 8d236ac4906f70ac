package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.Cidr;
import dev.postern.config.DkimConfig;
import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.HostPort;
import dev.postern.config.SmtpConfig;
import dev.postern.config.load.ConfigShow.YamlText;
import dev.postern.testing.TestKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The two stock tests of every record, defaults and mappings, driven by the table of keys.
class KeysTest {

    private static final Set<Class<?>> WHOLE_VALUES =
            Set.of(
                    HostPort.class,
                    Cidr.class,
                    Common.Rate.class,
                    SmtpConfig.User.class,
                    DkimConfig.class);

    @Test
    void everyKeyHasItsDefault() {
        Settings settings = new Loading().valid().settings();
        assertEquals(Keys.ALL, settings.all().stream().map(Settings.Setting::key).toList());
        for (Settings.Setting<?> setting : settings.all()) {
            Key<?> key = setting.key();
            assertFalse(settings.explicit(key), key.path());
            String fallback = key.fallback();
            if (fallback != null && !key.equals(Keys.EGRESS)) {
                assertEquals(YamlText.ofTable(key.type(), fallback), YamlText.of(setting));
            }
        }
    }

    @Test
    void everyKeyIsMappedFromTheEnvironment() {
        Loading loading = machine();
        Keys.ALL.forEach(key -> loading.variable(key.variable(), key.example()));
        assertAllDiffer(loading.config(), new Loading().config(), Set.of());
    }

    @Test
    void everyKeyIsMappedFromTheFile() {
        Loading fromVariables = machine();
        Loading fromFile = machine().yaml(examples(Keys.ALL, ""));
        for (Key<?> key : Keys.ALL) {
            fromVariables.variable(key.variable(), key.example());
        }
        fromFile.variable("POSTERN_EGRESS", Keys.EGRESS.example());
        assertEquals(shown(fromVariables), shown(fromFile));
    }

    @ParameterizedTest
    @EnumSource(EgressType.class)
    void everyKeyOfAnEgressHasItsDefaultAndIsMapped(EgressType type) {
        List<Key<?>> necessary = EgressKeys.of(type).stream().filter(Key::necessary).toList();
        EgressConfig defaults = machine().yaml(egress(type, necessary, "a")).egress();
        EgressConfig examples = machine().yaml(egress(type, EgressKeys.of(type), "b")).egress();
        assertEquals(type.word(), defaults.type());
        assertEquals(type.word(), examples.type());
        assertEquals("a", defaults.name());
        Set<String> given = new HashSet<>();
        necessary.forEach(key -> given.add(component(key)));
        given.remove("name");
        given.add("type");
        if (type == EgressType.SMTP) {
            // These have none: the second comes of the host.
            given.add("endpoint");
            given.add("candidates");
        }
        if (!type.takesRaw()) {
            // It can be false only.
            given.add("sign");
        }
        assertAllDiffer(examples, defaults, given);
    }

    /// What a running listener takes up is what is promised to change without a restart.
    @Test
    void theListenerTakesUpItsLiveKeys() throws ReflectiveOperationException {
        Loading loading = machine();
        Keys.ALL.forEach(key -> loading.variable(key.variable(), key.example()));
        SmtpConfig before = machine().config().smtp();
        SmtpConfig after = loading.config().smtp();
        SmtpConfig taken = before.liveKeysOf(after);
        for (Key<?> key : Keys.LIVE) {
            if (key.path().startsWith("smtp.")) {
                var component = SmtpConfig.class.getMethod(component(key).split("\\.")[1]);
                assertEquals(component.invoke(after), component.invoke(taken), key.path());
            }
        }
        assertEquals(before, taken.liveKeysOf(before), "and nothing else");
    }

    @Test
    void everyVariableIsOfOneKey() {
        Set<String> names = new HashSet<>();
        for (Key<?> key : Keys.ALL) {
            assertTrue(names.add(key.variable()), key.variable());
            assertTrue(names.add(key.fileVariable()), key.fileVariable());
        }
    }

    /// Returns a machine on which the files of the examples exist.
    static Loading machine() {
        return new Loading()
                .file("/etc/postern/tls.crt", "PEM")
                .file("/etc/postern/tls.key", "PEM")
                .file("/etc/postern/ca.pem", ca());
    }

    private static String ca() {
        try {
            return Files.readString(TestKeys.ca());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String egress(EgressType type, List<Key<?>> keys, String name) {
        List<Key<?>> others = new ArrayList<>(keys);
        others.removeAll(List.of(EgressKeys.NAME, EgressKeys.TYPE));
        return "egress:\n  - name: "
                + name
                + "\n    type: "
                + type.word()
                + "\n"
                + examples(others, "    ");
    }

    private static String examples(List<Key<?>> keys, String indent) {
        StringBuilder yaml = new StringBuilder();
        Set<String> sections = new HashSet<>();
        for (Key<?> key : keys) {
            if (key.equals(Keys.EGRESS)) {
                continue;
            }
            String[] names = key.path().split("\\.");
            String lead = indent;
            for (int i = 0; i < names.length - 1; i++) {
                if (sections.add(String.join(".", List.of(names).subList(0, i + 1)))) {
                    yaml.append(lead).append(names[i]).append(":\n");
                }
                lead += "  ";
            }
            String value = YamlText.ofTable(key.type(), key.example());
            yaml.append(lead)
                    .append(names[names.length - 1])
                    .append(": ")
                    .append(value)
                    .append('\n');
        }
        return yaml.toString();
    }

    private static String shown(Loading loading) {
        return ConfigShow.render(loading.valid()).replaceAll(" +#.*", "");
    }

    /// Returns the name of the component that holds a key: `api-key` is in `apiKey`.
    private static String component(Key<?> key) {
        return Pattern.compile("-(.)")
                .matcher(key.path())
                .replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
    }

    private static void assertAllDiffer(Object one, Object other, Set<String> exempt) {
        for (RecordComponent component : one.getClass().getRecordComponents()) {
            String name =
                    component.getDeclaringRecord().getSimpleName() + "." + component.getName();
            Object a = value(component, one);
            Object b = value(component, other);
            boolean nested =
                    a instanceof Record && b != null && !WHOLE_VALUES.contains(a.getClass());
            if (nested) {
                assertAllDiffer(a, b, exempt);
            } else if (!exempt.contains(component.getName())) {
                assertFalse(Objects.equals(a, b), name + " is " + a + " with and without its key");
            }
        }
    }

    private static Object value(RecordComponent component, Object of) {
        try {
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
