package dev.postern.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;

class SessionFuzzTest {

    /// There is no input that a session throws at, gets stuck with, or keeps an intake for.
    @FuzzTest
    void anyOctetsAreAnswered(byte[] octets) throws IOException {
        try (Door door = new Door().set("user", "app:secret").set("max-message-size", "200")) {
            door.spool.immediate = true;
            DirectPeer peer = new DirectPeer(door.context());
            peer.give(octets);
            peer.session.gone();
            assertEquals(0, door.spool.openIntakes.get());
        }
    }
}
