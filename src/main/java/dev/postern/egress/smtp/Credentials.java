package dev.postern.egress.smtp;

/// A user name and password as they were when a connection was made. Never printed.
///
/// @param username the user name
/// @param password the password in clear
record Credentials(String username, String password) {

    @Override
    public String toString() {
        return "Credentials[…]";
    }
}
