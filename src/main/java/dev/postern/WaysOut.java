package dev.postern;

import dev.postern.admin.EgressView;
import dev.postern.admin.Egresses;
import dev.postern.config.EgressConfig;
import dev.postern.dispatch.Dispatcher;
import dev.postern.egress.Probe;
import dev.postern.outcome.Fault;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The egresses as operators see them: the dispatcher's view of their health, beside what is
/// configured.
final class WaysOut implements Egresses {

    private final Dispatcher dispatcher;
    private final Map<String, EgressConfig> configured;

    WaysOut(Dispatcher dispatcher, List<EgressConfig> configured) {
        this.dispatcher = dispatcher;
        this.configured =
                configured.stream()
                        .collect(Collectors.toMap(EgressConfig::name, Function.identity()));
    }

    @Override
    public List<EgressView> views() {
        return dispatcher.egresses().stream().map(this::view).toList();
    }

    @Override
    public Optional<Probe> probe(String name) {
        return dispatcher
                .probe(name)
                .map(CompletionStage::toCompletableFuture)
                .map(result -> result.join());
    }

    private EgressView view(dev.postern.egress.EgressView health) {
        EgressConfig config = configured.get(health.name());
        if (config == null) {
            throw new IllegalStateException("no egress is called " + health.name());
        }
        Fault fault = health.fault();
        return new EgressView(
                health.name(),
                config.type(),
                switch (health.state()) {
                    case UP -> EgressView.State.UP;
                    case DOWN -> EgressView.State.DOWN;
                    case UNKNOWN -> EgressView.State.UNKNOWN;
                },
                fault == null ? null : fault.word(),
                health.lastError(),
                health.lastSuccess(),
                health.nextProbe(),
                null,
                username(config),
                health.candidates());
    }

    private static @Nullable String username(EgressConfig config) {
        return config instanceof EgressConfig.Smtp smtp ? smtp.smtp().username() : null;
    }
}
