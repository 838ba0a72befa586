// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include "stats.h"

static const char *path;
static pid_t writer;

static const char *const reasons[KEEL_RELAX_REASONS] = {
	"none", "call", "syscall", "fault", "signal", "watchdog", "detach",
};

#define X(name, version, group, mode) #name,
static const char *const names[] = {
#include "wrappers.list"
};
#undef X

static void write_calls(int fd, const struct posix_counts *c)
{
	const char *comma = "";
	int i;

	for (i = 0; i < POSIX_CALLS; i++) {
		if (!c->core[i] && !c->glibc[i])
			continue;
		dprintf(fd, "%s\n    \"%s\": { \"core\": %u, \"glibc\": %u }", comma, names[i],
			c->core[i], c->glibc[i]);
		comma = ",";
	}
}

static void write_all(int fd, const struct posix_counts *c)
{
	const char *comma = "";
	int i;

	dprintf(fd, "{\n  \"pid\": %d,\n  \"threads\": { \"realtime\": %u, \"weak\": %u },\n", writer,
		c->threads, c->weak);
	dprintf(fd, "  \"hardens\": %llu,\n  \"mode_switches\": {", (unsigned long long)c->hardens);
	for (i = 1; i < KEEL_RELAX_REASONS; i++) {
		dprintf(fd, "%s \"%s\": %llu", comma, reasons[i], (unsigned long long)c->relaxes[i]);
		comma = ",";
	}
	dprintf(fd, " },\n  \"calls\": {");
	write_calls(fd, c);
	dprintf(fd, "\n  }\n}\n");
}

__attribute__((destructor)) static void end(void)
{
	struct posix_counts counts;
	int fd;

	if (!path || getpid() != writer)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		dprintf(2, "keel: %s: %m\n", path);
		return;
	}
	posix_counts_all(&counts);
	write_all(fd, &counts);
	close(fd);
}

static void first_priority(const char *text)
{
	struct sched_param param = { .sched_priority = atoi(text) };

	if (REAL(sched_setscheduler)(0, SCHED_FIFO, &param) < 0)
		dprintf(2, "keel: priority %s: %m\n", text);
	else
		posix_follow(SCHED_FIFO, param.sched_priority);
	unsetenv(POSIX_ENV_PRIORITY);
}

void posix_stats_begin(void)
{
	const char *prio = secure_getenv(POSIX_ENV_PRIORITY);

	path = secure_getenv(POSIX_ENV_STATS);
	writer = getpid();
	if (prio)
		first_priority(prio);
}
