package dev.postern.helm;

import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/// A chart with the values that it is rendered with. Helm itself renders it, by way of its library.
public final class Chart {

    static final Path HOME = Path.of(System.getProperty("postern.home", ".")).toAbsolutePath();
    static final Path POSTERN = HOME.resolve("helm/postern");
    static final String OLDEST = "1.25.0";
    static final String NEWEST = "1.36.0";

    private static final String TEMPLATE = "/template/spec";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static @Nullable Path withoutHooks;

    private final Path directory;
    private final List<Path> values = new ArrayList<>();
    private String kubernetes = NEWEST;

    private Chart(Path directory) {
        this.directory = directory;
    }

    /// Returns our chart, with the pod of `helm test` among what it renders: Helm's library leaves
    /// hooks out, so here it is none.
    public static Chart postern() throws IOException {
        if (withoutHooks == null) {
            Path copy = Files.createTempDirectory("chart").resolve("postern");
            copy(POSTERN, copy);
            Path test = copy.resolve("templates/tests/takes-mail.yaml");
            String text = Files.readString(test);
            Files.writeString(test, text.replace("helm.sh/hook", "was/hook"));
            deleteAtExit(copy.getParent());
            withoutHooks = copy;
        }
        return new Chart(withoutHooks);
    }

    static Chart at(Path directory) {
        return new Chart(directory);
    }

    /// Returns the values of all examples that are values.
    static List<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(POSTERN.resolve("examples"))) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    /// Adds values, which win over those before.
    public Chart values(String yaml) throws IOException {
        Path file = Files.createTempFile("values", ".yaml");
        file.toFile().deleteOnExit();
        return values(Files.writeString(file, yaml));
    }

    Chart values(Path file) {
        values.add(file);
        return this;
    }

    Chart kubernetes(String version) {
        kubernetes = version;
        return this;
    }

    /// Returns what Helm renders.
    public List<JsonNode> render() {
        TemplateCommand command =
                new Helm(directory)
                        .template()
                        .withName("test")
                        .withNamespace("mail")
                        .withKubeVersion(kubernetes);
        values.forEach(command::withValuesFile);
        return parse(command.call());
    }

    /// Returns why Helm refuses to render it.
    String refusal() {
        return String.valueOf(assertThrows(IllegalStateException.class, this::render).getMessage());
    }

    /// Lints strictly with the given values as the chart's own; Helm's library takes no others.
    static LintResult lint(Path chart) {
        return new Helm(chart).lint().strict().call();
    }

    /// Returns the YAML documents of a text, empty ones left out.
    static List<JsonNode> parse(String yaml) {
        Iterable<Object> documents =
                new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(yaml);
        return StreamSupport.stream(documents.spliterator(), false)
                .<JsonNode>map(JSON::valueToTree)
                .filter(document -> !(document instanceof NullNode))
                .toList();
    }

    static JsonNode read(Path file) throws IOException {
        return parse(Files.readString(file)).getFirst();
    }

    /// Returns the one object of a kind.
    public static JsonNode only(List<JsonNode> objects, String kind) {
        List<JsonNode> found = all(objects, kind);
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " objects of the kind " + kind);
        }
        return found.getFirst();
    }

    static List<JsonNode> all(List<JsonNode> objects, String kind) {
        return objects.stream()
                .filter(object -> object.path("kind").asText().equals(kind))
                .toList();
    }

    /// Returns the item of a list that has a name.
    static JsonNode named(JsonNode list, String name) {
        return stream(list)
                .filter(item -> item.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + list));
    }

    static Stream<JsonNode> stream(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }

    /// Returns the pods' specs in what was rendered, each with the kind and name of its object.
    static Map<String, JsonNode> pods(List<JsonNode> objects) {
        Map<String, JsonNode> pods = new LinkedHashMap<>();
        for (JsonNode object : objects) {
            JsonNode spec = object.path("spec");
            JsonNode pod = object.path("kind").asText().equals("Pod") ? spec : spec.at(TEMPLATE);
            if (pod.has("containers")) {
                String name = object.at("/metadata/name").asText();
                pods.put(object.path("kind").asText() + " " + name, pod);
            }
        }
        return pods;
    }

    /// Returns a pod's containers, the first ones included.
    static List<JsonNode> containers(JsonNode pod) {
        return Stream.concat(stream(pod.path("initContainers")), stream(pod.path("containers")))
                .toList();
    }

    private static void deleteAtExit(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            all.forEach(file -> file.toFile().deleteOnExit());
        }
    }

    static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = to.resolve(from.relativize(file));
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
    }
}
