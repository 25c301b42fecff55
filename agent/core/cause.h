/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a connection could not be made, was lost or is not wanted: one kind for the policy, one D-Bus
 * error name and one sentence for people. */

#include <stdbool.h>
#include <stdint.h>

enum cause_kind {
        CAUSE_NONE,
        CAUSE_NO_PATH,     /* no usable path, or the kernel says unreachable */
        CAUSE_RESOLVE,     /* the name has no address */
        CAUSE_REFUSED,     /* connection refused, or the upgrade was answered with another status */
        CAUSE_TIMEOUT,     /* a step of connecting took too long */
        CAUSE_CERTIFICATE, /* TLS verification failed */
        CAUSE_PROTOCOL,    /* bytes that are not the protocol, or a broken frame */
        CAUSE_UNAVAILABLE, /* HTTP 5xx, 408, 429, close 1011 to 1014 */
        CAUSE_CREDENTIALS, /* HTTP 401, 403, close 4401 and the like */
        CAUSE_SESSION,     /* the server does not know any more what we go on from */
        CAUSE_UNWANTED,    /* the server says that it will not have us, ever */
        CAUSE_LOST,        /* reset, end of stream without goodbye, ping deadline */
        CAUSE_CLOSED,      /* the server said goodbye (close 1000, 1001, other) */
        CAUSE_PATH,        /* the path under the connection went away */
        CAUSE_MESSAGE,     /* the server closed over what it was sent (1003, 1007 to 1009) */
        CAUSE_SUSPENDED,   /* by Suspend() */
        CAUSE_INBOX_FULL,
        CAUSE_ORPHANED, /* the owning user is gone */
        CAUSE_DENIED,   /* the administrator's rules refuse this server address */
        CAUSE_GAVE_UP,  /* max-attempts reached; the text repeats the last failure */
        CAUSE_KIND_COUNT
};

struct cause {
        enum cause_kind kind;
        char text[192];            /* a sentence without secrets; "" with CAUSE_NONE */
        uint64_t retry_after_usec; /* the server's own word, 0 when it said nothing */
        bool over_message;         /* it ended a connection in a way that blames what it was sent */
};

void cause_setf(struct cause *cause, enum cause_kind kind, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* What the policy makes of it. */
enum cause_class {
        CAUSE_CLASS_NOW,         /* try again at once, if the link was good, else as BACKOFF */
        CAUSE_CLASS_BACKOFF,     /* try again after the backoff */
        CAUSE_CLASS_AS_TOLD,     /* not before the server says */
        CAUSE_CLASS_NEW_SESSION, /* as NOW, and begin without what was kept for going on */
        CAUSE_CLASS_CREDENTIALS, /* not without other credentials, or a new network */
        CAUSE_CLASS_STOP,        /* not without a change by the user, the owner or the network */
        CAUSE_CLASS_COUNT
};

/* The error name of the contract, "" for CAUSE_NONE. */
const char *cause_error_name(enum cause_kind kind);

enum cause_class cause_class(const struct cause *cause);
/* CREDENTIALS or STOP. */
bool cause_is_final(enum cause_kind kind);
