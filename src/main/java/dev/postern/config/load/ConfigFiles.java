package dev.postern.config.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The files that the configuration comes from, whether they changed, and how to load it again: the
/// YAML file, mounted secrets, the files of `…_FILE` variables, certificates; also those that were
/// looked for and are not there.
///
/// They are looked at, not watched by the system: secrets mounted by Kubernetes change by a
/// switched link, which a watch on the directory does not tell reliably.
///
/// *Contract.* Once a file was found, it is the one: that it has gone is a problem, and no reason
/// to go on with built-in defaults. So is a file that was emptied: somebody is just writing it.
/// Confined to one thread at a time.
public final class ConfigFiles {

    private final Sources sources;
    private @Nullable Path found;
    private Map<Path, Stamp> loaded = new HashMap<>();
    private Map<Path, Stamp> seen = new HashMap<>();
    private final Set<Path> filled = ConcurrentHashMap.newKeySet();

    /// What tells that a file is another one than before, links followed.
    private record Stamp(@Nullable FileTime modified, long sizeBytes, @Nullable Object key) {

        private static final Stamp ABSENT = new Stamp(null, 0, null);

        static Stamp of(Path file) {
            try {
                BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
                return new Stamp(now.lastModifiedTime(), now.size(), now.fileKey());
            } catch (IOException _) {
                return ABSENT;
            }
        }
    }

    /// Makes ready to load from these sources.
    public ConfigFiles(Sources sources) {
        this.sources = sources;
        this.found = sources.file();
    }

    /// Loads the configuration as it is now.
    public Loaded load() {
        // Before it is read, so that what is written meanwhile shows as a change.
        Map<Path, Stamp> stamps = new ConcurrentHashMap<>();
        Set<Path> reading = ConcurrentHashMap.newKeySet();
        Loaded result =
                ConfigLoader.load(
                        sources.with(
                                found,
                                file -> {
                                    stamps.computeIfAbsent(file, Stamp::of);
                                    return read(file, reading);
                                }));
        if (result instanceof Loaded.Valid valid) {
            found = valid.file() == null ? sources.file() : valid.file();
            filled.addAll(reading);
        } else {
            // What was broken may keep us from seeing which files it names.
            loaded.keySet().forEach(file -> stamps.computeIfAbsent(file, Stamp::of));
        }
        loaded = new HashMap<>(stamps);
        seen = loaded;
        return result;
    }

    private String read(Path file, Set<Path> reading) throws IOException {
        String text = sources.reader().read(file);
        if (!text.isBlank()) {
            reading.add(file);
        } else if (filled.contains(file)) {
            throw new IOException("the file has been emptied: " + file);
        }
        return text;
    }

    /// Looks at the files.
    ///
    /// @return whether some are not as they were loaded, and have not changed since the last look:
    ///   nobody is writing them
    public boolean haveChanged() {
        Map<Path, Stamp> now = new HashMap<>();
        loaded.keySet().forEach(file -> now.put(file, Stamp.of(file)));
        boolean settled = now.equals(seen);
        seen = now;
        return settled && !Objects.equals(now, loaded);
    }
}
