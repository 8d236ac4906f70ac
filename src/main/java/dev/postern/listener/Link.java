package dev.postern.listener;

import io.netty.util.NetUtil;
import java.net.InetAddress;

/// Between whom a session runs.
///
/// @param client the other end
/// @param local our end
record Link(InetAddress client, InetAddress local) {

    /// Returns whether both ends are on this machine.
    boolean isLoopback() {
        return client.isLoopbackAddress() && local.isLoopbackAddress();
    }

    /// Returns the client's address in its short form: `127.0.0.1`, `::1`.
    String clientText() {
        return NetUtil.toAddressString(client);
    }
}
