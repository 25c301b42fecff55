/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A destination that is taken is told in words that mean the same; one that is refused changes
 * nothing. The first line is the destination, the rest the option "interface". */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition)
                abort();
}

static void check_same(const struct question *question, const char *interface) {
        char text[QUESTION_TEXT_SIZE], again_text[QUESTION_TEXT_SIZE];
        struct question again = {};
        const char *problem;

        (void)memcpy(again.interface, interface, strlen(interface) + 1);
        require(question_format(question, text) == text && text[0] != '\0');
        require(question_parse(text, &again, &problem) == 0);
        require(question_equal(&again, question));
        require(strcmp(question_format(&again, again_text), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *destination = malloc(size + 1), *interface;
        struct question question = {}, before;
        const char *problem = NULL;

        (void)memcpy(destination, data, size);
        destination[size] = '\0';
        interface = destination + strcspn(destination, "\n");
        if (*interface != '\0')
                *interface++ = '\0';
        if (question_is_interface_name(interface))
                (void)memcpy(question.interface, interface, strlen(interface) + 1);
        before = question;
        if (question_parse(destination, &question, &problem) == 0) {
                if (question.kind == QUESTION_ADDRESS)
                        require(netaddr_len(&question.address) > 0);
                check_same(&question, before.interface);
        } else {
                require(problem && problem[0] != '\0');
                require(memcmp(&question, &before, sizeof(question)) == 0);
        }
        free(destination);
        return 0;
}
