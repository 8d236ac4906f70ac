package dev.postern.config;

import java.util.List;

/// A port that `port: auto` tries.
///
/// @param port from 1 to 65535
/// @param implicitTls whether TLS starts with the first octet there; else STARTTLS
public record SubmissionPort(int port, boolean implicitTls) {

    /// What is tried at any server, in order (RFC 6409 §3.1, RFC 8314 §3.3, and the alternate that
    /// most providers have).
    public static final List<SubmissionPort> USUAL =
            List.of(starttls(587), new SubmissionPort(465, true), starttls(2525));

    private static final List<Integer> IMPLICIT_TLS = List.of(465, 2465, 8465);
    private static final String TLS_MARK = "/tls";

    /// Returns whether `tls: required` means TLS from the first octet on a port.
    public static boolean isImplicit(int port) {
        return IMPLICIT_TLS.contains(port);
    }

    private static SubmissionPort starttls(int port) {
        return new SubmissionPort(port, false);
    }

    /// Returns it as it is written in the table of presets: `2465/tls`.
    @Override
    public String toString() {
        return port + (implicitTls ? TLS_MARK : "");
    }

    /// Reads `2465/tls`.
    static SubmissionPort parse(String text) {
        return text.endsWith(TLS_MARK)
                ? new SubmissionPort(
                        Integer.parseInt(text.substring(0, text.length() - TLS_MARK.length())),
                        true)
                : starttls(Integer.parseInt(text));
    }
}
