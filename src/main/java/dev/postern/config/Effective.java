package dev.postern.config;

import java.util.List;

/// Every key's value and source, for [ConfigShow].
public final class Effective {

    private final Settings settings;
    private final List<EgressLoader.Entry> egress;

    Effective(Settings settings, List<EgressLoader.Entry> egress) {
        this.settings = settings;
        this.egress = List.copyOf(egress);
    }

    Settings settings() {
        return settings;
    }

    List<EgressLoader.Entry> egress() {
        return egress;
    }
}
