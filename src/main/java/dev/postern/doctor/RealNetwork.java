package dev.postern.doctor;

import dev.postern.config.EgressCommon;
import dev.postern.config.EgressConfig;
import dev.postern.egress.Egress;
import dev.postern.egress.Probe;
import dev.postern.egress.http.EndpointCheck;
import dev.postern.egress.http.HttpEgresses;
import dev.postern.egress.smtp.PortCheck;
import dev.postern.egress.smtp.PortChecker;
import dev.postern.egress.smtp.PortChecker.Opening;
import dev.postern.egress.smtp.SmtpEgress;
import dev.postern.outcome.Fault;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Function;

/// The network of this machine.
final class RealNetwork implements Network {

    /// Shorter than those of mail, so that there are answers within the doctor's limit.
    private static final Duration CONNECT_LIMIT = Duration.ofMillis(4500);

    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(6);

    private final String hostname;
    private final Resolver names = Resolver.ofMachine();
    private final Function<EgressConfig, Probe> prober;

    /// @param hostname what we call ourselves
    /// @param prober makes an egress examine itself
    RealNetwork(String hostname, Function<EgressConfig, Probe> prober) {
        this.hostname = hostname;
        this.prober = prober;
    }

    /// Probes an egress that is made for it.
    ///
    /// @param hostname what we call ourselves
    static Probe probeAfresh(EgressConfig config, String hostname) {
        try (Egress egress = egress(patient(config), hostname)) {
            return egress.probe();
        }
    }

    private static Egress egress(EgressConfig config, String hostname) {
        return switch (config) {
            case EgressConfig.Smtp smtp -> new SmtpEgress(smtp, hostname);
            case EgressConfig.Api _, EgressConfig.Ses _, EgressConfig.Mailgun _ ->
                    HttpEgresses.of(config);
        };
    }

    /// Returns the same egress with the doctor's limits.
    private static EgressConfig patient(EgressConfig config) {
        EgressCommon common = limited(config.common());
        return switch (config) {
            case EgressConfig.Smtp smtp -> new EgressConfig.Smtp(common, smtp.smtp());
            case EgressConfig.Api api -> new EgressConfig.Api(common, api.type(), api.apiKey());
            case EgressConfig.Ses ses ->
                    new EgressConfig.Ses(
                            common, ses.region(), ses.accessKeyId(), ses.secretAccessKey());
            case EgressConfig.Mailgun mailgun ->
                    new EgressConfig.Mailgun(common, mailgun.domain(), mailgun.apiKey());
        };
    }

    private static EgressCommon limited(EgressCommon common) {
        return new EgressCommon(
                common.name(),
                common.endpoint(),
                common.ca(),
                common.concurrency(),
                shorter(common.connectTimeout(), CONNECT_LIMIT),
                shorter(common.commandTimeout(), COMMAND_LIMIT),
                shorter(common.dataTimeout(), COMMAND_LIMIT),
                shorter(common.answerTimeout(), COMMAND_LIMIT),
                common.senders(),
                common.rate(),
                common.quota(),
                common.whenLimited(),
                common.fidelity());
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    @Override
    public DnsResult lookUp(String host) {
        return names.lookUp(host);
    }

    @Override
    public PortCheck reach(
            EgressConfig.Smtp egress, InetSocketAddress address, Opening opening, Limits limits) {
        return PortChecker.of(egress, hostname)
                .to(address, opening, limits.connecting(), limits.talking());
    }

    @Override
    public EndpointCheck web(EgressConfig egress) {
        return EndpointCheck.of(patient(egress), System::getenv);
    }

    @Override
    public PortState knock(InetSocketAddress address, Duration limit) {
        return PortState.knock(address, limit);
    }

    @Override
    public Probe probe(EgressConfig egress) {
        try {
            return prober.apply(egress);
        } catch (UncheckedIOException e) {
            // A mounted secret.
            return new Probe.Failed(
                    "the key is unreadable: " + e.getMessage(), Fault.CREDENTIALS, null);
        }
    }
}
