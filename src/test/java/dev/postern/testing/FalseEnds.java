package dev.postern.testing;

import java.util.List;

/// What SMTP smuggling passes off as the end of the data.
public final class FalseEnds {

    /// The published vectors, and relatives: what some server somewhere took for the end of the
    /// data (RFC 5321 §4.1.1.4 knows one only).
    public static final List<String> ALL =
            List.of(
                    "\n.\n",
                    "\n.\r\n",
                    "\r\n.\n",
                    "\r.\r",
                    "\r.\r\n",
                    "\r\n.\r",
                    "\r.\n",
                    "\n.\r",
                    "\n\n.\r\n",
                    "\r\r\n.\r\r\n",
                    "\r\n.\r\r\n",
                    "\r\r.\r\r",
                    "\r\n\0.\r\n",
                    "\r\n.\0\r\n",
                    "\r\n\0.\0\r\n",
                    "\r\n..\r\n",
                    "\r\n. \r\n",
                    "\r\n.\n\r\n");

    private FalseEnds() {}
}
