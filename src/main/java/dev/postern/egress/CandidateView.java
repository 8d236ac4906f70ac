package dev.postern.egress;

/// One way to reach the server of an egress, among which the one in use was found.
///
/// @param port the port
/// @param address the address, without the port
/// @param result what came of it, for people: `in use`, or why not
public record CandidateView(int port, String address, String result) {}
