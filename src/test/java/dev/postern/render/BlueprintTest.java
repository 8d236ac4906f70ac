package dev.postern.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import dev.postern.config.PosternConfig;
import dev.postern.config.load.ConfigLoader;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/// The two blueprints: with a private service and a disk, and for the free plan.
class BlueprintTest {

    private static final Path HOME =
            Path.of(System.getProperty("postern.home", ".")).toAbsolutePath().normalize();
    private static final String PAID = "render.yaml";
    private static final String FREE = "docs/howto/render-free/render.yaml";
    private static final ObjectMapper JSON = new ObjectMapper();

    /// What the dashboard would be told for `sync: false`.
    private static final Map<String, String> TOLD =
            Map.of("POSTERN_SMTP_USERS", "shop:secret", "POSTERN_EGRESS", "sendgrid://KEY@");

    /// What the image sets.
    private static final Map<String, String> IMAGE =
            Map.of("POSTERN_SPOOL_PATH", "/var/spool/postern");

    private static JsonNode read(String file) throws IOException {
        Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
        return JSON.valueToTree(yaml.load(Files.readString(HOME.resolve(file))));
    }

    /// What Render publishes of its blueprints, without the descriptions.
    private static JsonNode schema() throws IOException {
        try (InputStream in =
                BlueprintTest.class.getResourceAsStream("/render/blueprint.schema.json")) {
            return JSON.readTree(in);
        }
    }

    private static Stream<JsonNode> stream(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }

    private static JsonNode service(JsonNode blueprint, String type) {
        return stream(blueprint.path("services"))
                .filter(service -> service.path("type").asText().equals(type))
                .findFirst()
                .orElseThrow();
    }

    /// Returns a service's variables, those of its groups included; those without a value are
    /// empty.
    private static Map<String, String> variables(JsonNode blueprint, JsonNode service) {
        Map<String, String> variables = new HashMap<>();
        for (JsonNode variable : service.path("envVars")) {
            if (variable.has("fromGroup")) {
                stream(blueprint.path("envVarGroups"))
                        .filter(group -> group.get("name").equals(variable.get("fromGroup")))
                        .flatMap(group -> stream(group.path("envVars")))
                        .forEach(one -> put(variables, one));
            } else {
                put(variables, variable);
            }
        }
        return variables;
    }

    private static void put(Map<String, String> variables, JsonNode variable) {
        variables.put(variable.path("key").asText(), variable.path("value").asText());
    }

    /// Loads the configuration as on Render. An unknown variable of ours would be a problem.
    private static PosternConfig load(Map<String, String> variables, String fileSystem) {
        Map<String, String> environment = new HashMap<>(variables);
        environment.replaceAll(
                (name, value) -> value.isEmpty() ? TOLD.getOrDefault(name, "told") : value);
        environment.put("RENDER", "true");
        Sources sources =
                new Sources(
                        null,
                        environment,
                        Path.of("/app"),
                        path -> {
                            throw new NoSuchFileException(path.toString());
                        },
                        () -> "srv",
                        _ -> fileSystem,
                        null);
        return switch (ConfigLoader.load(sources)) {
            case Loaded.Valid valid -> valid.config();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.lines());
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {PAID, FREE})
    void renderTakesIt(String file) throws IOException {
        assertEquals(
                Set.of(),
                JsonSchemaFactory.getInstance(VersionFlag.V202012)
                        .getSchema(schema())
                        .validate(read(file)));
    }

    @ParameterizedTest
    @ValueSource(strings = {PAID, FREE})
    void noSecretIsWrittenDown(String file) throws IOException {
        JsonNode blueprint = read(file);
        List<String> secret = List.of("PASSWORD", "USERS", "EGRESS", "HOST_USER");
        for (String holder : List.of("services", "envVarGroups")) {
            for (JsonNode variable : blueprint.path(holder).findParents("key")) {
                String key = variable.path("key").asText();
                if (secret.stream().anyMatch(key::endsWith)) {
                    assertFalse(variable.path("sync").asBoolean(true), key);
                    assertFalse(variable.has("value"), key);
                }
            }
        }
    }

