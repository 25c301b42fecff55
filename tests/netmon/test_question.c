/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "question.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>

Test(question, destinations) {
        static const struct {
                const char *text;
                const char *canonical; /* NULL: refused */
        } rows[] = {
                {"default", "default"},
                {"default4", "default4"},
                {"default6", "default6"},
                {"192.0.2.1", "192.0.2.1"},
                {"::ffff:192.0.2.1", "192.0.2.1"},
                {"2001:DB8::1", "2001:db8::1"},
                {"127.0.0.1", "127.0.0.1"},
                {"255.255.255.255", "255.255.255.255"},
                {"fe80::1%eth0", "fe80::1%eth0"},
                {"fe80::1%a-name-of-15-ch", "fe80::1%a-name-of-15-ch"},
                {"fe80::1", NULL},
                {"fe80::1%", NULL},
                {"fe80::1%a-name-of-16-chs", NULL},
                {"fe80::1%e/0", NULL},
                {"fe80::1%e 0", NULL},
                {"2001:db8::1%eth0", NULL},
                {"192.0.2.1%eth0", NULL},
                {"default5", NULL},
                {"Default", NULL},
                {"", NULL},
                {"%eth0", NULL},
                {"example.com", NULL},
                {"localhost", NULL},
                {"0.0.0.0", NULL},
                {"::", NULL},
                {"224.0.0.251", NULL},
                {"ff02::1%eth0", NULL},
                {"::ffff:224.0.0.1", NULL},
                {"192.0.2.0/24", NULL},
                {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct question question = {.uid = 7};
                const char *problem = NULL;
                char text[QUESTION_TEXT_SIZE];
                int r = question_parse(rows[i].text, &question, &problem);

                cr_assert(eq(int, r, rows[i].canonical ? 0 : -EINVAL), "%s", rows[i].text);
                cr_assert(eq(int, problem != NULL, r < 0), "%s", rows[i].text);
                cr_assert(eq(u32, question.uid, 7));
                if (rows[i].canonical)
                        cr_assert(eq(str, (char *)question_format(&question, text),
                                     (char *)rows[i].canonical));
        }
}

Test(question, interface_in_two_places_must_agree) {
        struct question question = {.interface = "eth0"};
        const char *problem;

        cr_assert(eq(int, question_parse("fe80::1%eth0", &question, &problem), 0));
        cr_assert(eq(int, question_parse("fe80::1%eth1", &question, &problem), -EINVAL));
        cr_assert(eq(int, question_parse("fe80::1", &question, &problem), 0));
}

Test(question, equal_in_every_part) {
        struct question a = {.kind = QUESTION_DEFAULT, .interface = "eth0"};
        struct question rows[6] = {a, a, a, a, a, a};

        rows[0].kind = QUESTION_DEFAULT4;
        rows[1].interface[3] = '1';
        rows[2].uid = 1;
        rows[3].mark = 1;
        rows[4].port = 1;
        rows[5].protocol = 1;
        cr_assert(question_equal(&a, &a));
        for (size_t i = 0; i < 6; i++)
                cr_assert(not(question_equal(&a, &rows[i])), "row %zu", i);
        a.kind = QUESTION_ADDRESS;
        rows[0] = a;
        cr_assert(netaddr_from_text("192.0.2.1", &rows[0].address));
        cr_assert(not(question_equal(&a, &rows[0])));
}
