/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "handshake.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cleanup.h"
#include "moment.h"
#include "upgrade.h"

struct handshake {
        char *request;
        char accept[UPGRADE_ACCEPT_SIZE];
        void *subprotocols;
        size_t subprotocols_len;
        struct upgrade upgrade;
};

/* The random key of the request, and the answer that proves that a WebSocket server read it (RFC
 * 6455 section 4.2.2). */
static int make_key(char key[UPGRADE_KEY_SIZE], char accept[UPGRADE_ACCEPT_SIZE]) {
        static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        unsigned char nonce[16], digest[EVP_MAX_MD_SIZE];
        char text[UPGRADE_KEY_SIZE + sizeof(guid)];
        unsigned digest_len;

        if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
                return -EIO;
        (void)EVP_EncodeBlock((unsigned char *)key, nonce, sizeof(nonce));
        (void)stpcpy(stpcpy(text, key), guid);
        if (EVP_Digest(text, strlen(text), digest, &digest_len, EVP_sha1(), NULL) != 1)
                return -ENOTSUP;
        (void)EVP_EncodeBlock((unsigned char *)accept, digest, (int)digest_len);
        return 0;
}

static void handshake_freep(struct handshake **h) {
        handshake_free(*h);
}

int handshake_new(const struct uri *uri, const void *headers, size_t headers_len,
                  const void *subprotocols, size_t subprotocols_len, struct handshake **ret) {
        CLEANUP(handshake_freep) struct handshake *h = calloc(1, sizeof(*h));
        char key[UPGRADE_KEY_SIZE];
        int r;

        if (!h)
                return -ENOMEM;
        r = make_key(key, h->accept);
        if (r < 0)
                return r;
        h->request =
                upgrade_request(uri, key, headers, headers_len, subprotocols, subprotocols_len);
        if (!h->request)
                return -ENOMEM;
        if (subprotocols_len > 0) {
                h->subprotocols = malloc(subprotocols_len);
                if (!h->subprotocols)
                        return -ENOMEM;
                (void)memcpy(h->subprotocols, subprotocols, subprotocols_len);
                h->subprotocols_len = subprotocols_len;
        }
        *ret = STEAL(h);
        return 0;
}

void handshake_free(struct handshake *h) {
        if (!h)
                return;
        free(h->request);
        free(h->subprotocols);
        free(h);
}

char *handshake_take_request(struct handshake *h) {
        return STEAL(h->request);
}

/* The server's wish not to be asked again so soon: seconds, or a date of HTTP. */
static uint64_t retry_after_usec(const char *text) {
        time_t date, now = time(NULL);

        if (text[0] >= '0' && text[0] <= '9') {
                char *end;
                unsigned long seconds = strtoul(text, &end, 10);

                return *end == '\0' && seconds <= UINT32_MAX ? seconds * USEC_PER_SEC : 0;
        }
        date = curl_getdate(text, NULL);
        return date > now ? (uint64_t)(date - now) * USEC_PER_SEC : 0;
}

enum handshake_verdict handshake_feed(struct handshake *h, const void *data, size_t len,
                                      size_t *ret_used, struct cause *ret_cause) {
        switch (upgrade_feed(&h->upgrade, data, len, ret_used)) {
        case UPGRADE_MORE:
                return HANDSHAKE_MORE;
        case UPGRADE_GARBAGE:
                cause_setf(ret_cause, CAUSE_PROTOCOL, "the server does not speak HTTP");
                return HANDSHAKE_REFUSED;
        case UPGRADE_TOO_LONG:
                cause_setf(ret_cause, CAUSE_PROTOCOL, "the server's HTTP response is too long");
                return HANDSHAKE_REFUSED;
        case UPGRADE_DONE:
                break;
        }
        if (upgrade_accepted(&h->upgrade, h->accept, h->subprotocols, h->subprotocols_len,
                             ret_cause))
                return HANDSHAKE_OPEN;
        ret_cause->retry_after_usec = retry_after_usec(h->upgrade.retry_after);
        return HANDSHAKE_REFUSED;
}
