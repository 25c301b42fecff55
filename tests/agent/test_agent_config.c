/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent_config.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/wherry-agent-conf-XXXXXX";
static char problem[512];

static void setup(void) {
        int fd = mkstemp(path);

        cr_assert(fd >= 0);
        (void)close(fd);
        (void)unsetenv("STATE_DIRECTORY");
}

static void teardown(void) {
        (void)unlink(path);
}

TestSuite(agent_config, .init = setup, .fini = teardown);

static int read_text(const char *text, struct agent_config *ret) {
        FILE *file = fopen(path, "we");

        cr_assert(file && fputs(text, file) >= 0);
        (void)fclose(file);
        return agent_config_read(ret, path, "system", NULL, problem, sizeof(problem));
}

Test(agent_config, values) {
        struct agent_config config;

        cr_assert(eq(int, read_text("", &config), 0));
        cr_assert(eq(u32, config.user_channels, 256));
        cr_assert(eq(str, config.state_directory, "/var/lib/wherry"));
        cr_assert(eq(int,
                     read_text("[Queue]\n; a comment\nMaxBytes=20000000\n[Users]\nMaxChannels=3\n"
                               "MaxBytes = 2000000\n[Servers]\n# another\n"
                               "AllowSpecialAddresses=yes\nProxy=http://proxy.test:3128\n",
                               &config),
                     0),
                  "%s", problem);
        cr_assert(eq(u64, config.queue_bytes, 20000000));
        cr_assert(eq(u64, config.user_bytes, 2000000));
        cr_assert(eq(u32, config.user_channels, 3));
        cr_assert(config.allow_special);
        cr_assert(eq(str, config.proxy, "http://proxy.test:3128"));
}

Test(agent_config, wrong_values) {
        static const struct {
                const char *text;
                const char *problem;
        } rows[] = {
                {"[Queue]\nMaxBytes=1\n", ":2: MaxBytes: expected a number from 16777216 to"},
                {"[Queue]\nMaxBytes=-1\n", ":2: MaxBytes: expected a number"},
                {"[Users]\nMaxBytes=\n", ":2: MaxBytes: expected a number"},
                {"[Users]\n\nMaxChannels=1.5\n", ":3: MaxChannels: expected a number from 1 to"},
                {"[Servers]\nAllowSpecialAddresses=1 \nProxy=x\n",
                 ":2: AllowSpecialAddresses: expected yes or no"},
                {"[Servers]\nProxy=proxy.test\n", ":2: Proxy: expected http://HOST:PORT"},
                {"[Queue]\nProxy=\n", ":2: Proxy: no such key in section [Queue]"},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct agent_config config;

                cr_assert(lt(int, read_text(rows[i].text, &config), 0), "row %zu", i);
                cr_assert(strstr(problem, rows[i].problem) != NULL, "row %zu: %s", i, problem);
        }
}

Test(agent_config, what_is_named_must_be_there) {
        struct agent_config config;

        cr_assert(eq(int,
                     agent_config_read(&config, "/nowhere/agent.conf", "system", NULL, problem,
                                       sizeof(problem)),
                     -ENOENT));
        cr_assert(strstr(problem, "/nowhere/agent.conf: No such file") != NULL, "%s", problem);
        cr_assert(eq(int, agent_config_read(&config, path, "system", "", problem, sizeof(problem)),
                     -EINVAL));
        cr_assert(strstr(problem, "--state") != NULL, "%s", problem);
}
