// SPDX-License-Identifier: GPL-2.0
/*
 * alchemy [ROW...] | --list | --missing: rows of the Alchemy skin, see alchemy.h; --missing: calls that
 * have none. When all have run, each error that a call's header names must have been seen by its row.
 */
#include "alchemy.h"

#define X(name) void row_##name(void) __attribute__((weak));
#include "alchemy.inc"
#undef X

#define X(name) CALL_##name,
enum {
#include "alchemy.inc"
	CALLS
};
#undef X

/* Of each row the errors that it has seen; shared with its processes. */
struct seen {
	unsigned char errors[CALLS][ERRORS];
	int row;
};

static struct seen *seen;

void error_seen(long error)
{
	if (error < 0 && error > -ERRORS)
		__atomic_store_n(&seen->errors[seen->row][-error], 1, __ATOMIC_RELAXED);
}

#define X(name)									\
	static void run_##name(void)						\
	{									\
		seen->row = CALL_##name;					\
		row_##name();							\
	}
#include "alchemy.inc"
#undef X

static const struct {
	struct row row;
	void (*there)(void);
} all[] = {
#define X(name) { { #name, run_##name, EXITED(0), 1 }, row_##name },
#include "alchemy.inc"
#undef X
};

static const struct documented {
	const char *call;
	int error;
	const char *name;
} documented[] = {
#include "alchemy-errors.inc"
};

/* What is said of several calls together, and not so of these; or what no row can bring about. */
static const struct documented excused[] = {
#include "excused.inc"
};

static int is_excused(const struct documented *d)
{
	for (int i = 0; i < ROWS(excused); i++)
		if (excused[i].error == d->error && !strcmp(excused[i].call, d->call))
			return 1;
	return 0;
}

static int was_seen(const struct documented *d)
{
	for (int i = 0; i < CALLS; i++)
		if (!strcmp(all[i].row.name, d->call))
			return seen->errors[i][d->error];
	return 1;	/* one that is not of the API */
}

static int errors_missing(void)
{
	int missing = 0;

	for (int i = 0; i < ROWS(documented); i++) {
		int excuse = is_excused(&documented[i]), was = was_seen(&documented[i]);

		if (excuse == was)
			printf("%s: -%s was %s\n", documented[i].call, documented[i].name,
			       was ? "seen, and is excused" : "not seen");
		missing += excuse == was;
	}
	return missing != 0;
}

int main(int argc, char **argv)
{
	struct row there[CALLS];
	int missing = argc == 2 && !strcmp(argv[1], "--missing");
	int count = 0, err;

	seen = shared_alloc(sizeof(*seen));
	for (int i = 0; i < CALLS; i++)
		if (all[i].there)
			there[count++] = all[i].row;
		else if (missing)
			printf("%s\n", all[i].row.name);
	if (missing)
		return count != CALLS;
	err = rows_main(there, count, argc, argv);
	return err || argc > 1 ? err : errors_missing();
}
