/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nobody stands inside a slot while attaching writes it, whatever the preemption model is or was.
 */
#ifndef HAL_X86_SETTLE_H
#define HAL_X86_SETTLE_H

/* How long attaching waits for tasks that were preempted in the kernel. */
extern unsigned int settle_limit_ms;

/* Begin; text may be decoded meanwhile. 0, or -errno after a message.
 * Context: in-band, sleeps; hal_att.lock, module_mutex and probes_lock() held. */
int settle_begin(void);

/* From its return to settle_end() no task stands inside a slot of hal_att.sites, nor is preempted
 * there. 0; or -errno, after a message when a task did not move on in time. Context: as that. */
int settle_wait(void);

/* Preemption as before; after settle_begin(), whatever it said. Context: as that. */
void settle_end(void);

/* Write the guard's way to Linux, once. 0 or -errno. Context: in-band. */
int settle_init(void);

/* Waits for nothing. Context: in-band. */
void settle_exit(void);

/* Preemptions put off so far. */
unsigned long settle_count(void);

#endif
