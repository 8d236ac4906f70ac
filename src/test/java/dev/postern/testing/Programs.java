package dev.postern.testing;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// The programs from Debian and npm that some tests talk to.
///
/// Each is looked for where its environment variable points (`.ci/run` sets them), then on the
/// `PATH`, in the usual places, and where `.ci/run` unpacks what can't be installed. A test that
/// needs one calls [#require()]: where the program is missing the test is skipped with one line
/// that says how to get it. With `-Dtests.require.all=true` (or `TESTS_REQUIRE_ALL=true`) a missing
/// program is a failure, so that nothing is skipped unseen.
///
/// Every process of the tests is started here ([#start]), so that what nobody thought to require is
/// missed in the same way; with `-Dtests.bare=true` no program is there at all.
public enum Programs {
    /// Exim, the daemon and the command.
    EXIM("TEST_EXIM", "exim4-daemon-light", "exim4", "exim", "exim/usr/sbin/exim4"),
    /// Postfix's control command; its configuration is the test's own (`-c`).
    POSTFIX("TEST_POSTFIX", "postfix", "postfix"),
    /// OpenSMTPD.
    SMTPD("TEST_SMTPD", "opensmtpd", "smtpd", "opensmtpd/usr/sbin/smtpd"),
    /// The `usr` directory that Debian's opensmtpd was unpacked to.
    SMTPD_ROOT("TEST_SMTPD_ROOT", "opensmtpd", "opensmtpd/usr"),
    /// The `usr` directory that Debian's exim4 packages were unpacked to.
    EXIM_ROOT("TEST_EXIM_ROOT", "exim4-daemon-light", "exim/usr"),
    /// Cyrus SASL's password tool, for servers that ask for AUTH.
    SASLPASSWD("TEST_SASLPASSWD", "sasl2-bin", "saslpasswd2"),
    /// The Swiss army knife for SMTP.
    SWAKS("TEST_SWAKS", "swaks", "swaks"),
    /// A sendmail-compatible client.
    MSMTP("TEST_MSMTP", "msmtp", "msmtp"),
    /// curl, also as an SMTP client.
    CURL("TEST_CURL", "curl", "curl"),
    /// OpenSSL's command, for certificates and `s_client`.
    OPENSSL("TEST_OPENSSL", "openssl", "openssl"),
    /// Python 3, for smtplib.
    PYTHON("TEST_PYTHON", "python3", "python3"),
    /// The package directory of dkimpy, a verifier of DKIM signatures.
    DKIMPY("TEST_DKIMPY", "python3-dkim", "/usr/lib/python3/dist-packages/dkim"),
    /// OpenDKIM's verifier of one message.
    OPENDKIM_TESTMSG("TEST_OPENDKIM_TESTMSG", "opendkim-tools", "opendkim-testmsg"),
    /// Django's package directory, for its mail backend.
    DJANGO("TEST_DJANGO", "python3-django", "/usr/lib/python3/dist-packages/django"),
    /// PHP's command.
    PHP("TEST_PHP", "php-cli", "php"),
    /// Node.js.
    NODE("TEST_NODE", "nodejs", "node"),
    /// The `node_modules` directory with nodemailer, smtp-server, Prism and aws-ses-v2-local.
    NODE_MODULES("TEST_NODE_MODULES", "what .ci/run takes from npm", "node/node_modules"),
    /// Network namespaces.
    IP("TEST_IP", "iproute2", "ip"),
    /// nftables' command.
    NFT("TEST_NFT", "nftables", "nft"),
    /// iptables' command.
    IPTABLES("TEST_IPTABLES", "iptables", "iptables"),
    /// PID namespaces.
    UNSHARE("TEST_UNSHARE", "util-linux", "unshare"),
    /// System calls as they happen.
    STRACE("TEST_STRACE", "strace", "strace"),
    /// Queries and unpacks .rpm files.
    RPM("TEST_RPM", "rpm", "rpm"),
    /// Makes .rpm files.
    RPMBUILD("TEST_RPMBUILD", "rpm", "rpmbuild"),
    /// The directory of a small Debian with cron and PHP, made by debootstrap.
    DEBIAN("TEST_DEBIAN", "what .ci/run makes with debootstrap", "debian/."),
    /// Checks systemd's units.
    SYSTEMD_ANALYZE("TEST_SYSTEMD_ANALYZE", "systemd", "systemd-analyze"),
    /// Containers without a daemon.
    PODMAN("TEST_PODMAN", "podman", "podman"),
    /// Images without a daemon.
    BUILDAH("TEST_BUILDAH", "buildah", "buildah"),
    /// The directory with stand-ins for the images that the Dockerfile starts from.
    BASE_IMAGES("TEST_BASE_IMAGES", "them by src/test/image/bases.sh", "images/.");

