// SPDX-License-Identifier: GPL-2.0
/*
 * alchemy [ROW...] | --list | --missing: rows of the Alchemy skin, see alchemy.h; --missing: calls that
 * have none.
 */
#include "alchemy.h"

#define X(name) void row_##name(void) __attribute__((weak));
#include "alchemy.inc"
#undef X

#define X(name) { #name, row_##name, EXITED(0), 1 },
static const struct row all[] = {
#include "alchemy.inc"
};
#undef X

int main(int argc, char **argv)
{
	struct row there[ROWS(all)];
	int missing = argc == 2 && !strcmp(argv[1], "--missing");
	int count = 0;

	for (int i = 0; i < ROWS(all); i++)
		if (all[i].run)
			there[count++] = all[i];
		else if (missing)
			printf("%s\n", all[i].name);
	return missing ? count != ROWS(all) : rows_main(there, count, argc, argv);
}
