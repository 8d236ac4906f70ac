package dev.postern.egress.http;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.Secret;
import dev.postern.egress.Egress;
import dev.postern.egress.http.HttpEgress.AnswerText;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Makes the egresses that go over HTTPS.
public final class HttpEgresses {

    private HttpEgresses() {}

    /// Returns an egress. Nothing is connected yet.
    ///
    /// @throws IllegalArgumentException when the configuration is not of an HTTPS egress, or its
    ///   endpoint is neither https nor http of the loopback; the message says which
    public static Egress of(EgressConfig config) {
        return of(config, System::getenv);
    }

    /// @param environment gives a variable's value, for the proxy
    static Egress of(EgressConfig config, UnaryOperator<@Nullable String> environment) {
        Common common = config.common();
        Provider provider = Provider.of(config);
        ApiEndpoint endpoint = ApiEndpoint.of(base(config));
        Http http = new Http(common, endpoint, environment);
        return new HttpEgress(
                common,
                provider.api().apply(http),
                new AnswerText(new KeyMask(provider.secrets())));
    }

    /// Returns the base address: the configured one, else the provider's own.
    static URI base(EgressConfig config) {
        URI own = config.common().endpoint();
        return own == null ? URI.create(Provider.of(config).endpoint()) : own;
    }

    static Api api(EgressConfig config, Http http) {
        return Provider.of(config).api().apply(http);
    }

    /// What is particular to an egress's provider.
    ///
    /// @param endpoint its usual base address
    /// @param api makes the way to speak to it
    /// @param secrets what must not be seen
    private record Provider(String endpoint, Function<Http, Api> api, List<Secret> secrets) {

        static Provider of(EgressConfig config) {
            return switch (config) {
                case EgressConfig.Mailgun mailgun ->
                        new Provider(
                                Mailgun.ENDPOINT,
                                http -> new Mailgun(mailgun, http),
                                List.of(mailgun.apiKey()));
                case EgressConfig.Ses ses ->
                        new Provider(
                                Ses.endpoint(ses.region()),
                                http -> new Ses(ses, http),
                                Stream.of(ses.accessKeyId(), ses.secretAccessKey())
                                        .flatMap(Stream::ofNullable)
                                        .toList());
                case EgressConfig.Api api -> rebuilding(api, List.of(api.apiKey()));
                case EgressConfig.Smtp _ -> throw notHttp(config);
            };
        }

        private static Provider rebuilding(EgressConfig.Api api, List<Secret> key) {
            return switch (api.type()) {
                case "sendgrid" ->
                        new Provider(SendGridApi.ENDPOINT, http -> new SendGridApi(api, http), key);
                case "resend" -> new Provider(Resend.ENDPOINT, http -> new Resend(api, http), key);
                case "brevo" -> new Provider(Brevo.ENDPOINT, http -> new Brevo(api, http), key);
                case "postmark" ->
                        new Provider(Postmark.ENDPOINT, http -> new Postmark(api, http), key);
                default -> throw notHttp(api);
            };
        }
    }

    private static IllegalArgumentException notHttp(EgressConfig config) {
        return new IllegalArgumentException("no HTTPS egress is of type " + config.type());
    }
}
