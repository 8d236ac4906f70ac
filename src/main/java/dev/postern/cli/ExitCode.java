package dev.postern.cli;

/// Exit statuses. Those from 64 on are sysexits(3).
final class ExitCode {

    static final int OK = 0;
    static final int FAILED = 1;
    static final int BAD_USAGE = 2;
    static final int SENDMAIL_USAGE = 64;
    static final int BAD_DATA = 65;
    static final int UNAVAILABLE = 69;
    static final int TEMPORARY = 75;
    static final int BAD_CONFIG = 78;

    private ExitCode() {}
}
