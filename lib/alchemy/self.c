// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The caller: attached on demand.
 */
#include <signal.h>
#include "internal.h"

__thread struct alchemy_self alchemy_self __attribute__((tls_model("initial-exec")));

static __attribute__((noinline)) int attach_weak(void)
{
	sigset_t all, old;
	int err = alchemy_open();

	if (err)
		return err;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	err = libkeel_attach_weak();
	alchemy_self.weak = !err;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

/* Nothing of the parent's is the child's. */
static void fork_child(void)
{
	alchemy_self = (struct alchemy_self){ .task = NULL };
}

__attribute__((constructor)) static void begin(void)
{
	pthread_atfork(NULL, NULL, fork_child);
}

int alchemy_enter(void)
{
	return __builtin_expect(libkeel_self.window != NULL, 1) ? 0 : attach_weak();
}

void alchemy_leave(void)
{
	if (__builtin_expect(alchemy_self.weak, 0))
		keel_relax();
}

int alchemy_inband(void)
{
	keel_relax();
	return alchemy_open();
}
