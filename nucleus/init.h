/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The nucleus as a whole: nk_init(), nk_cpu_init() for each CPU, then hal may call up. Detaching
 * asks nk_cpu_idle() of each CPU, stops the calls, then nk_exit().
 */
#ifndef NUCLEUS_INIT_H
#define NUCLEUS_INIT_H

/* Context: in-band, once, before anything else. */
void nk_init(void);

/* Linux becomes the root thread of @cpu. Context: in-band, before @cpu's first interrupt is
 * Keel's; never blocks. */
void nk_cpu_init(int cpu);

/* 1 when no oob thread lives on @cpu: none is between start or enter and off for good.
 * Context: any; never blocks; takes the rq lock. */
int nk_cpu_idle(int cpu);

/* Every CPU must be idle. Context: in-band, not hard masked. */
void nk_exit(void);

#endif
