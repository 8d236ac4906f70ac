package dev.postern.doctor;

import dev.postern.doctor.Platform.Firewall;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Recognises the platform from environment variables and files; asks nobody.
final class PlatformReading {

    /// CPU shares up to which a Render instance is of the free type, which has 0.1.
    private static final double FREE_CPU_LIMIT = 0.15;

    private static final int FILE_LIMIT_CHARACTERS = 4096;

    /// User and password of a proxy.
    private static final Pattern LOGIN = Pattern.compile("//[^/@]*@");

    private static final List<String> PROXY_VARIABLES =
            List.of("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY");

    /// What tells where we are, the place's word and its name.
    private record Sign(String mark, String kind, String name) {}

    /// Variables that only one platform sets.
    private static final List<Sign> PLATFORMS =
            List.of(
                    new Sign("RENDER", "render", "Render"),
                    new Sign("RAILWAY_PROJECT_ID", "railway", "Railway"),
                    new Sign("RAILWAY_ENVIRONMENT", "railway", "Railway"),
                    new Sign("FLY_APP_NAME", "fly", "Fly.io"),
                    new Sign("DYNO", "heroku", "Heroku"),
                    new Sign("PLATFORM_APPLICATION_NAME", "platformsh", "Platform.sh"),
                    new Sign("AWS_LAMBDA_FUNCTION_NAME", "lambda", "AWS Lambda"),
                    new Sign("K_SERVICE", "cloudrun", "Google Cloud Run"),
                    new Sign("KUBERNETES_SERVICE_HOST", "kubernetes", "Kubernetes"));

    /// What machines' makers call themselves in DMI.
    private static final List<Sign> CLOUDS =
            List.of(
                    new Sign("hetzner", "hetzner", "Hetzner"),
                    new Sign("digitalocean", "digitalocean", "DigitalOcean"),
                    new Sign("amazon", "aws", "AWS EC2"),
                    new Sign("google", "gcp", "Google Compute Engine"),
                    new Sign("microsoft", "azure", "Azure"),
                    new Sign("vultr", "vultr", "Vultr"),
                    new Sign("linode", "linode", "Linode"),
                    new Sign("akamai", "linode", "Linode"),
                    new Sign("scaleway", "scaleway", "Scaleway"),
                    new Sign("upcloud", "upcloud", "UpCloud"),
                    new Sign("oraclecloud", "oracle", "Oracle Cloud"),
                    new Sign("ovh", "ovh", "OVHcloud"));

    private final Map<String, String> environment;
    private final Path files;
    private final Set<String> tags = new TreeSet<>();

    /// @param environment the variables
    /// @param files the root of the file system
    PlatformReading(Map<String, String> environment, Path files) {
        this.environment = environment;
        this.files = files;
    }

    Platform platform() {
        boolean container = isContainer();
        boolean root = text("proc/self/status").contains("\nUid:\t0\t");
        String release = text("etc/os-release");
        Firewall firewall = firewall(release);
        List<String> label = new ArrayList<>();
        String kind = kind(label);
        mark("container", container);
        mark("root", root);
        mark("kubernetes", set("KUBERNETES_SERVICE_HOST"));
        mark("cpanel", exists("usr/local/cpanel"));
        tags.add(firewall.tag());
        if (tags.contains("cpanel")) {
            label.add("cPanel");
        }
        if (kind.equals("host") && exists("run/systemd/system")) {
            label.add("systemd");
        }
        List<String> proxies = proxies();
        mark("proxy", proxies.stream().anyMatch(proxy -> !proxy.startsWith("NO_PROXY")));
        return new Platform(
                kind,
                String.join(", ", label),
                value(release, "PRETTY_NAME"),
                text("proc/sys/kernel/hostname").strip(),
                container,
                root,
                proxies,
                firewall,
                tags);
    }

    private String kind(List<String> label) {
        for (Sign sign : PLATFORMS) {
            if (set(sign.mark())) {
                label.add(sign.name());
                tags.add(sign.kind());
                detail(sign.kind(), label);
                return sign.kind();
            }
        }
        label.add("a plain host");
        tags.add("host");
        cloud(label);
        return "host";
    }

    private void detail(String kind, List<String> label) {
        switch (kind) {
            case "render" -> render(label);
            case "kubernetes" -> {
                boolean account = exists("var/run/secrets/kubernetes.io/serviceaccount");
                label.add(account ? "with a service account" : "without a service account");
                cloud(label);
            }
            default -> {}
        }
    }

