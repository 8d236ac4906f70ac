/// The ways out over HTTPS: a provider's API for each of SendGrid, SES, Mailgun, Resend, Brevo and
/// Postmark. A message goes in, an outcome for every recipient comes out. All speak through one
/// [Http]; those that have no raw form share the reading of MIME in `egress.mime`; what an error
/// means is decided in one table, [dev.postern.outcome.Trouble].
@NullMarked
package dev.postern.egress.http;

import org.jspecify.annotations.NullMarked;
