/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How many messages of 256 bytes the store takes in a second, against raw write + fdatasync in the
 * same directory and run; and what a million queued messages cost at the start. Run by hand:
 * bench_store DIRECTORY */

#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "moment.h"

#define PAYLOAD_BYTES 256
#define ROUNDS 5
#define MAX_CHANNELS 100
#define ROUND_USEC (USEC_PER_SEC / 2)

static void die(const char *what, int error) {
        (void)fprintf(stderr, "bench_store: %s: %s\n", what, strerror(error));
        exit(1);
}

static struct store *open_store(const char *directory) {
        char problem[512] = "";
        struct store *store;
        int r;

        r = store_open(directory, UINT64_C(8) << 30, &store, problem, sizeof(problem));
        if (r < 0)
                die(problem, -r);
        return store;
}

static struct store_request *wait_done(struct store *store) {
        struct pollfd wait = {.fd = store_fd(store), .events = POLLIN};
        struct store_request *done;

        while (!(done = store_take_done(store)))
                (void)poll(&wait, 1, -1);
        if (done->error < 0)
                die("request", -done->error);
        return done;
}

static uint64_t open_channel(struct store *store) {
        struct store_request *put = store_request_new(STORE_CHANNEL_PUT, 0);
        static unsigned counter;
        char name[32];
        uint64_t id;

        (void)snprintf(name, sizeof(name), "bench-%u", counter++);
        put->put = calloc(1, sizeof(*put->put));
        put->put->app_id = strdup("");
        put->put->name = strdup(name);
        put->put->uri = strdup("ws://localhost/");
        (void)channel_options_init(&put->put->options);
        store_submit(store, put);
        put = wait_done(store);
        id = put->put->id;
        store_request_free(put);
        return id;
}

static void submit_send(struct store *store, uint64_t channel, size_t n_messages, bool uuid) {
        struct store_request *send = store_request_new(STORE_SEND, channel);
        static uint64_t counter;

        send->now_realtime_usec = moment_now().realtime_usec;
        send->messages = calloc(n_messages, sizeof(*send->messages));
        send->n_messages = n_messages;
        for (size_t i = 0; i < n_messages; i++) {
                struct store_message *m = &send->messages[i];

                m->facts.created_realtime_usec = send->now_realtime_usec;
                m->facts.uuid_given = uuid;
                /* Version 7: they rise. */
                for (unsigned byte = 0; byte < 6; byte++)
                        m->facts.uuid[byte] = (uint8_t)(send->now_realtime_usec >> (40 - 8 * byte));
                counter++;
                memcpy(&m->facts.uuid[8], &counter, sizeof(counter));
                m->payload = malloc(PAYLOAD_BYTES);
                memset(m->payload, 'x', PAYLOAD_BYTES);
                m->payload_bytes = PAYLOAD_BYTES;
        }
        store_submit(store, send);
}

/* Messages a second, with so many requests outstanding, the channels taking turns. */
static double bench_send(struct store *store, const uint64_t *channels, size_t n_channels,
                         size_t outstanding, size_t n_messages, bool uuid) {
        uint64_t start = moment_now().usec, end = start + ROUND_USEC, n = 0, now;
        size_t turn = 0;

        for (size_t i = 0; i < outstanding; i++)
                submit_send(store, channels[turn++ % n_channels], n_messages, uuid);
        do {
                store_request_free(wait_done(store));
                submit_send(store, channels[turn++ % n_channels], n_messages, uuid);
                n += n_messages;
                now = moment_now().usec;
        } while (now < end);
        for (size_t i = 0; i < outstanding; i++)
                store_request_free(wait_done(store));
        return (double)n * 1e6 / (double)(now - start);
}

/* Messages a second that reach the disk with one write and one fdatasync per group. */
static double bench_raw(const char *directory, size_t group) {
        static char data[500 * PAYLOAD_BYTES];
        char path[4200];
        uint64_t start, end, n = 0, now;
        int fd;

        (void)snprintf(path, sizeof(path), "%s/raw", directory);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                die(path, errno);
        start = moment_now().usec;
        end = start + ROUND_USEC;
        do {
                if (write(fd, data, group * PAYLOAD_BYTES) < 0 || fdatasync(fd) < 0)
                        die(path, errno);
                n += group;
                now = moment_now().usec;
        } while (now < end);
        (void)close(fd);
        (void)unlink(path);
        return (double)n * 1e6 / (double)(now - start);
}

static int compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *values) {
        qsort(values, ROUNDS, sizeof(*values), compare);
        return values[ROUNDS / 2];
}

struct rate {
        size_t n_channels;
        size_t outstanding;
        size_t n_messages;
        bool uuid;
};