    static final String BARE = "tests.bare";
    static final String REQUIRE_ALL = "tests.require.all";

    private static final List<String> USUAL_PLACES =
            List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/bin", "/usr/local/sbin");

    private final String variable;
    private final String origin;
    private final List<String> names;

    Programs(String variable, String origin, String... names) {
        this.variable = variable;
        this.origin = origin;
        this.names = List.of(names);
    }

    /// Returns where the program is.
    ///
    /// @throws org.opentest4j.TestAbortedException when it is missing: the test is skipped
    /// @throws AssertionError when it is missing and everything is required
    public Path require() {
        Optional<Path> found = find();
        needs(
                found.isPresent(),
                "%s not found: install %s or set %s"
                        .formatted(name().toLowerCase(Locale.ROOT), origin, variable));
        return found.orElseThrow();
    }

    /// Returns where the program is, if it is anywhere.
    public Optional<Path> find() {
        if (isBare()) {
            return Optional.empty();
        }
        String told = System.getenv(variable);
        if (told != null && !told.isEmpty()) {
            return Optional.of(Path.of(told)).filter(Files::exists);
        }
        List<Path> places =
                Stream.concat(path().stream(), USUAL_PLACES.stream().map(Path::of)).toList();
        return find(names, places, cache());
    }

    private static List<Path> path() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Arrays.stream(path.split(File.pathSeparator)).map(Path::of).toList();
    }

    /// Starts a command. Where the program, named without its place, is nowhere on the `PATH`, the
    /// test is skipped or fails, as by [#needs].
    public static Process start(ProcessBuilder builder) throws IOException {
        onPath(builder.command().getFirst());
        return builder.start();
    }

    /// Skips the test, or fails it where everything is required, unless each of the programs is on
    /// the `PATH`. Those that are named with their place may be anywhere.
    public static void onPath(String... programs) {
        for (String program : programs) {
            boolean found =
                    program.contains("/")
                            || find(List.of(program), path(), Path.of("")).isPresent();
            needs(found && !isBare(), program + " not found: put it on the PATH");
        }
    }

    /// Returns whether to behave as on a machine without any program.
    private static boolean isBare() {
        return Boolean.getBoolean(BARE);
    }

    /// Returns the first of the names that exists: a plain one is in one of the places, one with a
    /// slash is under the cache of `.ci/run`.
    static Optional<Path> find(List<String> names, List<Path> places, Path cache) {
        return names.stream()
                .flatMap(name ->
                        name.contains("/")
                                ? Stream.of(cache.resolve(name))
                                : places.stream().map(place -> place.resolve(name)))
                .filter(Files::exists)
                .findFirst()
                .map(Path::toAbsolutePath);
    }

    private static Path cache() {
        String told = System.getenv("XDG_CACHE_HOME");
        Path base =
                told == null ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(told);
        return base.resolve("postern-tests");
    }

    /// Skips the test, or fails it where everything is required, unless the condition holds.
    ///
    /// @param reason one line that says what is missing and how to get it
    public static void needs(boolean condition, String reason) {
        if (!condition && everythingIsRequired()) {
            fail("required, but " + reason);
        }
        Assumptions.assumeTrue(condition, reason);
    }

    private static boolean everythingIsRequired() {
        return !isBare()
                && (Boolean.getBoolean(REQUIRE_ALL)
                        || Boolean.parseBoolean(System.getenv("TESTS_REQUIRE_ALL")));
    }
}
