// SPDX-License-Identifier: GPL-2.0
/*
 * Stopping all CPUs to change text.
 *
 * Linux's own writers of text (static keys, static calls) hold the CPUs still before they take
 * text_mutex. So does this; in the other order three would wait for each other:
 *
 *	CPU 0, static key	CPU 1, goes offline	CPU 2, here
 *	CPUs held (reader)				text_mutex
 *				writer, waits for 0
 *	text_mutex: waits for 2				CPUs (reader): waits for 1
 */
#include <linux/kernel.h>
#include <linux/cpu.h>
#include <linux/mutex.h>
#include <linux/stop_machine.h>
#include <asm/processor.h>
#include <asm/sync_core.h>
#include "stop.h"
#include "symbols.h"
#include "thunks.h"

struct stop_work {
	atomic_t arrived;	/* the first one works for all */
	int done;
	void (*change)(void *arg);
	void (*after)(void *arg);
	void *arg;
};

static int stopped(void *work)
{
	struct stop_work *w = work;

	if (atomic_inc_return(&w->arrived) == 1) {
		w->change(w->arg);
		smp_store_release(&w->done, 1);
	}
	while (!smp_load_acquire(&w->done))
		cpu_relax();
	sync_core();
	if (w->after)
		w->after(w->arg);
	return 0;
}

int hal_stop_cpus(void (*change)(void *arg), void (*after)(void *arg), void *arg)
{
	struct stop_work w = { .change = change, .after = after, .arg = arg };
	int err;

	cpus_read_lock();
	mutex_lock(hal_sym.text_mutex);
	err = hal_stop_machine_cpuslocked(stopped, &w, cpu_online_mask);
	mutex_unlock(hal_sym.text_mutex);
	cpus_read_unlock();
	return err;
}
