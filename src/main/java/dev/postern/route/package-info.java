/// Decides by which egresses a message may leave, in which order, and says why the others are not
/// asked. A sender and how every egress stands go in, a [dev.postern.route.Route] comes out;
/// nothing is remembered, so that each attempt follows the configuration and the network as they
/// are then.
@NullMarked
package dev.postern.route;

import org.jspecify.annotations.NullMarked;
