/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SKINS_NATIVE_POLL_H
#define SKINS_NATIVE_POLL_H

#include "nucleus/types.h"

struct native_space;

/* KEEL_CALL_POLL, see keel/messaging.h. Context: oob, hard masked; may block; no lock held. */
long native_poll(struct native_space *s, void *items, unsigned long count, nk_time_t until);

/* KEEL_CALL_POLL_ONE. Context: likewise. */
long native_poll_one(struct native_space *s, unsigned long id, unsigned long events, nk_time_t until);

#endif
