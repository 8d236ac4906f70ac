package dev.postern;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.config.DkimConfig;
import dev.postern.config.EgressConfig;
import dev.postern.dkim.DkimSigner;
import dev.postern.egress.Egress;
import dev.postern.egress.SigningFilter;
import dev.postern.egress.SteeringFilter;
import dev.postern.egress.http.HttpEgresses;
import dev.postern.egress.smtp.SmtpEgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The egresses that are in use: makes them as configured, keeps those whose configuration did not
/// change, and closes what is no longer used.
final class EgressRegistry implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EgressRegistry.class);

    private final String hostname;
    private final InstantSource clock;
    private final Set<Egress> open = ConcurrentHashMap.newKeySet();
    private List<Item> items = List.of();
    private volatile DkimSigner signer;

    /// One of them.
    ///
    /// @param anchors what was in the file of its key `ca`; null: nothing that could be read
    private record Item(EgressConfig config, @Nullable String anchors, Egress egress) {}

    /// @param hostname what we call ourselves where an egress's configuration does not say
    /// @param clock says when a message was signed
    EgressRegistry(String hostname, InstantSource clock) {
        this.hostname = hostname;
        this.clock = clock;
        this.signer = new DkimSigner(List.of(), clock);
    }

    /// Goes on with these, in this order.
    ///
    /// @param keys sign what leaves by those that sign
    /// @return the names of those that are new, or made anew
    List<String> use(List<EgressConfig> configured, List<DkimConfig> keys) {
        signer = new DkimSigner(keys, clock);
        List<Item> next = new ArrayList<>();
        List<String> made = new ArrayList<>();
        for (EgressConfig config : configured) {
            String anchors = anchors(config.common().ca());
            Item kept =
                    items.stream()
                            .filter(it -> it.config().equals(config))
                            .filter(it -> Objects.equals(it.anchors(), anchors))
                            .findFirst()
                            .orElse(null);
            if (kept == null) {
                made.add(config.name());
                Egress signing = SigningFilter.of(config, make(config), () -> signer);
                Egress egress = SteeringFilter.of(config, signing);
                open.add(egress);
                next.add(new Item(config, anchors, egress));
            } else {
                next.add(kept);
            }
        }
        items = next;
        return made;
    }

    List<Egress> egresses() {
        return items.stream().map(Item::egress).toList();
    }

    private Egress make(EgressConfig egress) {
        return egress instanceof EgressConfig.Smtp smtp
                ? new SmtpEgress(smtp, hostname)
                : HttpEgresses.of(egress);
    }

    private static @Nullable String anchors(@Nullable Path ca) {
        try {
            return ca == null ? null : Files.readString(ca, ISO_8859_1);
        } catch (IOException _) {
            // The egress tells that at each attempt.
            return null;
        }
    }

    /// Closes an egress that is no longer used, soon.
    void retire(Egress egress) {
        Thread.ofVirtual().name("retire-" + egress.name()).start(() -> close(egress));
    }

    private void close(Egress egress) {
        if (open.remove(egress)) {
            try {
                egress.close();
            } catch (RuntimeException trouble) {
                log.atError()
                        .addKeyValue("egress", egress.name())
                        .setCause(trouble)
                        .log("the egress did not close");
            }
        }
    }

    @Override
    public void close() {
        List.copyOf(open).forEach(this::close);
    }
}
