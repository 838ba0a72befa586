/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What attach.c and modules.c share: whether Keel is in place, and all that it changed.
 * Held by its lock; @on and @kvm may be read without.
 */
#ifndef HAL_X86_ATTACHED_H
#define HAL_X86_ATTACHED_H

#include <linux/mutex.h>
#include "patch.h"
#include "sites.h"

struct hal_attach_state {
	struct mutex lock;
	int on;
	int kvm;		/* it is loaded, or about to be */
	struct site_list sites;
	struct patch_set text;	/* changes of Linux and its modules */
	struct patch_set own;	/* displacements in our own stubs */
};

extern struct hal_attach_state hal_att;

#endif
