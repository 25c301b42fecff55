/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport.h"

#include "raw.h"

static const struct transport_ops *const ports[PROTOCOL_COUNT] = {
        [PROTOCOL_RAW] = &raw_ops,
};

const struct transport_ops *transport_ops(enum protocol protocol) {
        return ports[protocol];
}
