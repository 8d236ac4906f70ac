package dev.postern.egress.http;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.Secret;
import dev.postern.egress.Egress;
import dev.postern.egress.http.HttpEgress.AnswerText;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
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
        ApiEndpoint endpoint = ApiEndpoint.of(base(config));
        Http http = new Http(common, endpoint, environment);
        return new HttpEgress(
                common, api(config, http), http, new AnswerText(new KeyMask(secrets(config))));
    }

    /// Returns the base address: the configured one, else the provider's own.
    static URI base(EgressConfig config) {
        URI own = config.common().endpoint();
        return own == null ? URI.create(usual(config)) : own;
    }

    static Api api(EgressConfig config, Http http) {
        return switch (config) {
            case EgressConfig.Mailgun mailgun -> new Mailgun(mailgun, http);
            case EgressConfig.Ses ses -> new Ses(ses, http);
            case EgressConfig.Api api -> rebuilding(api, http);
            case EgressConfig.Smtp _ -> throw notHttp(config);
        };
    }

    private static String usual(EgressConfig config) {
        return switch (config) {
            case EgressConfig.Mailgun _ -> Mailgun.ENDPOINT;
            case EgressConfig.Ses ses -> Ses.endpoint(ses.region());
            case EgressConfig.Api api ->
                    switch (api.type()) {
                        case "sendgrid" -> SendGridApi.ENDPOINT;
                        case "resend" -> Resend.ENDPOINT;
                        case "brevo" -> Brevo.ENDPOINT;
                        case "postmark" -> Postmark.ENDPOINT;
                        default -> throw notHttp(config);
                    };
            case EgressConfig.Smtp _ -> throw notHttp(config);
        };
    }

    private static Api rebuilding(EgressConfig.Api config, Http http) {
        return switch (config.type()) {
            case "sendgrid" -> new SendGridApi(config, http);
            case "resend" -> new Resend(config, http);
            case "brevo" -> new Brevo(config, http);
            case "postmark" -> new Postmark(config, http);
            default -> throw notHttp(config);
        };
    }

    private static List<Secret> secrets(EgressConfig config) {
        List<Secret> secrets = new ArrayList<>();
        switch (config) {
            case EgressConfig.Mailgun mailgun -> secrets.add(mailgun.apiKey());
            case EgressConfig.Api api -> secrets.add(api.apiKey());
            case EgressConfig.Ses ses -> {
                if (ses.accessKeyId() != null) {
                    secrets.add(ses.accessKeyId());
                }
                if (ses.secretAccessKey() != null) {
                    secrets.add(ses.secretAccessKey());
                }
            }
            case EgressConfig.Smtp _ -> throw notHttp(config);
        }
        return secrets;
    }

    private static IllegalArgumentException notHttp(EgressConfig config) {
        return new IllegalArgumentException("no HTTPS egress is of type " + config.type());
    }
}
