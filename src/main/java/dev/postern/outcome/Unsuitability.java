package dev.postern.outcome;

/// Why one egress can't take one message. When no egress suits, size and form make the message
/// fail; sender and configuration make it wait, because an operator can mend them, and so does our
/// own fault.
public enum Unsuitability {
    /// Larger than the egress takes.
    SIZE,
    /// It needs an extension or a form that the egress lacks (SMTPUTF8, signed mail under strict
    /// fidelity).
    FORM,
    /// The egress may not send for this sender.
    SENDER,
    /// The egress is configured in a way that excludes this message.
    CONFIGURATION,
    /// We failed ourselves, by an error in the program, before anything was committed.
    FAULT;

    /// Returns whether waiting can't help when no other egress suits.
    public boolean isFinal() {
        return this == SIZE || this == FORM;
    }
}
