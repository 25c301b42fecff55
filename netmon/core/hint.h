/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What services say of an interface that the kernel does not know. Used when there, never needed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "link_type.h"

/* NMMetered of NetworkManager. */
enum hint_metered {
        HINT_METERED_UNKNOWN,
        HINT_METERED_YES,
        HINT_METERED_NO,
        HINT_METERED_GUESS_YES,
        HINT_METERED_GUESS_NO,
};
#define HINT_METERED_COUNT 5

/* Where a modem stands with the cellular network. */
enum registration {
        REGISTRATION_NONE, /* there is no modem, or nothing is known of it */
        REGISTRATION_UNKNOWN,
        REGISTRATION_IDLE,
        REGISTRATION_SEARCHING,
        REGISTRATION_DENIED,
        REGISTRATION_HOME,
        REGISTRATION_ROAMING,
        REGISTRATION_EMERGENCY, /* emergency calls only */
};
#define REGISTRATION_COUNT 8

#define HINT_TEXT_SIZE 64
#define HINT_TECHNOLOGY_SIZE 16
#define HINT_CONNECTION_SIZE 128

struct hint {
        enum hint_metered metered;
        char connection[HINT_CONNECTION_SIZE]; /* the name that people gave to it */
        /* Of the modem behind it. */
        char operator_name[HINT_TEXT_SIZE];
        char technology[HINT_TECHNOLOGY_SIZE];
        uint32_t signal_quality; /* percent */
        enum registration registration;
        bool is_connected; /* it has a bearer */
        char cell_id[HINT_TEXT_SIZE];
};

/* Whom to ask for it. */
struct hint_source {
        /* Fills *ret with zeros and what is known of the interface of that name. */
        void (*find)(void *userdata, const char *name, struct hint *ret);
        void *userdata;
};

/* By number, as the services use them; what is out of range is unknown. */
enum hint_metered hint_metered_of(uint32_t nm_metered);
enum registration registration_of(uint32_t mm_state);
/* The best of the bits of MMModemAccessTechnology, as ModemManager calls it; "" for none. */
const char *hint_technology_of(uint32_t mm_technologies);

/* "" for REGISTRATION_NONE. */
const char *registration_to_string(enum registration registration);

/* What is meant by `hint` and the type together; *ret_hinted when the hint decided. A guess that
 * something is free does not outdo a type that costs. */
enum metered hint_judge_metered(enum hint_metered hint, enum metered of_type, bool *ret_hinted);