    /// Render does not say the plan. Only web services can be free, and those have a tenth of a
    /// CPU.
    private void render(List<String> label) {
        String type = environment.getOrDefault("RENDER_SERVICE_TYPE", "");
        if (!type.isEmpty()) {
            label.add(type.equals("web") ? "web service" : type);
        }
        boolean canBeFree = type.isEmpty() || type.equals("web");
        if (canBeFree && cpus() <= FREE_CPU_LIMIT) {
            tags.add("render-free");
            label.add("free plan by its looks");
        } else if (!canBeFree) {
            tags.add("render-paid");
        }
    }

    /// Returns how many CPUs the control group gives us; infinite without a limit.
    private double cpus() {
        String[] limit = text("sys/fs/cgroup/cpu.max").strip().split("\\s+");
        try {
            return limit.length == 2
                    ? Double.parseDouble(limit[0]) / Double.parseDouble(limit[1])
                    : Double.POSITIVE_INFINITY;
        } catch (NumberFormatException _) {
            // `max`: no limit.
            return Double.POSITIVE_INFINITY;
        }
    }

    private void cloud(List<String> label) {
        String dmi =
                String.join(
                                " ",
                                text("sys/class/dmi/id/sys_vendor"),
                                text("sys/class/dmi/id/product_name"),
                                text("sys/class/dmi/id/bios_vendor"),
                                text("sys/class/dmi/id/chassis_asset_tag"))
                        .toLowerCase(Locale.ROOT);
        CLOUDS.stream()
                .filter(cloud -> dmi.contains(cloud.mark()))
                .findFirst()
                .ifPresent(cloud -> {
                    tags.add(cloud.kind());
                    label.add("at " + cloud.name());
                });
    }

    private boolean isContainer() {
        return exists(".dockerenv")
                || exists("run/.containerenv")
                || set("KUBERNETES_SERVICE_HOST")
                || text("proc/1/cgroup").matches("(?s).*(docker|kubepods|containerd|lxc).*")
                || text("proc/1/environ").contains("container=");
    }

    private Firewall firewall(String release) {
        if (exists("etc/csf/csf.conf")) {
            return Firewall.CSF;
        }
        if (text("etc/ufw/ufw.conf").matches("(?s).*\\bENABLED=yes\\b.*")) {
            return Firewall.UFW;
        }
        if (exists("run/firewalld") || exists("var/run/firewalld.pid")) {
            return Firewall.FIREWALLD;
        }
        if (exists("usr/sbin/nft") || exists("sbin/nft")) {
            return Firewall.NFTABLES;
        }
        if (exists("usr/sbin/iptables") || exists("sbin/iptables")) {
            return Firewall.IPTABLES;
        }
        return usual(value(release, "ID") + " " + value(release, "ID_LIKE"));
    }

    /// Returns what a distribution has, where nothing is seen to be installed.
    private static Firewall usual(String distribution) {
        if (distribution.matches(".*\\b(rhel|fedora|centos|rocky|almalinux|suse)\\b.*")) {
            return Firewall.FIREWALLD;
        }
        if (distribution.contains("ubuntu")) {
            return Firewall.UFW;
        }
        return distribution.contains("debian") ? Firewall.NFTABLES : Firewall.NONE;
    }

    private List<String> proxies() {
        List<String> found = new ArrayList<>();
        for (String name : PROXY_VARIABLES) {
            Stream.of(name, name.toLowerCase(Locale.ROOT))
                    .map(spelling -> environment.getOrDefault(spelling, ""))
                    .filter(value -> !value.isBlank())
                    .findFirst()
                    .map(value -> name + "=" + LOGIN.matcher(value).replaceAll("//"))
                    .ifPresent(found::add);
        }
        return found;
    }

    private void mark(String tag, boolean holds) {
        if (holds) {
            tags.add(tag);
        }
    }

    private boolean set(String variable) {
        return !environment.getOrDefault(variable, "").isEmpty();
    }

    private boolean exists(String file) {
        return Files.exists(files.resolve(file));
    }

    /// Returns the beginning of a file; empty when it can't be read, which is no news here.
    private String text(String file) {
        try {
            String text =
                    new String(
                            Files.readAllBytes(files.resolve(file)), StandardCharsets.ISO_8859_1);
            return text.substring(0, Math.min(text.length(), FILE_LIMIT_CHARACTERS));
        } catch (IOException _) {
            return "";
        }
    }

    /// Returns a value of os-release(5).
    private static String value(String release, String key) {
        return release.lines()
                .filter(line -> line.startsWith(key + "="))
                .map(line -> line.substring(key.length() + 1).replace("\"", "").strip())
                .findFirst()
                .orElse("");
    }
}
