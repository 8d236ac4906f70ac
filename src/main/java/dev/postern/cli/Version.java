package dev.postern.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/// Which program this is.
///
/// @param number such as `0.1.0`
/// @param commit the commit that it was built from; `unknown` outside a checkout
public record Version(String number, String commit) {

    private static final String RESOURCE = "/dev/postern/version.properties";

    /// Returns what the build wrote down.
    public static Version ofProgram() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream(RESOURCE)) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Version(
                properties.getProperty("version", "unknown"),
                properties.getProperty("commit", "unknown"));
    }
}
