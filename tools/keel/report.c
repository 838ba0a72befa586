// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include "latency.h"

#define HEADING_EVERY	20	/* lines */
#define ROWS		30	/* of the histogram, up to p99.9 */
#define BAR		40	/* characters */

static FILE *text_file(const struct latency_options *options)
{
	return options->json && !strcmp(options->json, "-") ? stderr : stdout;
}

static int64_t average(const struct latency_snapshot *s)
{
	return s->samples ? s->sum_ns / (int64_t)s->samples : 0;
}

void report_line(const struct latency_options *options, const struct latency_snapshot *s,
		 int64_t seconds)
{
	static int lines;
	FILE *f = text_file(options);

	if (lines++ % HEADING_EVERY == 0)
		fprintf(f, "%8s %10s %10s %10s %10s %9s %9s\n", "seconds", "samples", "min ns",
			"avg ns", "max ns", "overruns", "switches");
	fprintf(f, "%8" PRId64 " %10" PRIu64 " %10" PRId64 " %10" PRId64 " %10" PRId64
		" %9" PRIu64 " %9" PRIu64 "\n", seconds, s->samples, s->min_ns, average(s),
		s->max_ns, s->overruns, s->mode_switches);
	fflush(f);
}

void report_summary(const struct latency_options *options, const struct latency_snapshot *s,
		    const struct histogram_list *list)
{
	FILE *f = text_file(options);

	fprintf(f, "%s: %" PRIu64 " samples, period %" PRId64 " us, CPU %d, priority %d\n",
		options->source->what, s->samples, options->period_ns / 1000, options->cpu,
		options->prio);
	fprintf(f, "min %" PRId64 " ns, avg %" PRId64 " ns, p99.9 %" PRId64 " ns, max %" PRId64
		" ns\n", s->min_ns, average(s), histogram_quantile(list, 999), s->max_ns);
	fprintf(f, "overruns %" PRIu64 ", mode switches %" PRIu64 "\n", s->overruns,
		s->mode_switches);
	if (s->mode_switches)
		fprintf(f, "last mode switch: %s, at 0x%" PRIx64 "\n",
			keel_strreason(s->stats.last_reason), s->stats.last_ip);
}

/* A width of 1, 2 or 5 times a power of ten, so that there are at most ROWS rows. */
static int64_t row_width(int64_t span)
{
	int64_t width = 1;

	for (;;) {
		if (span / width < ROWS)
			return width;
		if (span / (2 * width) < ROWS)
			return 2 * width;
		if (span / (5 * width) < ROWS)
			return 5 * width;
		width *= 10;
	}
}

static void print_bar(FILE *f, uint64_t count, uint64_t most)
{
	uint64_t length = most ? (count * BAR + most - 1) / most : 0;

	fprintf(f, " %10" PRIu64 " ", count);
	while (length--)
		fputc('#', f);
	fputc('\n', f);
}

/* Linear from the minimum to p99.9, and all that is later in one row. */
void report_histogram(const struct latency_options *options, const struct latency_snapshot *s,
		      const struct histogram_list *list)
{
	FILE *f = text_file(options);
	int64_t first = list->length ? list->entries[0].ns : 0;
	int64_t last = histogram_quantile(list, 999);
	int64_t width = row_width(last - first);
	uint64_t rows[ROWS] = { 0 }, later = 0, most = 0;
	size_t i;

	for (i = 0; i < list->length; i++) {
		const struct histogram_entry *e = &list->entries[i];

		if (e->ns > last)
			later += e->count;
		else
			rows[(e->ns - first) / width] += e->count;
	}
	for (i = 0; i < ROWS; i++)
		most = rows[i] > most ? rows[i] : most;
	for (i = 0; (int64_t)i <= (last - first) / width; i++) {
		fprintf(f, "%8" PRId64 " ns", first + (int64_t)i * width);
		print_bar(f, rows[i], most);
	}
	if (later)
		fprintf(f, "%8s    %10" PRIu64 " up to %" PRId64 " ns\n", "later", later,
			s->max_ns);
}

static json_t *json_histogram(const struct histogram_list *list)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < list->length; i++)
		json_array_append_new(array,
				      json_pack("[I,I]", (json_int_t)list->entries[i].ns,
						(json_int_t)list->entries[i].count));
	return array;
}

static json_t *json_report(const struct latency_options *options,
			   const struct latency_snapshot *s, const struct histogram_list *list)
{
	return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}",
			 "what", options->source->what,
			 "period_ns", (json_int_t)options->period_ns,
			 "samples", (json_int_t)s->samples,
			 "min_ns", (json_int_t)s->min_ns,
			 "avg_ns", (json_int_t)average(s),
			 "p999_ns", (json_int_t)histogram_quantile(list, 999),
			 "max_ns", (json_int_t)s->max_ns,
			 "overruns", (json_int_t)s->overruns,
			 "mode_switches", (json_int_t)s->mode_switches,
			 "histogram", json_histogram(list));
}

int report_json(const struct latency_options *options, const struct latency_snapshot *s,
		const struct histogram_list *list)
{
	int to_stdout = !strcmp(options->json, "-");
	FILE *f = to_stdout ? stdout : fopen(options->json, "we");
	json_t *root = json_report(options, s, list);
	int err = -1;

	if (f && root && json_dumpf(root, f, JSON_COMPACT) == 0 && fputc('\n', f) != EOF &&
	    fflush(f) == 0)
		err = 0;
	if (err)
		fprintf(stderr, "keel: %s: %s\n", options->json, strerror(errno));
	if (f && !to_stdout)
		fclose(f);
	json_decref(root);
	return err;
}
