package dev.postern.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.doctor.Platform.Firewall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Platforms by their environment variables and files.
class PlatformReadingTest {

    @TempDir private Path files;

    @ParameterizedTest
    @CsvSource({
        "RAILWAY_PROJECT_ID, railway",
        "FLY_APP_NAME, fly",
        "DYNO, heroku",
        "RENDER, render",
        "PLATFORM_APPLICATION_NAME, platformsh",
        "AWS_LAMBDA_FUNCTION_NAME, lambda",
        "K_SERVICE, cloudrun",
        "KUBERNETES_SERVICE_HOST, kubernetes",
        "HOME, host"
    })
    void aVariableGivesThePlatformAway(String variable, String kind) {
        Platform platform = read(Map.of(variable, "x"));
        assertEquals(kind, platform.kind());
        assertTrue(platform.tags().contains(kind));
    }

    @Test
    void renderIsFreeByItsShareOfACpu() throws IOException {
        Map<String, String> web = Map.of("RENDER", "true", "RENDER_SERVICE_TYPE", "web");
        write("sys/fs/cgroup/cpu.max", "10000 100000\n");
        assertTrue(read(web).tags().contains("render-free"));
        assertEquals("Render, web service, free plan by its looks", read(web).label());
        Map<String, String> worker = Map.of("RENDER", "true", "RENDER_SERVICE_TYPE", "worker");
        assertFalse(read(worker).tags().contains("render-free"), "workers are never free");
        write("sys/fs/cgroup/cpu.max", "50000 100000\n");
        assertFalse(read(web).tags().contains("render-free"));
        write("sys/fs/cgroup/cpu.max", "max 100000\n");
        assertFalse(read(web).tags().contains("render-free"));
    }

    @Test
    void kubernetesIsAContainerWithOrWithoutAServiceAccount() throws IOException {
        Map<String, String> cluster = Map.of("KUBERNETES_SERVICE_HOST", "10.96.0.1");
        assertTrue(read(cluster).container());
        assertEquals("Kubernetes, without a service account", read(cluster).label());
        Files.createDirectories(files.resolve("var/run/secrets/kubernetes.io/serviceaccount"));
        assertEquals("Kubernetes, with a service account", read(cluster).label());
    }

    @Test
    void aVpsIsToldInFull() throws IOException {
        write("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
        write("sys/class/dmi/id/sys_vendor", "Hetzner\n");
        write("proc/self/status", "Name:\tjava\nUid:\t1000\t1000\t1000\t1000\n");
        write("proc/sys/kernel/hostname", "vps-4711.example\n");
        Files.createDirectories(files.resolve("run/systemd/system"));
        Files.createDirectories(files.resolve("usr/local/cpanel"));
        Platform platform = read(Map.of());
        assertEquals("a plain host, at Hetzner, cPanel, systemd", platform.label());
        assertEquals("Debian GNU/Linux 12 (bookworm)", platform.distribution());
        assertEquals("vps-4711.example", platform.hostname());
        assertFalse(platform.root());
        assertFalse(platform.container());
        assertTrue(platform.tags().containsAll(List.of("hetzner", "cpanel", "host")));
        write("proc/self/status", "Name:\tjava\nUid:\t0\t0\t0\t0\n");
        assertTrue(read(Map.of()).root());
    }

    @Test
    void proxiesAreToldWithoutTheirPasswords() {
        Platform platform =
                read(Map.of("https_proxy", "http://me:secret@proxy:3128", "NO_PROXY", ".local"));
        assertEquals(
                List.of("HTTPS_PROXY=http://proxy:3128", "NO_PROXY=.local"), platform.proxies());
        assertTrue(platform.tags().contains("proxy"));
    }

    @Test
    void theFirewallIsTheOneThatIsInUse() throws IOException {
        write("etc/os-release", "ID=debian\n");
        assertEquals(Firewall.NFTABLES, read(Map.of()).firewall());
        write("usr/sbin/iptables", "");
        assertEquals(Firewall.IPTABLES, read(Map.of()).firewall());
        write("usr/sbin/nft", "");
        assertEquals(Firewall.NFTABLES, read(Map.of()).firewall());
        Files.createDirectories(files.resolve("run/firewalld"));
        assertEquals(Firewall.FIREWALLD, read(Map.of()).firewall());
        write("etc/ufw/ufw.conf", "# x\nENABLED=yes\n");
        assertEquals(Firewall.UFW, read(Map.of()).firewall());
        write("etc/csf/csf.conf", "");
        assertEquals(Firewall.CSF, read(Map.of()).firewall());
    }

    @ParameterizedTest
    @CsvSource({
        "'ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"', FIREWALLD",
        "'ID=opensuse-leap\nID_LIKE=\"suse opensuse\"', FIREWALLD",
        "'ID=ubuntu\nID_LIKE=debian', UFW",
        "'ID=debian', NFTABLES",
        "'ID=alpine', NONE"
    })
    void aDistributionHasItsUsualFirewall(String release, Firewall firewall) throws IOException {
        write("etc/os-release", release + "\n");
        assertEquals(firewall, read(Map.of()).firewall());
        assertTrue(read(Map.of()).allow("587").contains("587"));
    }

    @Test
    void theCommandSaysWhereItIsToBeTyped() throws IOException {
        write("etc/os-release", "ID=ubuntu\n");
        write("proc/self/status", "Name:\tjava\nUid:\t0\t0\t0\t0\n");
        assertEquals("`ufw allow out 587/tcp`", read(Map.of()).allow("587"));
        write("proc/self/status", "Name:\tjava\nUid:\t7\t7\t7\t7\n");
        assertEquals("as root: `ufw allow out 587/tcp`", read(Map.of()).allow("587"));
        write(".dockerenv", "");
        assertTrue(read(Map.of()).allow("587").startsWith("on the machine that runs this"));
    }

    private Platform read(Map<String, String> environment) {
        return new PlatformReading(environment, files).platform();
    }

    private void write(String file, String text) throws IOException {
        Path path = files.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }
}
