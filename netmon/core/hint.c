/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hint.h"

#include <stddef.h>

enum hint_metered hint_metered_of(uint32_t nm_metered) {
        return nm_metered < HINT_METERED_COUNT ? (enum hint_metered)nm_metered
                                               : HINT_METERED_UNKNOWN;
}

enum registration registration_of(uint32_t mm_state) {
        /* MMModem3gppRegistrationState */
        static const enum registration states[] = {
                REGISTRATION_IDLE,      /* 0 */
                REGISTRATION_HOME,      /* 1 */
                REGISTRATION_SEARCHING, /* 2 */
                REGISTRATION_DENIED,    /* 3 */
                REGISTRATION_UNKNOWN,   /* 4 */
                REGISTRATION_ROAMING,   /* 5 */
                REGISTRATION_HOME,      /* 6: messages only */
                REGISTRATION_ROAMING,   /* 7: messages only */
                REGISTRATION_EMERGENCY, /* 8 */
                REGISTRATION_HOME,      /* 9: data preferred */
                REGISTRATION_ROAMING,   /* 10: data preferred */
                REGISTRATION_EMERGENCY, /* 11: restricted local services */
        };

        return mm_state < sizeof(states) / sizeof(states[0]) ? states[mm_state]
                                                             : REGISTRATION_UNKNOWN;
}

const char *hint_technology_of(uint32_t mm_technologies) {
        /* The best first: a modem may be on two at a time. */
        static const struct {
                unsigned bit;
                const char *word;
        } words[] = {
                {15, "5gnr"},     {14, "lte"},   {16, "lte-cat-m"}, {17, "lte-nb-iot"},
                {9, "hspa-plus"}, {8, "hspa"},   {7, "hsupa"},      {6, "hsdpa"},
                {5, "umts"},      {13, "evdob"}, {12, "evdoa"},     {11, "evdo0"},
                {10, "1xrtt"},    {4, "edge"},   {3, "gprs"},       {2, "gsm-compact"},
                {1, "gsm"},       {0, "pots"},
        };

        if (mm_technologies == UINT32_MAX) /* "any" */
                return "";
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (mm_technologies & (1u << words[i].bit))
                        return words[i].word;
        return "";
}

const char *registration_to_string(enum registration registration) {
        static const char *const words[REGISTRATION_COUNT] = {
                [REGISTRATION_NONE] = "",           [REGISTRATION_UNKNOWN] = "unknown",
                [REGISTRATION_IDLE] = "idle",       [REGISTRATION_SEARCHING] = "searching",
                [REGISTRATION_DENIED] = "denied",   [REGISTRATION_HOME] = "home",
                [REGISTRATION_ROAMING] = "roaming", [REGISTRATION_EMERGENCY] = "emergency",
        };

        return words[registration];
}

enum metered hint_judge_metered(enum hint_metered hint, enum metered of_type, bool *ret_hinted) {
        *ret_hinted = true;
        switch (hint) {
        case HINT_METERED_YES:
        case HINT_METERED_GUESS_YES:
                return METERED_YES;
        case HINT_METERED_NO:
                return METERED_NO;
        case HINT_METERED_GUESS_NO:
                if (of_type != METERED_YES)
                        return METERED_NO;
                break;
        case HINT_METERED_UNKNOWN:
                break;
        }
        *ret_hinted = false;
        return of_type;
}
