package dev.postern.egress.http;

import dev.postern.config.EgressConfig;
import dev.postern.config.Secret;
import dev.postern.egress.Egress;
import java.net.URI;
import java.util.List;
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
        Api api = api(config, new Http(config.common(), endpoint(config), environment));
        return new HttpEgress(config, api, new KeyMask(secrets(config)));
    }

    /// Returns the base address: the configured one, else the provider's own.
    static ApiEndpoint endpoint(EgressConfig config) {
        URI own = config.common().endpoint();
        return ApiEndpoint.of(own == null ? URI.create(usualEndpoint(config)) : own);
    }

    private static String usualEndpoint(EgressConfig config) {
        if (config instanceof EgressConfig.Ses ses) {
            return Ses.endpoint(ses.region());
        }
        return switch (config.type()) {
            case "sendgrid" -> "https://api.sendgrid.com";
            case "resend" -> "https://api.resend.com";
            case "brevo" -> "https://api.brevo.com";
            case "postmark" -> "https://api.postmarkapp.com";
            case "mailgun" -> "https://api.mailgun.net";
            default -> throw notHttp(config);
        };
    }

    /// Returns the way to speak to the provider.
    static Api api(EgressConfig config, Http http) {
        return switch (config) {
            case EgressConfig.Mailgun mailgun -> new Mailgun(mailgun, http);
            case EgressConfig.Ses ses -> new Ses(ses, http);
            case EgressConfig.Api api ->
                    switch (api.type()) {
                        case "sendgrid" -> new SendGridApi(api, http);
                        case "resend" -> new Resend(api, http);
                        case "brevo" -> new Brevo(api, http);
                        case "postmark" -> new Postmark(api, http);
                        default -> throw notHttp(config);
                    };
            case EgressConfig.Smtp _ -> throw notHttp(config);
        };
    }

    /// Returns what must not be seen.
    private static List<Secret> secrets(EgressConfig config) {
        return switch (config) {
            case EgressConfig.Mailgun mailgun -> List.of(mailgun.apiKey());
            case EgressConfig.Api api -> List.of(api.apiKey());
            case EgressConfig.Ses ses ->
                    Stream.of(ses.accessKeyId(), ses.secretAccessKey())
                            .flatMap(Stream::ofNullable)
                            .toList();
            case EgressConfig.Smtp _ -> List.of();
        };
    }

    private static IllegalArgumentException notHttp(EgressConfig config) {
        return new IllegalArgumentException("no HTTPS egress is of type " + config.type());
    }
}