    @Test
    void aPrivateServiceWithADiskTakesMailFromTheNetwork() throws IOException {
        JsonNode blueprint = read(PAID);
        JsonNode service = service(blueprint, "pserv");
        Map<String, String> variables = variables(blueprint, service);
        variables.putAll(IMAGE);
        PosternConfig config = load(variables, "ext4");
        assertEquals("0.0.0.0", config.smtp().listen().host());
        assertTrue(config.smtp().authPlaintext());
        assertEquals("shop", config.smtp().users().getFirst().username());
        assertEquals(PosternConfig.Acknowledge.SPOOLED, config.acknowledge());
        assertEquals(config.spool().path(), Path.of(service.at("/disk/mountPath").asText()));
        long disk = service.at("/disk/sizeGB").asLong() << 30;
        assertEquals(0.8, (double) config.spool().maxSizeBytes() / disk, 0.001);
        assertTrue(
                service.path("maxShutdownDelaySeconds").asLong()
                        > config.drainTimeout().toSeconds());
        assertFalse(service.has("healthCheckPath"), "Render checks web services only");
    }

    /// A blueprint can name no target, and the last stage is what is built.
    @Test
    void theDockerfilesLastStageIsChosenByAVariable() throws IOException {
        JsonNode blueprint = read(PAID);
        JsonNode service = service(blueprint, "pserv");
        String stage = variables(blueprint, service).get("IMAGE_STAGE");
        List<String> stages =
                Files.readAllLines(HOME.resolve(service.path("dockerfilePath").asText())).stream()
                        .filter(line -> line.startsWith("FROM "))
                        .toList();
        assertEquals("FROM ${IMAGE_STAGE:-postern}", stages.getLast());
        for (String name : List.of(stage, "postern")) {
            assertTrue(
                    stages.stream().anyMatch(line -> line.endsWith(" AS " + name)),
                    stages::toString);
        }
    }

    @Test
    void theAppSendsThere() throws IOException {
        JsonNode blueprint = read(PAID);
        JsonNode postern = service(blueprint, "pserv");
        JsonNode app = service(blueprint, "web");
        JsonNode host =
                stream(app.path("envVars"))
                        .filter(variable -> variable.path("key").asText().equals("EMAIL_HOST"))
                        .findFirst()
                        .orElseThrow()
                        .path("fromService");
        assertEquals(postern.path("name"), host.path("name"));
        assertEquals(postern.path("type"), host.path("type"));
        assertEquals("host", host.path("property").asText());
        int port = load(variables(blueprint, postern), "ext4").smtp().listen().port();
        assertEquals(String.valueOf(port), variables(blueprint, app).get("EMAIL_PORT"));
    }

    @Test
    void onTheFreePlanNothingIsPromisedThatNoDiskHolds() throws IOException {
        JsonNode blueprint = read(FREE);
        JsonNode service = service(blueprint, "web");
        assertEquals("free", service.path("plan").asText());
        assertFalse(service.has("disk"));
        PosternConfig config = load(variables(blueprint, service), "overlay");
        assertEquals(PosternConfig.Acknowledge.SENT, config.acknowledge());
        assertEquals("127.0.0.1", config.smtp().listen().host());
        assertTrue(
                service.path("maxShutdownDelaySeconds").asLong()
                        > config.drainTimeout().toSeconds());
    }

    @Test
    void theFreePlansImageStartsTheAppThroughPostern() throws IOException {
        String dockerfile = Files.readString(HOME.resolve("docs/howto/render-free/Dockerfile"));
        String exec = "[\"/opt/postern/bin/postern\", \"exec\", \"--adopt\", \"--\"]";
        assertTrue(dockerfile.contains("COPY --from=postern /opt/postern /opt/postern\n"));
        assertTrue(dockerfile.contains("ENTRYPOINT " + exec + "\n"));
    }
}
