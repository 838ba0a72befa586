// SPDX-License-Identifier: GPL-2.0
/*
 * objects [ROW...] | --list: what hard threads synchronise by, through the library: each wait
 * ends for the right reason and in the right order, also when those who hold something are in-band
 * or die. Threads of different priority lie on different CPUs where there are several.
 */
#include "objects.h"
#include "rows.h"

#define ROW(name, fn) { name, fn, EXITED(0), 1 }

static const struct row table[] = {
	ROW("sem-order", sem_order),
	ROW("sem-reasons", sem_reasons),
	ROW("sem-interrupt", sem_interrupt),
	ROW("events", events),
	ROW("rwlocks", rwlocks),
	ROW("barriers", barriers),
	ROW("sets", sets),
	ROW("clock-sets", clock_sets),
	ROW("mutex-fast", mutex_fast),
	ROW("mutex-inband", mutex_inband),
	ROW("mutex-owner-dies", mutex_owner_dies),
	ROW("mutex-robust", mutex_robust),
	ROW("mutex-kinds", mutex_kinds),
	ROW("mutex-interrupt", mutex_interrupt),
	ROW("conds", conds),
	ROW("conds-boost", conds_boost),
	ROW("queue-order", queue_order),
	ROW("queue-in-place", queue_in_place),
	ROW("queue-notify", queue_notify),
	ROW("queue-set", queue_set),
	ROW("buffers", buffers),
	ROW("channel", channel),
	ROW("channel-server-dies", channel_server_dies),
	ROW("heaps", heaps),
	ROW("copy-not-there", copy_not_there),
	ROW("names-shared", names_shared),
	ROW("names-notify", names_notify),
	ROW("names-killed", names_killed),
	ROW("names-rights", names_rights),
	ROW("unblock-each", unblock_each),
	ROW("unblock-nobody", unblock_nobody),
	{ "unblock-races", unblock_races, EXITED(0), 2 },
	{ "boost-shown", boost_shown, EXITED(0), 2 },
	{ "boost-given-up", boost_given_up, EXITED(0), 2 },
	{ "boost-bounded", boost_bounded, EXITED(0), 2 },
	{ "boost-dies", boost_dies, EXITED(0), 2 },
};

int main(int argc, char **argv)
{
	setlinebuf(stdout);
	return rows_main(table, ROWS(table), argc, argv);
}
