/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System call filters (seccomp) of threads that become hard.
 */
#ifndef KMOD_FILTERS_H
#define KMOD_FILTERS_H

#include <linux/types.h>

struct shadow;

/* Once for each call: whether current's filters, if it has any, let it be hard. Context: in-band. */
bool filters_permit(struct shadow *s);

/* Current ends. Context: in-band, does not sleep. */
void filters_exit(void);

#endif
