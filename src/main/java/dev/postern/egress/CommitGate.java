package dev.postern.egress;

/// The last moment at which an attempt can be broken off without doubt about its outcome: right
/// before the final dot of DATA, or the last octet of an HTTP request. Passing it is noted in the
/// spool, so that a crash afterwards is known as a possible duplicate.
@FunctionalInterface
public interface CommitGate {

    /// A gate that is always open, for probes and tests.
    CommitGate OPEN = () -> true;

    /// Called once per attempt, right before the commit point.
    ///
    /// @return whether to go on; when false the egress must not send the committing octet, and
    ///   answers `unavailable`
    boolean pass();
}
