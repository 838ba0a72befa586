/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Latency sampled in the kernel: how late Keel's timer handler, or a kernel thread that it
 * wakes, runs after the programmed time.
 */
#ifndef KMOD_LATENCY_H
#define KMOD_LATENCY_H

#include <keel/abi.h>

struct latency;

/* A running measurement or ERR_PTR. Context: in-band, may sleep. */
struct latency *latency_start(const struct keel_latency_start *req);

/* Fill @out, but for cells. Returns the KEEL_LATENCY_CELLS counters: valid until the stop.
 * Context: any. */
const u32 *latency_read(struct latency *l, struct keel_latency_read *out);

void latency_stop(struct latency *l);

/* End all of them and start none until latency_allow(): the pipeline goes. Their figures stay
 * readable. */
void latency_stop_all(void);
void latency_allow(void);

#endif
