package dev.postern.listener;

import dev.postern.smtp.Reply;
import java.time.Duration;

/// The connection of a session, as the session needs it. Calls come from the event loop.
interface SessionOutput {

    /// Writes a reply, at the latest when the input runs dry. One that closes the session closes
    /// the connection behind it.
    void send(Reply reply);

    /// Begins the server's side of a TLS handshake. What was sent goes out first, in the clear.
    void secure();

    /// Closes the connection without a word.
    void drop();

    /// Hands something over to the event loop, from any thread.
    void execute(Runnable task);

    /// Hands something over to the event loop once a time is over, unless the client is gone then;
    /// goes on with input behind it.
    void after(Duration wait, Runnable task);

    /// Returns whether the client has yet to read what it was told: it is not to be heard then.
    boolean isBehind();

    /// Goes on with input that was held back.
    void resume();
}
