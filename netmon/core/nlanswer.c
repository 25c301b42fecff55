/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nlanswer.h"

#include <errno.h>

#include "nlattr.h"

/* Both ends of an answer begin with an errno: NLMSG_ERROR, and NLMSG_DONE for a dump that broke. */
static int read_result(const struct nlmsghdr *nlh) {
        const int *result = nlmsg_header(nlh, sizeof(*result));

        return result && *result <= 0 ? *result : -EBADMSG;
}

enum nlanswer_part nlanswer_take(struct nlanswer *answer, const void **data, size_t *left,
                                 const struct nlmsghdr **ret_message, int *ret_result) {
        const struct nlmsghdr *nlh;

        while ((nlh = nlmsg_take(data, left))) {
                if (nlh->nlmsg_seq != answer->seq)
                        continue;
                if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
                        answer->is_interrupted = true;
                if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
                        *ret_result = read_result(nlh);
                        if (*ret_result == 0 && answer->is_interrupted)
                                *ret_result = -EINTR;
                        return NLANSWER_END;
                }
                if (nlh->nlmsg_type >= NLMSG_MIN_TYPE) {
                        *ret_message = nlh;
                        return NLANSWER_MESSAGE;
                }
        }
        return NLANSWER_NOTHING;
}
