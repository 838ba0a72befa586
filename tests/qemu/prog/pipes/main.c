// SPDX-License-Identifier: GPL-2.0
/*
 * pipes [ROW...] | --list: what leads from hard threads to Linux and back: pipes with /dev/rtpN, proxies,
 * eventfds. In each row the main thread is Linux's side, or becomes hard itself.
 */
#include "pipes.h"
#include "rows.h"

#define ROW(name, fn) { name, fn, EXITED(0), 1 }

static const struct row table[] = {
	ROW("order", order),
	ROW("sizes", sizes),
	ROW("numbers", numbers),
	ROW("polling", polling),
	ROW("pressure-linux", pressure_linux),
	ROW("pressure-hard", pressure_hard),
	ROW("deleted", deleted),
	ROW("ended", ended),
	ROW("inherited", inherited),
	ROW("interrupted", interrupted),
	ROW("flushing", flushing),
	ROW("watching", watching),
	ROW("bound-both", bound_both),
	ROW("bound-given-up", bound_given_up),
	ROW("bound-orphaned", bound_orphaned),
	ROW("bound-wrong", bound_wrong),
	ROW("memory-missing", memory_missing),
	ROW("wrong", wrong),
	ROW("proxy-file", proxy_file),
	ROW("proxy-kinds", proxy_kinds),
	ROW("proxy-full", proxy_full),
	ROW("proxy-stuck", proxy_stuck),
	ROW("proxy-left", proxy_left),
	ROW("proxy-wrong", proxy_wrong),
	ROW("eventfd-counts", eventfd_counts),
	ROW("eventfd-full", eventfd_full),
	ROW("torture", torture_short),
};

static const struct row long_table[] = { ROW("torture-long", torture_long) };

int main(int argc, char **argv)
{
	setlinebuf(stdout);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "inherited"))
		return read_inherited(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "keep"))
		return keep();
	if (argc == 2 && !strcmp(argv[1], long_table[0].name))
		return rows_main(long_table, ROWS(long_table), argc, argv);
	return rows_main(table, ROWS(table), argc, argv);
}
