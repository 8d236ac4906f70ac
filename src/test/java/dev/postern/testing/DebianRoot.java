package dev.postern.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A Debian of the test's own: a copy of the one that `.ci/run` made, in which commands run under
/// chroot. It has no systemd that runs, and shares the network with the machine.
///
/// Each command has a mount namespace of its own, so that nothing stays mounted.
public final class DebianRoot implements AutoCloseable {

    private static final String ENTER =
            "mount -t proc proc \"$0/proc\" && exec chroot \"$0\" \"$@\"";

    private final Path root;
    private final List<String> entrance;

    private DebianRoot(Path root, List<String> entrance) {
        this.root = root;
        this.entrance = entrance;
    }

    /// Copies it to a directory that isn't there yet.
    public static DebianRoot copyTo(Path directory) throws IOException {
        String original = Programs.DEBIAN.require().normalize().toString();
        List<String> entrance = Access.unshare("--mount");
        Programs.onPath("setpriv", "chroot");
        Commands.run(new ProcessBuilder("cp", "-a", original, directory.toString())).expect(0);
        // Nobody needs this one after a power failure.
        Files.writeString(directory.resolve("etc/dpkg/dpkg.cfg.d/quick"), "force-unsafe-io\n");
        return new DebianRoot(directory, entrance);
    }

    /// Returns where it is.
    public Path root() {
        return root;
    }

    /// Returns where a file of it is on this machine.
    ///
    /// @param path begins with a slash
    public Path file(String path) {
        return root.resolve(path.substring(1));
    }

    /// Returns the text of a file of it.
    public String read(String path) throws IOException {
        return Files.readString(file(path));
    }

    /// Runs a command in it as root.
    public Commands.Result run(String... command) throws IOException {
        return Commands.run(command(List.of(command)));
    }

    /// Runs a command in it as one of its users.
    public Commands.Result runAs(String user, String... command) throws IOException {
        return Commands.run(command(asUser(user, command)));
    }

    /// Starts a daemon in it as one of its users.
    public Daemon startAs(String user, String... command) throws IOException {
        return Daemon.start(command(asUser(user, command)));
    }

    private static List<String> asUser(String user, String... command) {
        List<String> words =
                new ArrayList<>(
                        List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups"));
        words.addAll(Arrays.asList(command));
        return words;
    }

    private ProcessBuilder command(List<String> words) {
        List<String> whole = new ArrayList<>(entrance);
        whole.addAll(List.of("sh", "-c", ENTER, root.toString()));
        whole.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(whole);
        builder.environment().clear();
        builder.environment()
                .put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        return builder;
    }

    /// Removes it.
    @Override
    public void close() throws IOException {
        Commands.run(new ProcessBuilder("rm", "-rf", "--one-file-system", root.toString()))
                .expect(0);
    }
}
