package dev.postern.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where containers run: the mount namespace that `src/test/image/containers.sh` makes, kept open,
/// so that what one command mounts the next one sees.
public final class Containers implements AutoCloseable {

    private static final Path SCRIPTS =
            Path.of(System.getProperty("postern.home", ".")).resolve("src/test/image");

    private final Process holder;
    private final List<String> entrance;

    private Containers(Process holder, String pid, String configuration) {
        this.holder = holder;
        this.entrance =
                List.of(
                        "nsenter",
                        "--mount",
                        "--net",
                        "--target",
                        pid,
                        "env",
                        "CONTAINERS_CONF=" + configuration);
    }

    /// Opens such a place.
    ///
    /// @param netns what is the host's network to the containers; null: this machine's
    public static Containers open(@Nullable Netns netns) throws IOException {
        Access.needsRoot();
        Programs.PODMAN.require();
        Programs.onPath("unshare", "umount", "bash", "crun");
        List<String> command = new ArrayList<>();
        if (netns != null) {
            command.addAll(List.of("nsenter", "--net=" + netns.file()));
        }
        command.add(SCRIPTS.resolve("containers.sh").toString());
        command.addAll(List.of("sh", "-c", "echo $$; echo \"$CONTAINERS_CONF\"; exec cat"));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        Process holder = Programs.start(builder);
        BufferedReader reader = holder.inputReader(StandardCharsets.UTF_8);
        Optional<String> pid = Optional.ofNullable(reader.readLine());
        Optional<String> configuration = Optional.ofNullable(reader.readLine());
        Programs.needs(
                configuration.isPresent(), "mount namespaces not allowed here: run privileged");
        return new Containers(holder, pid.orElseThrow(), configuration.orElseThrow());
    }

    /// Runs podman.
    public Commands.Result podman(String... arguments) throws IOException {
        Stream<String> words =
                Stream.of(entrance.stream(), Stream.of("podman"), Stream.of(arguments))
                        .flatMap(part -> part);
        return Commands.run(new ProcessBuilder(words.toList()));
    }

    /// Runs podman and returns what it says.
    ///
    /// @throws AssertionError when it fails
    public String said(String... arguments) throws IOException {
        return podman(arguments).expect(0).output().strip();
    }

    /// Its last command ends with it.
    @Override
    public void close() throws IOException {
        holder.getOutputStream().close();
        try {
            holder.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
