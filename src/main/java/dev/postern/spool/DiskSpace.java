package dev.postern.spool;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.mail.LogMark;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches how much room there is, for the spool's limits `min-free` and `max-size`. Looks at the
/// disk when told to, which the [Writer]'s thread does every second and when much was written.
final class DiskSpace {

    private static final Logger log = LoggerFactory.getLogger(DiskSpace.class);

    private final Disk disk;
    private final SpoolConfig config;
    private final QueueIndex queueIndex;
    private volatile long freeBytes = Long.MAX_VALUE;
    private @Nullable String shortage;

    DiskSpace(Disk disk, SpoolConfig config, QueueIndex queueIndex) {
        this.disk = disk;
        this.config = config;
        this.queueIndex = queueIndex;
    }

    /// Looks at the disk.
    void look() {
        try {
            freeBytes = disk.freeBytes(config.path());
        } catch (IOException e) {
            // The journal tells soon enough whether the disk works; what was known of its room
            // stands.
            log.atWarn().setCause(e).log("free space can't be read");
        }
        String before = shortage;
        String now = words(freeBytes, queueIndex.bytes());
        shortage = now;
        if (before == null && now != null) {
            log.atError()
                    .addMarker(LogMark.EACH)
                    .addKeyValue("why", now)
                    .log("mail is refused: room is short");
        } else if (before != null && now == null) {
            log.atInfo().addMarker(LogMark.EACH).log("the spool has room again");
        }
    }

    private @Nullable String words(long free, long used) {
        if (free < config.minFreeBytes()) {
            return "the disk of spool "
                    + config.path()
                    + " has "
                    + free
                    + " bytes free, less than spool.min-free ("
                    + config.minFreeBytes()
                    + "): make room";
        }
        if (config.maxSizeBytes() > 0 && used > config.maxSizeBytes()) {
            return "spool "
                    + config.path()
                    + " holds "
                    + used
                    + " bytes, more than spool.max-size ("
                    + config.maxSizeBytes()
                    + "): deliver or delete mail, or raise it";
        }
        return null;
    }

    /// Returns what is short, in words with the fix; null when there is room. The spool's own size
    /// is that of this moment.
    @Nullable String shortage() {
        return words(freeBytes, queueIndex.bytes());
    }

    /// Returns how many octets are missing.
    long missingBytes() {
        long free = Math.max(0, config.minFreeBytes() - freeBytes);
        long size = config.maxSizeBytes() > 0 ? queueIndex.bytes() - config.maxSizeBytes() : 0;
        return Math.max(free, size);
    }

    /// Returns how much the file system had left when it was last looked at.
    long freeBytes() {
        return freeBytes;
    }
}
