package dev.postern.spool;

import java.io.IOException;

/// The disk or the quota is used up; it may have room again later.
public final class DiskFullException extends IOException {

    private static final long serialVersionUID = 1;

    public DiskFullException(String message, Throwable cause) {
        super(message, cause);
    }

    public DiskFullException(String message) {
        super(message);
    }
}
