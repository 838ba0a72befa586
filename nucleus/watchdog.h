/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The watchdog: when Linux has work and does not get its CPU back for nk_watchdog_limit, a user
 * thread that runs there is recalled; a kernel thread is reported. It starts when hal
 * says that an in-band interrupt waits (nk_hal_inband_waits()), and ends when root runs.
 */
#ifndef NUCLEUS_WATCHDOG_H
#define NUCLEUS_WATCHDOG_H

#include "nucleus/types.h"

struct nk_rq;

/* In ns; 0: off. Set before nk_init(). */
extern nk_time_t nk_watchdog_limit;

/* Context: in-band, before @rq's CPU runs anything; never blocks. */
void nk_watchdog_init(struct nk_rq *rq);

/* Context: in-band; waits for the handler on another CPU. */
void nk_watchdog_exit(struct nk_rq *rq);

#endif
