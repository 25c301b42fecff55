/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Random changes to a machine's network: after each burst netmon's paths are what the kernel itself
 * says. WHERRY_SEED and WHERRY_STEPS choose another run, and a longer one. */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus_text.h"
#include "cleanup.h"
#include "die.h"
#include "moment.h"
#include "names.h"
#include "netmon_world.h"
#include "netns.h"
#include "oracle.h"

#define STEPS 1000
#define BURST_MAX 5
#define PATIENCE_USEC UINT64_C(3000000)
#define ASK_AGAIN_USEC 10000
#define BURSTS_BETWEEN_RESTS 40

static struct netmon_world world;
static struct oracle *oracle;
static uint64_t seed;
static char batch_path[128]; /* of commands for ip(8), for one burst */
static FILE *batch;
static bool batch_is_six;
static char history[16384]; /* what the burst did */

/* What is followed: the watches' and the properties' names for it, and whom to ask the kernel. */
static struct {
        const char *destination;
        const char *address;
        const char *property; /* NULL: a watch */
        char *watch;
} followed[] = {
        {"default4", "93.184.216.34", "Primary4", NULL},
        {"default6", "2606:2800:220:1:248:1893:25c8:1946", "Primary6", NULL},
        {"198.51.100.7", "198.51.100.7", NULL, NULL},
        {"203.0.113.9", "203.0.113.9", NULL, NULL},
        {"10.1.0.77", "10.1.0.77", NULL, NULL},
        {"10.3.0.2", "10.3.0.2", NULL, NULL},
        {"2001:db8:1::77", "2001:db8:1::77", NULL, NULL},
        {"2001:db8:99::1", "2001:db8:99::1", NULL, NULL},
};
#define N_FOLLOWED (sizeof(followed) / sizeof(followed[0]))

static unsigned draw(unsigned n) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (unsigned)((seed >> 33) % n);
}

static bool toss(void) {
        return draw(2) == 0;
}

static void run_batch(void) {
        char command[256];

        (void)fclose(batch);
        (void)snprintf(command, sizeof(command), "ip %s -force -batch %s >/dev/null 2>&1",
                       batch_is_six ? "-6" : "", batch_path);
        (void)system(command);
        batch = fopen(batch_path, "we");
        if (!batch)
                die("%s: %s", batch_path, strerror(errno));
}

/* One line for ip(8); it may fail, as what is random does. A batch is of one family. */
static void ip(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void ip(const char *format, ...) {
        size_t len = strlen(history);
        char line[256];
        bool is_six;
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(line, sizeof(line), format, ap);
        va_end(ap);
        is_six = strncmp(line, "-6 ", 3) == 0;
        if (is_six != batch_is_six)
                run_batch();
        batch_is_six = is_six;
        (void)fprintf(batch, "%s\n", line + (is_six ? 3 : 0));
        (void)snprintf(history + len, sizeof(history) - len, "  ip %s\n", line);
}

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...) {
        size_t len = strlen(history);
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(history + len, sizeof(history) - len, format, ap);
        va_end(ap);
}

/* Net N is 10.N.0.0/24 and 2001:db8:N::/64 on it. */
static const char *const links[] = {"lo", "wifi0", "cell0", "eth0", "br0", "vpn0"};
#define N_LINKS (sizeof(links) / sizeof(links[0]))
static const unsigned metrics[] = {0, 50, 100, 100, 200, 1024};

static unsigned draw_link(void) {
        return 1 + draw(N_LINKS - 1);
}

static void change_link(void) {
        unsigned n = draw_link();

        switch (draw(6)) {
        case 0:
                ip("link set %s down", links[n]);
                break;
        case 1:
        case 2:
                ip("link set %s up", links[n]);
                break;
        case 3:
                ip("link set %s mtu %u", links[n], 1280 + draw(200));
                break;
        case 4:
                ip("link set eth1 %s", toss() ? "down" : "up"); /* the other end of eth0 */
                break;
        case 5:
                if (draw(3) > 0)
                        ip("link set port0 %s", toss() ? "nomaster" : "master br0");
                else if (toss())
                        ip("link del eth0");
                else
                        ip("link add eth0 type veth peer name eth1");
                break;
        }
}

