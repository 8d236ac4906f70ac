/// The ways out: each egress takes a message with its envelope and says what became of every
/// recipient. Here are the words that all share; submission by SMTP is in `egress.smtp`, providers'
/// APIs in `egress.http`, the reading of messages in `egress.mime`, TLS and idle connections in
/// `egress.net`.
@NullMarked
package dev.postern.egress;

import org.jspecify.annotations.NullMarked;
