/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts per nanosecond. What lies outside the cells is kept one by one, so that centiles of
 * the tail are exact too; when that room is full, what comes after is only counted, and taken
 * to be as late as the latest. All memory is in the struct: a hard thread adds to it.
 */
#ifndef TOOLS_KEEL_HISTOGRAM_H
#define TOOLS_KEEL_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_CELLS		16384
#define HISTOGRAM_OUTLIERS	4096

struct histogram {
	uint32_t cells[HISTOGRAM_CELLS];
	int64_t outliers[HISTOGRAM_OUTLIERS];
	size_t outlier_count;
	uint64_t uncounted;		/* samples of unknown value, counted at the maximum */
};

struct histogram_entry {
	int64_t ns;
	uint64_t count;
};

/* In order of ns, each value once. */
struct histogram_list {
	size_t length;
	uint64_t samples;
	struct histogram_entry *entries;
};

/* Context: any; no system call. */
static inline void histogram_add(struct histogram *h, int64_t ns)
{
	if (ns >= 0 && ns < HISTOGRAM_CELLS)
		h->cells[ns]++;
	else if (h->outlier_count < HISTOGRAM_OUTLIERS)
		h->outliers[h->outlier_count++] = ns;
	else
		h->uncounted++;
}

/* List what is in @h, with @max for the samples of unknown value; sorts h->outliers. Returns 0
 * or -ENOMEM. The caller frees list->entries. */
int histogram_to_list(struct histogram *h, int64_t max, struct histogram_list *list);

/* The smallest value that at least @permille of the samples do not exceed. */
int64_t histogram_quantile(const struct histogram_list *list, unsigned int permille);

#endif