static void change_carrier(void) {
        bool wifi = toss(), carrier = toss();

        run_batch(); /* in its turn */
        note("  carrier of %s %d\n", wifi ? "wifi0" : "cell0", carrier);
        tap_set_carrier(wifi ? world.wifi : world.cellular, carrier);
}

static void change_address(void) {
        unsigned n = draw_link(), host = 2 + draw(2);
        bool add = draw(3) > 0;

        if (toss())
                ip("address %s 10.%u.0.%u/24 dev %s", add ? "replace" : "del", n, host, links[n]);
        else if (!add)
                ip("address del 2001:db8:%u::%u/64 dev %s", n, host, links[n]);
        else
                ip("address replace 2001:db8:%u::%u/64 dev %s %s", n, host, links[n],
                   draw(5) == 0   ? ""
                   : draw(5) == 0 ? "nodad preferred_lft 0"
                                  : "nodad");
}

static void change_default(void) {
        unsigned n = draw_link(), metric = metrics[draw(sizeof(metrics) / sizeof(metrics[0]))];
        static const char *const verbs[] = {"add", "append", "replace", "del"};
        const char *verb = verbs[draw(4)];
        char table[32] = "";

        if (draw(4) == 0)
                (void)snprintf(table, sizeof(table), "table %u", toss() ? 77 : 51820);
        if (toss())
                ip("route %s default via 10.%u.0.1 dev %s metric %u %s", verb, n, links[n], metric,
                   table);
        else
                ip("-6 route %s default via 2001:db8:%u::1 dev %s metric %u %s", verb, n, links[n],
                   metric, table);
}

static void change_route(void) {
        static const char *const types[] = {"blackhole", "prohibit", "unreachable"};
        unsigned n = draw_link();
        const char *verb = draw(3) > 0 ? "replace" : "del";

        switch (draw(7)) {
        case 0:
                ip("route %s %u.0.0.0/1 dev vpn0", verb, toss() ? 0 : 128);
                break;
        case 1:
                ip("%sroute %s %s default metric 1", toss() ? "-6 " : "",
                   draw(4) == 0 ? "replace" : "del", types[draw(3)]);
                break;
        case 2:
                ip("route %s 198.51.100.0/24 via 10.%u.0.1 dev %s", verb, n, links[n]);
                break;
        case 3:
                ip("-6 route %s 2001:db8:99::/48 via 2001:db8:%u::1 dev %s", verb, n, links[n]);
                break;
        case 4:
                ip("route %s default metric 10 nexthop via 10.1.0.1 dev wifi0 weight %u "
                   "nexthop via 10.2.0.1 dev cell0",
                   draw(3) == 0 ? "replace" : "del", 1 + draw(2));
                break;
        case 5:
                ip("nexthop %s id 5 via 10.%u.0.1 dev %s", verb, n, links[n]);
                break;
        case 6:
                if (toss())
                        ip("route %s default metric 20 nhid 5", verb);
                else
                        ip("route %s default dev vpn0 table 51820", verb);
                break;
        }
}

static void change_rule(void) {
        static const char *const rules[] = {
                "not fwmark 51820 table 51820 pref 100",
                "table main suppress_prefixlength 0 pref 90",
                "from 10.2.0.2 table 77 pref 80",
                "to 198.51.100.0/24 table 77 pref 81",
                "uidrange 0-0 table 77 pref 82",
                "to 203.0.113.0/24 prohibit pref 83",
                "to 198.51.100.0/24 unreachable pref 79",
                "to 2001:db8:99::/48 prohibit pref 79",
                "fwmark 7 table 77 pref 84",
                "ipproto tcp table 77 pref 85",
        };

        ip("%srule %s %s", draw(3) > 0 ? "" : "-6 ", draw(5) < 2 ? "add" : "del",
           rules[draw(sizeof(rules) / sizeof(rules[0]))]);
}

static void change_setting(void) {
        static const char *const settings[] = {
                "ipv4/conf/all/ignore_routes_with_linkdown",
                "ipv6/conf/all/ignore_routes_with_linkdown",
                "ipv4/conf/wifi0/ignore_routes_with_linkdown",
                "ipv4/conf/cell0/rp_filter",
        };
        const char *setting = settings[draw(sizeof(settings) / sizeof(settings[0]))];
        bool value = toss();

        run_batch();
        note("  %s %d\n", setting, value);
        netns_sysctl(setting, value ? "1" : "0");
}

