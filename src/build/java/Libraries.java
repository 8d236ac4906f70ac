import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Makes one jar of all libraries: to open ninety takes a start longer than a bare Java needs for
/// all it does, and memory for as long as they are open.
///
/// `java Libraries.java CLASSPATH DIRECTORY TIME` writes DIRECTORY/libraries.jar, and
/// DIRECTORY/libraries.txt with the names of the jars that it is made of: those in CLASSPATH. TIME,
/// in the form of ISO 8601, is that of every entry, so that the same jars make the same octets.
///
/// What several have under one name is joined where it is a list (services, Helidon's registries);
/// licences and notices get the name of their jar; anything else that differs is an error. What
/// only a jar of its own needs is left out: manifests, signatures, modules' descriptions.
final class Libraries {

    private static final Pattern LEFT_OUT =
            Pattern.compile(
                    "(.*/)?module-info\\.class"
                            + "|META-INF/(MANIFEST\\.MF|INDEX\\.LIST|[^/]*\\.(SF|RSA|DSA|EC))");
    private static final Pattern LINES =
            Pattern.compile("META-INF/(services/.*|helidon/manifest|io\\.netty\\.versions.*)");
    private static final Pattern ARRAYS = Pattern.compile("META-INF/helidon/.*\\.json");
    private static final Pattern OF_ITS_JAR =
            Pattern.compile("(META-INF/)?(LICENSE|NOTICE|DEPENDENCIES)[^/]*");

    private static final String MANIFEST = "Manifest-Version: 1.0\r\n\r\n";

    private final Map<String, byte[]> entries = new TreeMap<>();

    private Libraries() {}

    public static void main(String[] args) throws IOException {
        Path to = Path.of(args[1]);
        List<Path> jars =
                Arrays.stream(args[0].split(File.pathSeparator))
                        .filter(part -> part.endsWith(".jar"))
                        .map(Path::of)
                        .sorted(Comparator.comparing(Path::getFileName))
                        .toList();
        Libraries all = new Libraries();
        for (Path jar : jars) {
            all.add(jar);
        }
        Files.createDirectories(to);
        try (OutputStream out = Files.newOutputStream(to.resolve("libraries.jar"))) {
            all.write(out, LocalDateTime.ofInstant(Instant.parse(args[2]), ZoneOffset.UTC));
        }
        Files.write(
                to.resolve("libraries.txt"),
                jars.stream().map(jar -> jar.getFileName().toString()).toList());
    }

    private void add(Path jar) throws IOException {
        String name = jar.getFileName().toString();
        try (JarFile file =
                new JarFile(jar.toFile(), false, ZipFile.OPEN_READ, Runtime.version())) {
            // Of what there is for several versions of Java, that for this one.
            for (JarEntry entry : file.versionedStream().toList()) {
                if (!entry.isDirectory() && !LEFT_OUT.matcher(entry.getName()).matches()) {
                    add(name, entry.getName(), file.getInputStream(entry).readAllBytes());
                }
            }
        }
    }

    private void add(String jar, String name, byte[] octets) throws IOException {
        byte[] before = entries.get(name);
        if (before == null || Arrays.equals(before, octets)) {
            entries.put(name, octets);
        } else if (LINES.matcher(name).matches()) {
            entries.put(name, joined(before, "\n", octets));
        } else if (ARRAYS.matcher(name).matches()) {
            entries.put(name, joinedArrays(before, octets));
        } else if (OF_ITS_JAR.matcher(name).matches()) {
            entries.put("META-INF/of/" + jar + "/" + name.replaceFirst("^META-INF/", ""), octets);
        } else {
            throw new IOException("two libraries have another " + name + ", one of them " + jar);
        }
    }

    private static byte[] joined(byte[] first, String between, byte[] second) {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(first);
        both.writeBytes(between.getBytes(UTF_8));
        both.writeBytes(second);
        return both.toByteArray();
    }

    private static byte[] joinedArrays(byte[] first, byte[] second) {
        String head = new String(first, UTF_8).strip();
        String tail = new String(second, UTF_8).strip();
        if (!head.endsWith("]") || !tail.startsWith("[")) {
            throw new IllegalArgumentException("no JSON arrays: " + head + " and " + tail);
        }
        List<String> parts = new ArrayList<>();
        for (String array : List.of(head, tail)) {
            String items = array.substring(1, array.length() - 1);
            if (!items.isBlank()) {
                parts.add(items);
            }
        }
        return ("[" + String.join(",", parts) + "]").getBytes(UTF_8);
    }

    private void write(OutputStream out, LocalDateTime time) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            put(zip, JarFile.MANIFEST_NAME, time, MANIFEST.getBytes(UTF_8));
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                put(zip, entry.getKey(), time, entry.getValue());
            }
        }
    }

    private static void put(ZipOutputStream zip, String name, LocalDateTime time, byte[] octets)
            throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(time);
        zip.putNextEntry(entry);
        zip.write(octets);
        zip.closeEntry();
    }
}
