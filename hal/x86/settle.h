/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nobody stands inside a slot: what attaching under preempt=full needs.
 */
#ifndef HAL_X86_SETTLE_H
#define HAL_X86_SETTLE_H

/* With full preemption: until settle_end() no task is preempted inside a slot of hal_att.sites, and
 * at return none is. 0; or -errno, after a message when a task did not move on in @limit_ms.
 * Context: in-band, sleeps; hal_att.lock and module_mutex held. */
int settle_begin(unsigned int limit_ms);

/* False: full preemption was switched on after settle_begin() looked. Context: all CPUs stopped. */
bool settle_holds(void);

/* Preemption as before; after settle_begin(), whatever it said. Context: as that. */
void settle_end(void);

/* Write the guard's way to Linux, once. 0 or -errno. Context: in-band. */
int settle_init(void);

/* What the last settle_begin() left behind is over. Context: in-band, sleeps. */
void settle_exit(void);

/* Preemptions put off so far. */
unsigned long settle_count(void);

#endif
