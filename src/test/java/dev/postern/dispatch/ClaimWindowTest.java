package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.egress.Egress;
import dev.postern.mail.Recipient;
import dev.postern.mail.State;
import dev.postern.spool.DueQueue;
import dev.postern.spool.DueQueue.Settlement;
import dev.postern.spool.MessageState;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.FakeSpool;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClaimWindowTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private final FakeSpool spool = new FakeSpool(() -> NOW);

    private EgressPool pool(EgressPool before, int round) {
        List<EgressConfig> configs =
                List.of(
                        EgressConfigs.egress("a", "@a" + round + ".example"),
                        EgressConfigs.egress("b" + round, "@b" + round + ".example"));
        List<Egress> egresses =
                configs.stream().<Egress>map(c -> new ScriptedEgress(c.name())).toList();
        return before == null
                ? EgressPool.of(configs, egresses, spool, NOW)
                : before.followedBy(configs, egresses, NOW);
    }

    /// Each configuration has streams of its own; after more of them than there are shelves they
    /// still have one each.
    @Test
    void streamsOfConfigurationsThatAreGoneTakeUpNoShelf() {
        EgressPool pool = pool(null, 0);
        ClaimWindow active = new ClaimWindow(spool, pool);
        for (int round = 0; round < 2 * DueQueue.SHELVES; round++) {
            if (round > 0) {
                pool = pool(pool, round);
                active.use(pool);
            }
            for (int i = 0; i < 40; i++) {
                spool.add("x@a" + round + ".example", "r@example.net");
                spool.add("x@b" + round + ".example", "r@example.net");
            }
            List<MessageState> claimed = new ArrayList<>();
            while (active.claim(NOW, claimed)) {
                assertFalse(claimed.isEmpty());
            }
            Set<Integer> shelves = spool.shelves();
            assertEquals(2, shelves.size(), shelves::toString);
            assertTrue(shelves.stream().allMatch(shelf -> shelf <= 3), shelves::toString);
            for (int next = 0; next < claimed.size(); next++) {
                MessageState message = claimed.get(next);
                spool.settle(message.id(), sent(message));
                active.settled(message.id());
                active.claim(NOW, claimed);
            }
            assertEquals(80, claimed.size());
        }
    }

    private static Settlement sent(MessageState message) {
        return new Settlement(
                1,
                List.of(),
                message.recipients().stream()
                        .map(r -> new Recipient(r.address(), State.SENT, null, "ok", "a"))
                        .toList(),
                NOW,
                false);
    }
}
