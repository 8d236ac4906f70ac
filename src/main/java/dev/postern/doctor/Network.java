package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.egress.Probe;
import dev.postern.egress.http.EndpointCheck;
import dev.postern.egress.smtp.PortCheck;
import dev.postern.egress.smtp.PortChecker.Opening;
import java.net.InetSocketAddress;
import java.time.Duration;

/// The world outside, as the doctor asks it; tests replace it.
interface Network {

    /// How long two stretches of a try may take.
    ///
    /// @param connecting the TCP connection
    /// @param talking all that follows
    record Limits(Duration connecting, Duration talking) {}

    DnsResult lookUp(String host);

    /// Tries a submission server, without credentials.
    PortCheck reach(
            EgressConfig.Smtp egress, InetSocketAddress address, Opening opening, Limits limits);

    /// Returns tries at an API, without credentials.
    EndpointCheck web(EgressConfig egress);

    /// Opens a TCP connection and closes it.
    PortState knock(InetSocketAddress address, Duration limit);

    /// Has an egress examine itself, log-in and all.
    Probe probe(EgressConfig egress);
}
