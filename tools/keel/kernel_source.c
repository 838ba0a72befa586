// SPDX-License-Identifier: GPL-2.0
/*
 * Samples that the module takes itself: in its timer handler, or in a kernel thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "keel.h"
#include "latency.h"

static int fd = -1;
static uint64_t wanted;
static uint32_t cells[KEEL_LATENCY_CELLS];

_Static_assert(KEEL_LATENCY_CELLS == HISTOGRAM_CELLS, "cells of module and tool");

static int kernel_start(const struct latency_options *options, unsigned int kind)
{
	struct keel_latency_start start = {
		.kind = kind,
		.cpu = options->cpu,
		.prio = options->prio,
		.period_ns = options->period_ns,
		.samples = options->samples,
	};
	struct keel_info info;

	wanted = options->samples;
	fd = device_open(&info);
	if (fd < 0)
		return -1;
	if (ioctl(fd, KEEL_IOC_LATENCY_START, &start) == 0)
		return 0;
	complain("measurement", errno);
	return -1;
}

static int irq_start(const struct latency_options *options)
{
	return kernel_start(options, KEEL_LATENCY_IRQ);
}

static int kthread_start(const struct latency_options *options)
{
	return kernel_start(options, KEEL_LATENCY_KTHREAD);
}

static int read_samples(struct latency_snapshot *s, uint32_t *into)
{
	struct keel_latency_read samples = { .cells = (uintptr_t)into };

	if (ioctl(fd, KEEL_IOC_LATENCY_READ, &samples) < 0) {
		complain("measurement", errno);
		return -1;
	}
	memset(s, 0, sizeof(*s));
	s->samples = samples.samples;
	s->overruns = samples.overruns;
	s->min_ns = samples.min_ns;
	s->max_ns = samples.max_ns;
	s->sum_ns = samples.sum_ns;
	s->ended = wanted && samples.samples >= wanted;
	return 0;
}

/* keel stop ends all measurements, and tells nobody. */
static int kernel_look(struct latency_snapshot *s)
{
	struct keel_info info;

	if (read_samples(s, NULL) < 0)
		return -1;
	if (s->ended || (ioctl(fd, KEEL_IOC_INFO, &info) == 0 && info.attached))
		return 0;
	complain("measurement", EAGAIN);
	return -1;
}

/* The module's last cell holds all that is not below it. */
static int kernel_finish(struct latency_snapshot *s, struct histogram *histogram)
{
	int err = read_samples(s, cells);

	memcpy(histogram->cells, cells, sizeof(cells));
	histogram->cells[HISTOGRAM_CELLS - 1] = 0;
	histogram->uncounted = cells[HISTOGRAM_CELLS - 1];
	ioctl(fd, KEEL_IOC_LATENCY_STOP);
	close(fd);
	return err;
}

const struct latency_source irq_source = {
	.what = "keel-irq",
	.start = irq_start,
	.look = kernel_look,
	.finish = kernel_finish,
};

const struct latency_source kthread_source = {
	.what = "keel-kthread",
	.start = kthread_start,
	.look = kernel_look,
	.finish = kernel_finish,
};