static void bench_rate(struct store *store, const char *directory, const struct rate *rate) {
        size_t group = rate->n_messages > 1 ? rate->n_messages : rate->outstanding;
        double raw[ROUNDS], ours[ROUNDS];

        for (int round = 0; round < ROUNDS; round++) {
                uint64_t channels[MAX_CHANNELS];

                for (size_t i = 0; i < rate->n_channels; i++)
                        channels[i] = open_channel(store);
                raw[round] = bench_raw(directory, group);
                ours[round] = bench_send(store, channels, rate->n_channels, rate->outstanding,
                                         rate->n_messages, rate->uuid);
                for (size_t i = 0; i < rate->n_channels; i++) {
                        store_submit(store, store_request_new(STORE_CHANNEL_REMOVE, channels[i]));
                        store_request_free(wait_done(store));
                }
        }
        (void)printf("%8zu %11zu %8zu %-5s %10.0f %11.0f %5.0f%%\n", rate->n_channels,
                     rate->outstanding, rate->n_messages, rate->uuid ? "yes" : "no", median(raw),
                     median(ours), 100 * median(ours) / median(raw));
}

static void bench_rates(const char *directory) {
        static const struct rate rates[] = {
                {1, 1, 1, false},   {1, 64, 1, false}, {1, 64, 1, true},     {1, 500, 1, false},
                {1, 2, 500, false}, {1, 2, 500, true}, {100, 500, 1, false}, {100, 2, 500, false},
        };
        struct store *store = open_store(directory);

        (void)printf("messages of %d bytes a second, median of %d rounds; the raw write takes as "
                     "many at once\n",
                     PAYLOAD_BYTES, ROUNDS);
        (void)printf("channels outstanding messages uuid         raw       store  ratio\n");
        for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
                bench_rate(store, directory, &rates[i]);
        store_free(store);
}

/* Reads and delivers what is queued, 64 messages at a time. */
static void bench_drain(struct store *store, uint64_t channel) {
        uint64_t start = moment_now().usec, n = 0;
        struct store_request *read, *finish;

        for (int i = 0; i < 150; i++) {
                read = store_request_new(STORE_READ_OUT, channel);
                read->limit_messages = 64;
                store_submit(store, read);
                read = wait_done(store);
                finish = store_request_new(STORE_FINISH, channel);
                finish->state = MESSAGE_DELIVERED;
                finish->ids = calloc(read->n_messages + 1, sizeof(*finish->ids));
                for (size_t k = 0; k < read->n_messages; k++)
                        finish->ids[finish->n_ids++] = read->messages[k].facts.id;
                n += finish->n_ids;
                store_request_free(read);
                store_submit(store, finish);
                store_request_free(wait_done(store));
        }
        (void)printf("read and delivered, 64 a request: %.0f msg/s\n",
                     (double)n * 1e6 / (double)(moment_now().usec - start));
}

static unsigned long rss_kb(void) {
        unsigned long size = 0, resident = 0;
        FILE *file = fopen("/proc/self/statm", "re");

        if (!file || fscanf(file, "%lu %lu", &size, &resident) != 2)
                die("/proc/self/statm", EIO);
        (void)fclose(file);
        return resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

/* In a process of its own, as large as a new one. */
static int bench_open(const char *directory) {
        unsigned long before_kb = rss_kb();
        struct store_channel **channels;
        uint64_t start, opened, loaded;
        struct store *store;
        size_t n;

        start = moment_now().usec;
        store = open_store(directory);
        opened = moment_now().usec;
        if (store_load_channels(store, &channels, &n) < 0)
                die("load", EIO);
        loaded = moment_now().usec;
        (void)printf("a million messages in %zu channels: open %.1f ms, load %.1f ms, "
                     "RSS %lu kB (%lu kB before)\n",
                     n, (double)(opened - start) / 1000, (double)(loaded - opened) / 1000, rss_kb(),
                     before_kb);
        return 0;
}

static void bench_million(const char *directory) {
        struct store *store = open_store(directory);
        uint64_t channel = 0;

        for (int c = 0; c < 100; c++) {
                channel = open_channel(store);
                for (int i = 0; i < 20; i++)
                        submit_send(store, channel, 500, false);
                for (int i = 0; i < 20; i++)
                        store_request_free(wait_done(store));
        }
        store_free(store);
        if (fork() == 0) {
                (void)execl("/proc/self/exe", "bench_store", "--open", directory, NULL);
                die("exec", errno);
        }
        (void)wait(NULL);
        store = open_store(directory);
        bench_drain(store, channel);
        store_free(store);
}

static void clean_up(const char *directory) {
        static const char *const names[] = {"queue.db", "queue.db-wal", "queue.ballast"};
        char path[4200];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                (void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
                (void)unlink(path);
        }
        if (rmdir(directory) < 0)
                die(directory, errno);
}

int main(int argc, char *argv[]) {
        char template[4096];

        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc == 3 && strcmp(argv[1], "--open") == 0)
                return bench_open(argv[2]);
        if (argc != 2) {
                (void)fprintf(stderr, "usage: bench_store DIRECTORY\n");
                return 2;
        }
        (void)snprintf(template, sizeof(template), "%s/wherry-store-XXXXXX", argv[1]);
        if (!mkdtemp(template))
                die(template, errno);
        bench_rates(template);
        bench_million(template);
        clean_up(template);
        return 0;
}
