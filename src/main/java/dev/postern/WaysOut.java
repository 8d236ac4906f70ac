package dev.postern;

import dev.postern.admin.EgressView;
import dev.postern.admin.Egresses;
import dev.postern.config.EgressConfig;
import dev.postern.dispatch.Dispatcher;
import dev.postern.egress.Probe;
import dev.postern.outcome.Outcome.Fault;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The egresses as operators see them: the dispatcher's view of their health, beside what is
/// configured.
final class WaysOut implements Egresses {

    /// `intercepted by vps-1.example (Exim 4.96)`, without what follows.
    private static final Pattern INTERCEPTED =
            Pattern.compile("intercepted by [^\\s,;]+( \\([^)]*\\))?");

    private final Dispatcher dispatcher;
    private final Detours detours;
    private volatile Map<String, EgressConfig> configured = Map.of();

    WaysOut(Dispatcher dispatcher, List<EgressConfig> configured, Detours detours) {
        this.detours = detours;
        this.dispatcher = dispatcher;
        use(configured);
    }

    /// Shows these from now on; those that the dispatcher has not yet, or not any more, are left
    /// out.
    void use(List<EgressConfig> now) {
        configured =
                now.stream().collect(Collectors.toMap(EgressConfig::name, Function.identity()));
    }

    @Override
    public List<EgressView> views() {
        Map<String, EgressConfig> now = configured;
        return dispatcher.egresses().stream()
                .flatMap(health ->
                        Stream.ofNullable(now.get(health.name()))
                                .map(config -> view(health, config)))
                .toList();
    }

    @Override
    public List<String> fallbacks() {
        return detours.texts(views());
    }

    @Override
    public Optional<Probe> probe(String name) {
        return dispatcher
                .probe(name)
                .map(CompletionStage::toCompletableFuture)
                .map(result -> result.join());
    }

    private static EgressView view(dev.postern.egress.EgressView health, EgressConfig config) {
        Fault fault = health.fault();
        return new EgressView(
                health.name(),
                config.type(),
                health.state(),
                fault == null ? null : reason(fault, health.lastError()),
                health.lastError(),
                health.lastSuccess(),
                health.nextProbe(),
                username(config),
                health.candidates());
    }

    /// Who intercepts is the first thing to know; else the kind of fault is, and the last error
    /// tells the rest.
    private static String reason(Fault fault, @Nullable String lastError) {
        Matcher stranger = INTERCEPTED.matcher(lastError == null ? "" : lastError);
        return fault == Fault.INTERCEPTION && stranger.find() ? stranger.group() : fault.word();
    }

    private static @Nullable String username(EgressConfig config) {
        return config instanceof EgressConfig.Smtp smtp ? smtp.smtp().username() : null;
    }
}
