/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a text given by an app must look like before it is kept or sent. */

#include <stdbool.h>

/* No control characters (ASCII). */
bool text_is_printable(const char *text);

/* A channel protocol that this agent speaks: "raw". */
bool text_is_protocol(const char *text);

/* A token of HTTP: RFC 9110 section 5.6.2. */
bool text_is_token(const char *text);

/* "sha256//" and 32 bytes in base64, as libcurl takes a pinned public key. */
bool text_is_pin(const char *text);

/* Empty, or the URI of an HTTP proxy. */
bool text_is_proxy(const char *text);

/* A header that an app may add to the upgrade request: none that belongs to the handshake or
 * changes how the request is read. */
bool text_is_header_name(const char *text);

/* A channel's name: [A-Za-z0-9._/-]{1,128}. */
bool text_is_channel_name(const char *text);
