// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include "histogram.h"

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void append(struct histogram_list *list, int64_t ns, uint64_t count)
{
	list->samples += count;
	if (list->length && list->entries[list->length - 1].ns == ns)
		list->entries[list->length - 1].count += count;
	else if (count)
		list->entries[list->length++] = (struct histogram_entry){ ns, count };
}

int histogram_to_list(struct histogram *h, int64_t max, struct histogram_list *list)
{
	size_t i, ns;

	*list = (struct histogram_list){ 0 };
	list->entries = calloc(HISTOGRAM_CELLS + h->outlier_count + 1, sizeof(*list->entries));
	if (!list->entries)
		return -ENOMEM;
	qsort(h->outliers, h->outlier_count, sizeof(h->outliers[0]), compare);
	for (i = 0; i < h->outlier_count && h->outliers[i] < 0; i++)
		append(list, h->outliers[i], 1);
	for (ns = 0; ns < HISTOGRAM_CELLS; ns++)
		append(list, ns, h->cells[ns]);
	for (; i < h->outlier_count; i++)
		append(list, h->outliers[i], 1);
	append(list, max, h->uncounted);
	return 0;
}

int64_t histogram_quantile(const struct histogram_list *list, unsigned int permille)
{
	uint64_t wanted = (list->samples * permille + 999) / 1000;
	uint64_t seen = 0;
	size_t i;

	for (i = 0; i < list->length; i++) {
		seen += list->entries[i].count;
		if (seen >= wanted)
			return list->entries[i].ns;
	}
	return 0;
}