static void change(void) {
        static void (*const changes[])(void) = {
                change_link,    change_carrier, change_carrier, change_address, change_address,
                change_default, change_default, change_default, change_route,   change_route,
                change_rule,    change_setting, change_rule,
        };

        changes[draw(sizeof(changes) / sizeof(changes[0]))]();
}

/* A value of a path, without those of the paths in it, into `ret`. */
static void get(const char *path, const char *key, char *ret, size_t size) {
        const char *at = path, *end = path + strlen(path), *nested;
        char pattern[32];

        nested = path[0] == '{' ? strchr(path + 1, '{') : NULL;
        if (nested)
                end = nested;
        (void)snprintf(pattern, sizeof(pattern), "%s=", key);
        ret[0] = '\0';
        while ((at = strstr(at, pattern)) && at < end) {
                if (at[-1] == ' ' || at[-1] == '{') {
                        at += strlen(pattern);
                        (void)snprintf(ret, size, "%.*s", (int)strcspn(at, " }"), at);
                        return;
                }
                at++;
        }
}

static bool is(const char *path, const char *key, const char *expected) {
        char value[128];

        get(path, key, value, sizeof(value));
        return strcmp(value, expected) == 0;
}

static const char *why_of(int error) {
        switch (error) {
        case -EACCES:
                return "prohibited";
        case -EINVAL:
                return "blackhole";
        case -EHOSTUNREACH:
                return "unreachable";
        default:
                return "no-route";
        }
}

/* What carries a tunnel is told, and not usable. */
static bool is_underlay_dead(const char *path) {
        const char *at = strstr(path, "underlay={"), *split = strstr(path, "split={");

        return at && (!split || at < split) && is(at + strlen("underlay="), "usable", "false");
}

static bool agrees(const char *path, const struct oracle_path *truth, bool primary) {
        char interface[64];

        if (truth->error < 0)
                return primary ? strcmp(path, "{}") == 0
                               : is(path, "interface", "") && is(path, "usable", "false") &&
                                         is(path, "why", why_of(truth->error));
        get(path, "interface", interface, sizeof(interface));
        if (truth->has_hops) {
                const char *hops = strstr(path, "nexthops=[");

                /* Any member may answer; netmon stays with one while it works. */
                return hops && interface[0] != '\0' && strstr(hops, interface);
        }
        return strcmp(interface, truth->interface) == 0 && is(path, "source", truth->source) &&
               is(path, "gateway", truth->gateway) &&
               is(path, "usable", truth->usable && !is_underlay_dead(path) ? "true" : "false");
}

/* Each way around is usable, through another interface, and beside no tunnel. */
static bool alternatives_hold(const char *path, const char *alternatives, const char *address) {
        bool guarded = is(path, "type", "vpn") || is(path, "why", "prohibited") ||
                       is(path, "why", "blackhole") || is(path, "why", "unreachable");

        for (const char *at = alternatives; (at = strstr(at, "{destination="));) {
                struct oracle_path truth;
                char interface[64], selected[64];

                get(path, "interface", selected, sizeof(selected));
                get(at, "interface", interface, sizeof(interface));
                if (strcmp(interface, selected) == 0 || (guarded && !is(at, "type", "vpn")))
                        return false;
                oracle_ask(oracle, address, if_nametoindex(interface), &truth);
                if (truth.error < 0 || !truth.usable || !is(at, "usable", "true") ||
                    (!truth.has_hops && !is(at, "gateway", truth.gateway)))
                        return false;
                at += strcspn(at, "}");
        }
        return true;
}

static char *get_property(const char *object, const char *interface, const char *property) {
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        if (sd_bus_call_method(world.bus, NETMON_BUS_NAME, object,
                               "org.freedesktop.DBus.Properties", "Get", &error, &reply, "ss",
                               interface, property) < 0)
                die("%s: %s", property, error.message);
        return bus_text(reply);
}

