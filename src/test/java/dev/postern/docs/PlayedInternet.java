package dev.postern.docs;

import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.OutboundMessages;
import dev.postern.it.StandIn;
import dev.postern.testing.Lab;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// The providers that the pages speak of, under their own names in a [Lab]: they take mail from
/// whoever has any log-in.
final class PlayedInternet {

    private static final int HTTPS_PORT = 443;
    private static final Map<String, String> APIS =
            Map.of(
                    "api.sendgrid.com", "sendgrid",
                    "api.mailgun.net", "mailgun",
                    "api.eu.mailgun.net", "mailgun",
                    "api.resend.com", "resend",
                    "api.brevo.com", "brevo",
                    "api.postmarkapp.com", "postmark",
                    "email.eu-west-1.amazonaws.com", "ses");
    private static final Set<String> RELAYS =
            Set.of("smtp.gmail.com", "smtp.office365.com", "smtp.example.org");

    private PlayedInternet() {}

    /// Makes a lab with all of them.
    static Lab in(Path directory) throws IOException {
        Set<String> hosts = new TreeSet<>(RELAYS);
        hosts.addAll(APIS.keySet());
        Lab lab = Lab.in(directory, hosts.toArray(String[]::new));
        APIS.forEach((host, type) ->
                lab.keep(
                        FakeApi.serveTls(
                                lab.listen(host, HTTPS_PORT),
                                lab.tls(),
                                request ->
                                        StandIn.isProbe(type, request)
                                                ? StandIn.works(type)
                                                : OutboundMessages.acceptance(type))));
        RELAYS.forEach(host -> lab.provider(host, 587, 465));
        return lab;
    }
}
