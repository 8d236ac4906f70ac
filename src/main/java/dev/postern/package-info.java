/// Postern, a local SMTP forwarder: mail comes in by SMTP, is made durable, and leaves by the way
/// that works.
///
/// This package is the command line's root and the composition root, and nothing imports it. The
/// path of a message is the order of the packages:
///
/// ```
///    app
///     |  SMTP
///     v
///  listener   speaks SMTP to the app, hands the bytes on as they come
///     |
///     v
///  reception  takes messages, by SMTP and by HTTP: header and envelope made whole
///     |
///     v
///   spool     makes message and envelope durable; only then the app hears 250
///     |
///     v
///  dispatch   decides when, how many at once, and by which egresses in which order
///     |
///     v
///   egress    the way out: SMTP submission or a provider's HTTP API
///     |
///     v
///  outcome    what became of each recipient: the spool keeps it, dispatch acts on it
/// ```
///
/// Words that every stage shares, without any I/O: `mail` and `smtp`. Around the path: `config` (a
/// record for each stage; `config.load` makes them), `doctor` (the diagnosis), `admin` (health,
/// metrics, the queue's API and page) and `cli` (the commands), with `submit` (a small client),
/// `exec` (the app as our child) and `log`. Which package may import which is written down in
/// `ArchitectureTest`.
@NullMarked
package dev.postern;

import org.jspecify.annotations.NullMarked;
