/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "must.h"
#include "names.h"
#include "text.h"

const struct service netmon_service = {NETMON_BUS_NAME, NETMON_PATH, NETMON_INTERFACE,
                                       "wherry-netmon"};
const struct service agent_service = {AGENT_BUS_NAME, AGENT_PATH, AGENT_INTERFACE, "wherry-agent"};

static const struct {
        const char *name;
        enum outcome outcome;
        const char *advice; /* NULL: the daemon's sentence says all */
} errors[] = {
        {SD_BUS_ERROR_UNKNOWN_OBJECT, OUTCOME_NO_CHANNEL, "see wherryctl channels"},
        {SD_BUS_ERROR_ACCESS_DENIED, OUTCOME_DENIED, NULL},
        {ERROR_POLICY_DENIED, OUTCOME_DENIED, NULL},
        {SD_BUS_ERROR_INVALID_ARGS, OUTCOME_USAGE, NULL},
        {ERROR_INVALID_URI, OUTCOME_USAGE, NULL},
        {ERROR_INVALID_OPTION, OUTCOME_USAGE, NULL},
        {ERROR_NO_PATH, OUTCOME_NOT_CONNECTED, NULL},
        {ERROR_TIMEOUT, OUTCOME_TIMEOUT, NULL},
        {ERROR_EXISTS, OUTCOME_FAILED, "use another name, or wherryctl close it first"},
        {ERROR_NOT_EMPTY, OUTCOME_FAILED,
         "--flush TIME waits for them to go, --discard throws them away"},
        {ERROR_BUSY, OUTCOME_FAILED, "--takeover takes its place, --observe reads along"},
        {ERROR_TOO_LARGE, OUTCOME_FAILED,
         "the limit is the channel's option max-message, see wherryctl open --help"},
        {ERROR_QUEUE_FULL, OUTCOME_FAILED, "see wherryctl queue and wherryctl channels"},
        {SD_BUS_ERROR_UNKNOWN_METHOD, OUTCOME_FAILED,
         "the running daemon is of another version than wherryctl"},
};

static bool has_prefix(const char *name, const char *prefix) {
        return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool is_absent(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               has_prefix(error->name, "org.freedesktop.DBus.Error.Spawn.") ||
               has_prefix(error->name, "org.freedesktop.systemd1.");
}

static bool is_bus_gone(const sd_bus_error *error) {
        int r = sd_bus_error_get_errno(error);

        return r == ENOTCONN || r == ECONNRESET || r == EPIPE;
}

enum outcome bus_outcome(const sd_bus_error *error) {
        /* NoReply is the bus's word for a callee that went away, Timeout ours for one that is slow.
         */
        if (is_absent(error) || is_bus_gone(error) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                return OUTCOME_NOT_RUNNING;
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT))
                return OUTCOME_TIMEOUT;
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
                if (sd_bus_error_has_name(error, errors[i].name))
                        return errors[i].outcome;
        return OUTCOME_FAILED;
}

static const char *bus_word(const struct ctl *ctl) {
        const char *address = NULL;

        for (size_t i = 0; i < ctl->args.n_given; i++) {
                const struct args_given *given = &ctl->args.given[i];

                if (strcmp(given->option->name, "bus") == 0)
                        address = given->value;
                else if (strcmp(given->option->name, "session") == 0 ||
                         strcmp(given->option->name, "system") == 0)
                        address = given->option->name;
        }
        return address ? address : "system";
}

static char *explain_absent(const struct ctl *ctl, const struct service *service) {
        const char *word = bus_word(ctl), *program = service->program;

        if (strcmp(word, "system") == 0)
                return text_format("%s is not running; start it with systemctl start %s", program,
                                   program);
        if (strcmp(word, "session") == 0)
                return text_format("%s is not running; start it with %s --session", program,
                                   program);
        return text_format("%s is not running; start it with %s --bus=%s", program, program, word);
}

static const char *find_advice(const sd_bus_error *error) {
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
                if (sd_bus_error_has_name(error, errors[i].name))
                        return errors[i].advice;
        return NULL;
}

char *bus_explain(const struct ctl *ctl, const struct service *service, const sd_bus_error *error) {
        const char *text = error->message ? error->message : error->name;
        const char *advice = find_advice(error);

        if (is_absent(error))
                return explain_absent(ctl, service);
        if (is_bus_gone(error))
                return text_format("the bus closed the connection");
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                return text_format("%s stopped before it answered; try again", service->program);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT))
                return text_format("%s does not answer", service->program);
        return advice ? text_format("%s (%s)", text, advice) : text_format("%s", text);
}

