package dev.postern.listener;

import java.io.IOException;

/// The files of `smtp.tls` can't be read, or are not a certificate and its key: a mistake in the
/// configuration, unlike a socket that can't be bound. The message is one line that names them.
public final class UnusableCertificate extends IOException {

    private static final long serialVersionUID = 1L;

    UnusableCertificate(String message, Throwable cause) {
        super(message, cause);
    }
}
