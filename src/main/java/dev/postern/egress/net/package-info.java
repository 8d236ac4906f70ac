/// What submission and the providers' APIs share of the network: whom TLS believes, and connections
/// that wait for their next use.
@NullMarked
package dev.postern.egress.net;

import org.jspecify.annotations.NullMarked;
