/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uri.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

Test(uri, good) {
        static const struct {
                const char *text;
                bool tls;
                const char *host;
                bool is_address;
                unsigned port;
                const char *target;
        } rows[] = {
                {"ws://example.org", false, "example.org", false, 80, "/"},
                {"wss://example.org", true, "example.org", false, 443, "/"},
                {"WSS://Example.ORG:8443/Chat?A=b", true, "example.org", false, 8443, "/Chat?A=b"},
                {"ws://example.org?q", false, "example.org", false, 80, "/?q"},
                {"ws://example.org/a/../b//c", false, "example.org", false, 80, "/a/../b//c"},
                {"ws://h/%e2%82%AC?x=%20;y:@!$&'()*+,", false, "h", false, 80,
                 "/%e2%82%AC?x=%20;y:@!$&'()*+,"},
                {"ws://h:/", false, "h", false, 80, "/"},
                {"ws://h:1", false, "h", false, 1, "/"},
                {"ws://h:65535", false, "h", false, 65535, "/"},
                {"ws://h:0080", false, "h", false, 80, "/"},
                {"ws://example.org./", false, "example.org", false, 80, "/"},
                {"ws://my_host-1.x2/", false, "my_host-1.x2", false, 80, "/"},
                {"ws://xn--bcher-kva.example/", false, "xn--bcher-kva.example", false, 80, "/"},
                {"ws://" LABEL63 ".de/", false, LABEL63 ".de", false, 80, "/"},
                {"ws://1.example/", false, "1.example", false, 80, "/"},
                {"ws://0x7f.example/", false, "0x7f.example", false, 80, "/"},
                {"ws://192.0.2.1:81/x", false, "192.0.2.1", true, 81, "/x"},
                {"wss://[2001:DB8::1]/", true, "2001:db8::1", true, 443, "/"},
                {"wss://[::1]:8443", true, "::1", true, 8443, "/"},
                {"ws://[::ffff:127.0.0.1]/", false, "::ffff:127.0.0.1", true, 80, "/"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char problem[128] = "";
                struct uri uri;

                cr_assert(eq(int, uri_parse(rows[i].text, &uri, problem, sizeof(problem)), 0),
                          "%s: %s", rows[i].text, problem);
                cr_assert(eq(int, uri.tls, rows[i].tls), "%s", rows[i].text);
                cr_assert(eq(str, (char *)uri.scheme, (char *)(rows[i].tls ? "wss" : "ws")));
                cr_assert(eq(str, uri.host, (char *)rows[i].host));
                cr_assert(eq(int, uri.is_address, rows[i].is_address), "%s", rows[i].text);
                cr_assert(eq(uint, uri.port, rows[i].port), "%s", rows[i].text);
                cr_assert(eq(str, uri.target, (char *)rows[i].target));
                uri_deinit(&uri);
        }
}

Test(uri, bad) {
        static const struct {
                const char *text;
                const char *problem; /* a part of it */
        } rows[] = {
                {"", "scheme"},
                {"example.org", "scheme"},
                {"http://example.org/", "scheme"},
                {"https://example.org/", "scheme"},
                {"file:///etc/passwd", "scheme"},
                {"ws:example.org", "scheme"},
                {"ws:/example.org", "scheme"},
                {"://example.org", "scheme"},
                {"ws://", "empty"},
                {"ws:///path", "empty"},
                {"ws://:80/", "empty"},
                {"ws://./", "empty"},
                {"ws://[]/", "empty"},
                {"ws://?q", "empty"},
                {"ws://user@example.org/", "user name"},
                {"ws://user:word@example.org/", "user name"},
                {"ws://@example.org/", "user name"},
                {"ws://example.org/#there", "fragment"},
                {"ws://example.org#there", "fragment"},
                {"ws://example.org/?q#", "fragment"},
                {"ws://a..b/", "label"},
                {"ws://.a/", "label"},
                {"ws://a../", "label"},
                {"ws://a" LABEL63 "/", "63"},
                {"ws://ex%61mple.org/", "letters"},
                {"ws://example!/", "letters"},
                {"ws://exam,ple/", "letters"},
                {"ws://b\xc3\xbc"
                 "cher.example/",
                 "non-ASCII"},
                {"ws://example.org/\xc3\xbc", "non-ASCII"},
                {"ws://exa mple/", "spaces"},
                {" ws://example/", "spaces"},
                {"ws://example/a b", "spaces"},
                {"ws://example/a\r\nX: y", "spaces"},
                {"ws://example/\x7f", "spaces"},
                {"ws://0x7f.1/", "four decimal"},
                {"ws://127.1/", "four decimal"},
                {"ws://2130706433/", "four decimal"},
                {"ws://0x7f000001/", "four decimal"},
                {"ws://0X7F000001/", "four decimal"},
                {"ws://0x/", "four decimal"},
                {"ws://0177.0.0.1/", "four decimal"},
                {"ws://1.2.3.4.5/", "four decimal"},
                {"ws://256.1.1.1/", "four decimal"},
                {"ws://1.2.3.0x4/", "four decimal"},
                {"ws://::1/", "empty"},
                {"ws://2001:db8::1/", "number"},
                {"ws://[::1/", "bracket"},
                {"ws://[::1]x/", "only a port"},
                {"ws://[::1%25lo]/", "IPv6"},
                {"ws://[127.0.0.1]/", "IPv6"},
                {"ws://[example]/", "IPv6"},
                {"ws://[v1.x]/", "IPv6"},
                {"ws://h:0/", "1 to 65535"},
                {"ws://h:65536/", "1 to 65535"},
                {"ws://h:99999999999999999999/", "1 to 65535"},
                {"ws://h:80x/", "number"},
                {"ws://h:-1/", "number"},
                {"ws://h:+1/", "number"},
                {"ws://h/%", "hexadecimal"},
                {"ws://h/%2", "hexadecimal"},
                {"ws://h/%zz", "hexadecimal"},
                {"ws://h/a|b", "%7C"},
                {"ws://h/\"", "%22"},
                {"ws://h/{x}", "%7B"},
                {"ws://h/[x]", "%5B"},
                {"ws://h/a\\b", "%5C"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char problem[128] = "";
                struct uri uri = {.port = 7};

                cr_assert(eq(int, uri_parse(rows[i].text, &uri, problem, sizeof(problem)), -EINVAL),
                          "row %zu: %s", i, rows[i].text);
                cr_assert(strstr(problem, rows[i].problem) != NULL, "%s: %s", rows[i].text,
                          problem);
                cr_assert(eq(uint, uri.port, 7), "%s: ret was written", rows[i].text);
        }
}

Test(uri, lengths) {
        char problem[128] = "";
        char text[URI_MAX_BYTES + 2] = "ws://h/";
        struct uri uri;

        (void)memset(text + strlen(text), 'x', URI_MAX_BYTES - strlen(text));
        cr_assert(eq(int, uri_parse(text, &uri, problem, sizeof(problem)), 0));
        uri_deinit(&uri);
        text[URI_MAX_BYTES] = 'x';
        cr_assert(eq(int, uri_parse(text, &uri, problem, sizeof(problem)), -EINVAL));
        cr_assert(strstr(problem, "2048") != NULL);

        /* Labels of three letters and a dot: 63 and a last one of one letter make 253. */
        (void)strcpy(text, "ws://");
        for (size_t i = 0; i < 63; i++)
                (void)strcat(text, "abc.");
        (void)strcat(text, "a");
        cr_assert(eq(int, uri_parse(text, &uri, problem, sizeof(problem)), 0), "%s", problem);
        uri_deinit(&uri);
        (void)strcat(text, "b");
        cr_assert(eq(int, uri_parse(text, &uri, problem, sizeof(problem)), -EINVAL));
        cr_assert(strstr(problem, "253") != NULL);
}

Test(uri, proxy) {
        static const struct {
                const char *text;
                const char *host; /* NULL: refused */
                unsigned port;
        } rows[] = {
                {"http://proxy.example:3128", "proxy.example", 3128},
                {"HTTP://Proxy.example/", "proxy.example", 80},
                {"http://[::1]:8080", "::1", 8080},
                {"https://proxy.example", NULL, 0},
                {"socks5://proxy.example", NULL, 0},
                {"ws://proxy.example", NULL, 0},
                {"http://user@proxy.example", NULL, 0},
                {"http://proxy.example/x", NULL, 0},
                {"http://proxy.example?x", NULL, 0},
                {"http://", NULL, 0},
                {"proxy.example:3128", NULL, 0},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char problem[128] = "";
                struct uri uri;
                int r = uri_parse_proxy(rows[i].text, &uri, problem, sizeof(problem));

                if (!rows[i].host) {
                        cr_assert(eq(int, r, -EINVAL), "%s", rows[i].text);
                        cr_assert(problem[0] != '\0');
                        continue;
                }
                cr_assert(eq(int, r, 0), "%s: %s", rows[i].text, problem);
                cr_assert(eq(str, uri.host, (char *)rows[i].host));
                cr_assert(eq(uint, uri.port, rows[i].port));
                uri_deinit(&uri);
        }
}

Test(uri, redact) {
        static const char *const rows[][2] = {
                {"ws://h/p", "ws://h/p"},
                {"ws://h/p?token=secret", "ws://h/p?…"},
                {"ws://h?", "ws://h?…"},
                {"?", "?…"},
                {"", ""},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char *shown = uri_redact(rows[i][0]);

                cr_assert(eq(str, shown, (char *)rows[i][1]));
                free(shown);
        }
}

Test(uri, same_place_but_for_the_query) {
        static const struct {
                const char *text;
                bool same;
        } rows[] = {
                {"ws://h/a?token=1", true}, {"ws://H:80/a", true}, {"ws://h/a?", true},
                {"wss://h:80/a", false},    {"ws://i/a", false},   {"ws://h:81/a", false},
                {"ws://h/ab", false},       {"ws://h/", false},
        };
        char problem[128];
        struct uri uri;

        cr_assert(eq(int, uri_parse("ws://h/a?token=0", &uri, problem, sizeof(problem)), 0));
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct uri other;

                cr_assert(eq(int, uri_parse(rows[i].text, &other, problem, sizeof(problem)), 0));
                cr_assert(eq(int, uri_same_place(&uri, &other), rows[i].same), "%s", rows[i].text);
                uri_deinit(&other);
        }
        uri_deinit(&uri);
}