static bool check_one(size_t i, char *problem, size_t size) {
        const char *property = followed[i].property, *object = followed[i].watch;
        CLEANUP(freep) char *path = NULL, *alternatives = NULL;
        struct oracle_path truth;

        path = property ? get_property(NETMON_PATH, NETMON_INTERFACE, property)
                        : get_property(object, NETMON_WATCH_INTERFACE, "Path");
        alternatives = property ? strdup("[]")
                                : get_property(object, NETMON_WATCH_INTERFACE, "Alternatives");
        oracle_ask(oracle, followed[i].address, 0, &truth);
        if (agrees(path, &truth, property != NULL) &&
            alternatives_hold(path, alternatives, followed[i].address))
                return true;
        (void)snprintf(problem, size,
                       "%s is %s, alternatives %s; the kernel: error %d, interface %s, source %s, "
                       "gateway %s, usable %d, several %d",
                       followed[i].destination, path, alternatives, truth.error, truth.interface,
                       truth.source, truth.gateway, truth.usable, truth.has_hops);
        return false;
}

static bool check_all(char *problem, size_t size) {
        oracle_read(oracle);
        for (size_t i = 0; i < N_FOLLOWED; i++)
                if (!check_one(i, problem, size))
                        return false;
        return true;
}

/* Until it is so, and it must come to be so soon. */
static void wait_for_agreement(uint64_t first_seed, unsigned step) {
        uint64_t deadline_usec = moment_boottime_usec() + PATIENCE_USEC;
        char problem[8192];

        while (!check_all(problem, sizeof(problem))) {
                if (moment_boottime_usec() > deadline_usec)
                        cr_assert_fail("seed %lu, step %u: %s\nafter\n%s",
                                       (unsigned long)first_seed, step, problem, history);
                /* Now and then the kernel changes something behind its last message. */
                sd_bus_message_unref(bus_signals_next(world.signals, NULL,
                                                      moment_boottime_usec() + ASK_AGAIN_USEC));
        }
}

static void setup(void) {
        netmon_world_start(&world, NETMON_AS_ROOT, NULL);
        netmon_world_add_wifi(&world);
        netmon_world_add_cellular(&world);
        (void)tun_add("vpn0"); /* goes with the process */
        shell("ip link set vpn0 addrgenmode none up && ip address add 10.5.0.2/24 dev vpn0");
        shell("ip link add eth0 type veth peer name eth1");
        shell("ip link add br0 type bridge && ip link add port0 type veth peer name port1");
        shell("ip link set port0 master br0 && ip link set port0 up && ip link set port1 up");
        oracle = oracle_new();
        (void)snprintf(batch_path, sizeof(batch_path), "%s/batch", world.daemon.directory);
        batch = fopen(batch_path, "we");
        for (size_t i = 0; i < N_FOLLOWED; i++)
                if (!followed[i].property)
                        followed[i].watch = netmon_watch(&world, followed[i].destination);
}

static void teardown(void) {
        (void)fclose(batch);
        (void)unlink(batch_path);
        for (size_t i = 0; i < N_FOLLOWED; i++)
                free(followed[i].watch);
        oracle_free(oracle);
        netmon_world_stop(&world);
}

Test(random, paths_are_what_the_kernel_says, .init = setup, .fini = teardown, .timeout = 3600) {
        const char *given_seed = getenv("WHERRY_SEED"), *given_steps = getenv("WHERRY_STEPS");
        unsigned steps = given_steps ? (unsigned)strtoul(given_steps, NULL, 10) : STEPS, step = 0;
        uint64_t first_seed = given_seed ? strtoull(given_seed, NULL, 10)
                                         : moment_boottime_usec() ^ (uint64_t)getpid() << 40;

        seed = first_seed;
        (void)fprintf(stderr, "WHERRY_SEED=%lu WHERRY_STEPS=%u\n", (unsigned long)first_seed,
                      steps);
        for (unsigned burst = 1; step < steps; burst++) {
                history[0] = '\0';
                /* Often one alone, so that nothing else makes netmon look. */
                for (unsigned n = toss() ? 1 : 1 + draw(BURST_MAX); n > 0; n--, step++)
                        change();
                run_batch();
                wait_for_agreement(first_seed, step);
                if (burst % BURSTS_BETWEEN_RESTS == 0) {
                        /* Nor does it come to be otherwise later. */
                        netmon_settle(&world);
                        wait_for_agreement(first_seed, step);
                } else {
                        bus_signals_clear(world.signals, NETMON_BUS_NAME);
                }
        }
}
