package dev.postern.testing;

import java.util.List;

/// A submission server that a test started: it takes mail by SMTP, and shows what it took.
public interface NextHop extends AutoCloseable {

    /// Returns what it took so far, oldest first.
    List<Arrival> arrivals();

    /// Returns the items under `egress:` for this server, one a line, as flow mappings.
    String egress();

    /// Returns the message from this sender once it is there.
    default Arrival await(String sender) {
        return Await.value(
                "mail from " + sender + " at " + getClass().getSimpleName() + trouble(),
                () -> arrivals().stream().filter(it -> it.sender().equals(sender)).findFirst());
    }

    /// Returns what explains missing mail; empty when nothing does.
    default String trouble() {
        return "";
    }

    @Override
    void close();
}