enum outcome bus_tell(const struct ctl *ctl, const struct service *service,
                      const sd_bus_error *error) {
        CLEANUP(freep) char *sentence = bus_explain(ctl, service, error);

        output_complain("%s", sentence);
        return bus_outcome(error);
}

enum outcome bus_malformed(const struct service *service) {
        output_complain("the answer of %s is not what the contract says; is it of another version?",
                        service->program);
        return OUTCOME_FAILED;
}

static int open_address(const char *address, sd_bus **ret) {
        CLEANUP(sd_bus_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = STEAL(bus);
        return 0;
}

#define READY_USEC (3 * USEC_PER_SEC)

/* sd-bus itself waits up to 90 s for a bus that accepts and stays silent. */
static int wait_ready(sd_bus *bus) {
        uint64_t end_usec = moment_now().usec + READY_USEC;
        int r;

        while ((r = sd_bus_is_ready(bus)) == 0) {
                uint64_t now_usec = moment_now().usec;

                if (now_usec >= end_usec)
                        return -ETIMEDOUT;
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, end_usec - now_usec);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return r < 0 ? r : 0;
}

enum outcome bus_connect(struct ctl *ctl, char **ret_problem) {
        const char *word = bus_word(ctl);
        bool named = strcmp(word, "system") == 0 || strcmp(word, "session") == 0;
        int r;

        if (!named && !strchr(word, ':')) {
                *ret_problem = text_format(
                        "%s is not a D-Bus address, such as unix:path=/run/dbus/bus", word);
                return OUTCOME_USAGE;
        }
        if (strcmp(word, "system") == 0)
                r = sd_bus_open_system(&ctl->bus);
        else if (strcmp(word, "session") == 0)
                r = sd_bus_open_user(&ctl->bus);
        else
                r = open_address(word, &ctl->bus);
        if (r >= 0)
                r = wait_ready(ctl->bus);
        if (r >= 0)
                return OUTCOME_OK;
        if (named)
                *ret_problem = text_format("no %s bus (%s); --session, --system or --bus=ADDRESS "
                                           "choose another",
                                           word, strerror(-r));
        else
                *ret_problem = text_format("no bus at %s (%s)", word, strerror(-r));
        return r == -ETIMEDOUT ? OUTCOME_TIMEOUT
               : r == -EACCES  ? OUTCOME_DENIED
                               : OUTCOME_NOT_RUNNING;
}

enum outcome bus_open(struct ctl *ctl) {
        CLEANUP(freep) char *problem = NULL;
        enum outcome o = bus_connect(ctl, &problem);

        if (o != OUTCOME_OK)
                output_complain("%s", problem);
        return o;
}

void bus_close(struct ctl *ctl) {
        /* Flushing waits for a bus that is still silent. */
        if (ctl->bus && sd_bus_is_ready(ctl->bus) > 0)
                (void)sd_bus_flush(ctl->bus);
        ctl->bus = sd_bus_close_unref(ctl->bus);
}

sd_bus_message *bus_method(struct ctl *ctl, const struct service *service, const char *member) {
        return bus_method_of(ctl, service, service->path, service->interface, member);
}

sd_bus_message *bus_method_of(struct ctl *ctl, const struct service *service, const char *path,
                              const char *interface, const char *member) {
        sd_bus_message *m;

        must(sd_bus_message_new_method_call(ctl->bus, &m, service->bus_name, path, interface,
                                            member));
        must(sd_bus_message_set_auto_start(m, !ctl->verb->passive));
        return m;
}

enum outcome bus_call(struct ctl *ctl, const struct service *service, sd_bus_message *m,
                      uint64_t timeout_usec, sd_bus_message **ret) {
        CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call(ctl->bus, m, timeout_usec, &error, ret);
        sd_bus_message_unref(m);
        return r < 0 ? bus_tell(ctl, service, &error) : OUTCOME_OK;
}

enum outcome bus_process(struct ctl *ctl) {
        int r;

        while ((r = sd_bus_process(ctl->bus, NULL)) > 0)
                ;
        if (r >= 0)
                return OUTCOME_OK;
        output_complain("the bus closed the connection");
        return OUTCOME_NOT_RUNNING;
}
