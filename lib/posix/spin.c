// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Spinlocks. A real-time thread that spun for one whose owner it keeps off the CPU, a Linux thread first
 * of all, would do so for ever: after a while it sleeps between its looks.
 */
#include "posix.h"

#define LOOKS		200
#define PAUSE_NS	20000

int __wrap_pthread_spin_lock(pthread_spinlock_t *lock)
{
	int i;

	if (!posix_is_active() || !posix_is_rt()) {
		GLIBC(pthread_spin_lock);
		return REAL(pthread_spin_lock)(lock);
	}
	CORE(pthread_spin_lock);
	for (;;) {
		for (i = 0; i < LOOKS; i++) {
			if (!pthread_spin_trylock(lock))
				return 0;
			__builtin_ia32_pause();
		}
		if (keel_sleep(PAUSE_NS) == -EOPNOTSUPP)
			sched_yield();
	}
}
EXPORT(pthread_spin_lock);
