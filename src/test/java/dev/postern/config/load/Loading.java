package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.fail;

import dev.postern.config.EgressConfig;
import dev.postern.config.PosternConfig;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.exec.Adoption;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Loads configurations from texts: a machine whose files, variables and mounts are what a test
/// says.
public final class Loading {

    static final String HOSTNAME = "test-machine";
    public static final Path DIRECTORY = Path.of("/work");

    final Map<Path, String> files = new HashMap<>();
    final Map<String, String> environment = new HashMap<>();
    String fileSystem = "ext4";
    Path option;
    private boolean adopts;

    public Loading yaml(String text) {
        return file("postern.yaml", text);
    }

    public Loading file(String path, String text) {
        files.put(DIRECTORY.resolve(path), text);
        return this;
    }

    public Loading variable(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /// Takes over the mail settings among the variables, as `exec --adopt` does.
    public Loading adopting() {
        adopts = true;
        return this;
    }

    public Sources sources() {
        return new Sources(
                option, environment, DIRECTORY, this::read, () -> HOSTNAME, _ -> fileSystem, null);
    }

    public Loaded load() {
        Sources sources = sources();
        return ConfigLoader.load(
                adopts ? sources.adopting(Adoption.of(sources).adopted()) : sources);
    }

    public Loaded.Valid valid() {
        return switch (load()) {
            case Loaded.Valid valid -> valid;
            case Loaded.Invalid invalid -> fail(text(invalid));
        };
    }

    public PosternConfig config() {
        return valid().config();
    }

    public EgressConfig egress() {
        List<EgressConfig> all = config().egress();
        return all.size() == 1 ? all.getFirst() : fail("not one egress: " + all);
    }

    public EgressConfig.Smtp smtp() {
        return assertInstanceOf(EgressConfig.Smtp.class, egress());
    }

    /// Returns the problems, a line each.
    String problems() {
        return text(assertInstanceOf(Loaded.Invalid.class, load()));
    }

    private String read(Path file) throws IOException {
        String text = files.get(file);
        if (text == null) {
            throw new NoSuchFileException(file.toString());
        }
        return text;
    }

    private static String text(Loaded.Invalid invalid) {
        return invalid.problems().stream()
                .map(ConfigProblem::toString)
                .collect(Collectors.joining("\n"));
    }
}
