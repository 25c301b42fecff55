/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* wherryctl: finds the verb, and runs it. */

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "cleanup.h"
#include "ctl.h"
#include "help.h"
#include "nearest.h"

static const struct verb *const verbs[] = {
        &status_verb,  &monitor_verb, &interfaces_verb, &path_verb,        &channels_verb,
        &open_verb,    &send_verb,    &listen_verb,     &queue_verb,       &reconnect_verb,
        &suspend_verb, &resume_verb,  &close_verb,      &wait_online_verb, NULL,
};

static const struct verb *find_verb(const char *word) {
        struct nearest nearest = nearest_begin(word);

        for (size_t i = 0; verbs[i]; i++) {
                if (strcmp(verbs[i]->name, word) == 0)
                        return verbs[i];
                nearest_offer(&nearest, verbs[i]->name);
        }
        if (nearest.best)
                output_complain("unknown verb '%s'; did you mean '%s'?", word, nearest.best);
        else
                output_complain("unknown verb '%s'; see wherryctl --help", word);
        return NULL;
}

/* Reads up to the end, or to the verb when it is not known yet. */
static enum outcome read_arguments(struct ctl *ctl, char **argv, int *index) {
        const struct args_option *const tables[] = {global_options,
                                                    ctl->verb ? ctl->verb->options : NULL, NULL};
        CLEANUP(freep) char *problem = NULL;

        if (args_read(&ctl->args, tables, !ctl->verb, argv, index, &problem) >= 0)
                return OUTCOME_OK;
        output_complain("%s (see wherryctl %s%s--help)", problem, ctl->verb ? ctl->verb->name : "",
                        ctl->verb ? " " : "");
        return OUTCOME_USAGE;
}

static enum outcome check_words(const struct ctl *ctl) {
        const struct verb *verb = ctl->verb;

        if (ctl->args.n_words >= verb->least_words && ctl->args.n_words <= verb->most_words)
                return OUTCOME_OK;
        output_complain("too %s arguments; usage: wherryctl %s [OPTION...]%s%s",
                        ctl->args.n_words < verb->least_words ? "few" : "many", verb->name,
                        verb->arguments[0] ? " " : "", verb->arguments);
        return OUTCOME_USAGE;
}

/* Help and version, which need no verb and no bus; true when that was all. */
static bool run_help(const struct ctl *ctl) {
        if (args_has(&ctl->args, "help") && ctl->verb)
                help_verb(stdout, ctl->verb);
        else if (args_has(&ctl->args, "help"))
                help_all(stdout, verbs);
        else if (args_has(&ctl->args, "version"))
                (void)puts("wherryctl " WHERRY_VERSION);
        else
                return false;
        return true;
}

static enum outcome run_verb(struct ctl *ctl) {
        enum outcome o = check_words(ctl);

        if (o != OUTCOME_OK)
                return o;
        output_init(&ctl->out, stdout, args_has(&ctl->args, "json"));
        o = ctl->verb->run(ctl);
        bus_close(ctl);
        return o;
}

static enum outcome run(struct ctl *ctl, char **argv) {
        enum outcome o;
        int index = 1;

        o = read_arguments(ctl, argv, &index);
        if (o != OUTCOME_OK)
                return o;
        if (argv[index]) {
                ctl->verb = find_verb(argv[index++]);
                if (!ctl->verb)
                        return OUTCOME_USAGE;
                o = read_arguments(ctl, argv, &index);
                if (o != OUTCOME_OK)
                        return o;
        }
        if (run_help(ctl))
                return OUTCOME_OK;
        if (!ctl->verb) {
                output_complain("which verb? See wherryctl --help");
                return OUTCOME_USAGE;
        }
        return run_verb(ctl);
}

int main(int argc, char **argv) {
        struct ctl ctl = {};
        enum outcome o;
        int r;

        (void)setlocale(LC_CTYPE, "");
        (void)signal(SIGPIPE, SIG_IGN);
        args_init(&ctl.args, argc);
        o = run(&ctl, argv);
        args_deinit(&ctl.args);

        ctl.out.file = stdout;
        r = output_flush(&ctl.out);
        if (r < 0 && r != -EPIPE && o != OUTCOME_FAILED) {
                output_complain("standard output: %s", strerror(-r));
                o = OUTCOME_FAILED;
        }
        return o;
}
