package dev.postern.config;

import org.jspecify.annotations.Nullable;

/// The two HTTP sockets.
///
/// @param health for orchestrators: `/health/*` and `/metrics` only
/// @param admin for operators: the page and the API
/// @param adminToken what the admin socket asks for; null: nothing, which only a loopback socket
///   may
public record HttpConfig(HostPort health, HostPort admin, @Nullable Secret adminToken) {}
