/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changes of kernel text with all CPUs stopped.
 */
#ifndef HAL_X86_STOP_H
#define HAL_X86_STOP_H

/* Stop all CPUs with text_mutex held; on one of them call @change, then on each @after (may be
 * NULL), when it sees the new text. 0 or -errno of the stopping itself. Context: in-band, may
 * sleep; both functions hard masked. */
int hal_stop_cpus(void (*change)(void *arg), void (*after)(void *arg), void *arg);

#endif
