package dev.postern.doctor;

/// Something that was found, what it means, and what to do.
///
/// @param id names it in documents: `gmail-app-password`
/// @param means what it means here
/// @param advice what to do next; empty when there is nothing to do
public record Finding(String id, String means, String advice) {}
