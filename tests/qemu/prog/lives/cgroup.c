// SPDX-License-Identifier: GPL-2.0
/*
 * What others do to a process with hard threads: stop it, move it, take its memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "hard.h"
#include "lives.h"

#define ROUNDS		5
#define THREADS_FILE	"/sys/kernel/debug/keel/threads"

static struct {
	int count;		/* of the one that never sleeps */
	int eat;		/* its process is to eat memory up */
} *hog;

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail("%s to %s: %m", text, path);
	close(fd);
}

static int has(const char *path, const char *text)
{
	char buf[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (n < 0)
		fail("%s: %m", path);
	close(fd);
	buf[n] = 0;
	return strstr(buf, text) != NULL;
}

static void put_number(const char *path, long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", number);
	put(path, text);
}

/* Nearly always: without a pause now and then work of Linux's that needs each CPU would wait for
 * the watchdog. */
static void *spins(void *arg)
{
	int64_t rest = keel_clock_ns(), now;

	for (;;) {
		now = keel_clock_ns();
		flag_set(&hog->count, hog->count + 1);
		if (now > rest) {
			must(keel_sleep(100 * US));
			rest = now + 10 * MS;
		}
	}
	return arg;
}

/* A process with some hard threads, one of which leaves little of CPU 1 to Linux. */
static pid_t victim_start(void)
{
	pid_t pid;

	some_share();
	hog = shared_alloc(sizeof(*hog));
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		some_start();
		hard_create("hog", 5, 1, spins, NULL);
		while (!flag_get(&hog->eat))
			sleep_ms(1);
		for (;;)
			memset(malloc(1 << 20), 1, 1 << 20);
	}
	await(&hog->count, 1, "the hog");
	check(some_ready());
	return pid;
}

static void victim_end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	check(waitpid(pid, &status, 0) == pid && status == SIGKILL);
}

/* ---- freezers ------------------------------------------------------------------------------------ */

static void is_frozen(void)
{
	int count = flag_get(&hog->count);
	long points = some_points();

	sleep_ms(30);
	if (flag_get(&hog->count) != count || some_points() != points)
		fail("frozen, and ran on");
}

static void is_thawed(void)
{
	await(&hog->count, flag_get(&hog->count) + 10, "the hog to go on");
	some_check();
}

static void wait_for(const char *path, const char *text)
{
	for (int i = 0; !has(path, text); i++) {
		if (i == 5000)
			fail("%s: no %s within 10 s", path, text);
		sleep_ms(2);
	}
}

static void mount_at(const char *dir, const char *type, const char *options)
{
	if ((mkdir(dir, 0755) && errno != EEXIST) || mount("none", dir, type, 0, options))
		fail("mount %s: %m", type);
}

static void group_enter(const char *procs, pid_t pid)
{
	put_number(procs, pid);
}

void cgroup_freeze_v2(void)
{
	pid_t pid = victim_start();

	mount_at("/tmp/cg2", "cgroup2", NULL);
	check(!mkdir("/tmp/cg2/frozen", 0755));
	group_enter("/tmp/cg2/frozen/cgroup.procs", pid);
	for (int i = 0; i < ROUNDS; i++) {
		put("/tmp/cg2/frozen/cgroup.freeze", "1");
		wait_for("/tmp/cg2/frozen/cgroup.events", "frozen 1");
		is_frozen();
		if (i == ROUNDS - 1)
			break;
		put("/tmp/cg2/frozen/cgroup.freeze", "0");
		is_thawed();
		usleep(i * 997);
	}
	victim_end(pid);	/* frozen */
	check(!rmdir("/tmp/cg2/frozen") && !umount("/tmp/cg2"));
}

void cgroup_freeze_v1(void)
{
	pid_t pid = victim_start();

	mount_at("/tmp/cg1", "cgroup", "freezer");
	check(!mkdir("/tmp/cg1/frozen", 0755));
	group_enter("/tmp/cg1/frozen/cgroup.procs", pid);
	for (int i = 0; i < ROUNDS; i++) {
		put("/tmp/cg1/frozen/freezer.state", "FROZEN");
		wait_for("/tmp/cg1/frozen/freezer.state", "FROZEN");
		is_frozen();
		put("/tmp/cg1/frozen/freezer.state", "THAWED");
		is_thawed();
		usleep(i * 997);
	}
	victim_end(pid);
	check(!rmdir("/tmp/cg1/frozen") && !umount("/tmp/cg1"));
}

/* ---- other CPUs ------------------------------------------------------------------------------------ */

/* How many threads called @name are not hard on @cpu. */
static int elsewhere(const char *name, int cpu)
{
	FILE *f = fopen(THREADS_FILE, "r");
	char line[256], state[16], its_name[16];
	int its_cpu, n = 0;

	check(f && fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f)) {
		check(sscanf(line, "%*d %d %*d %*d %15s %*d %*d %15[^\n]", &its_cpu, state,
			     its_name) == 3);
		if (!strcmp(its_name, name))
			n += its_cpu != cpu || !strcmp(state, "in-band");
	}
	fclose(f);
	return n;
}

static void await_cpu(const char *name, int cpu)
{
	for (int i = 0; elsewhere(name, cpu); i++) {
		if (i == 500)
			fail("%s is not hard on CPU %d within 10 s", name, cpu);
		sleep_ms(20);
	}
}

static int tids[3];

static void *works(void *arg)
{
	int64_t until;

	flag_set(&tids[0], gettid());
	for (;;) {
		until = keel_clock_ns() + 4 * MS;
		while (keel_clock_ns() < until)
			;
		must(keel_sleep(2 * MS));
	}
	return arg;
}

static void *sleeps(void *arg)
{
	flag_set(&tids[1], gettid());
	must(keel_sleep(3600 * 1000 * MS));
	return arg;
}

static void *by_periods(void *arg)
{
	flag_set(&tids[2], gettid());
	must(keel_period_set(0, MS));
	for (;;)
		must(keel_period_wait(NULL));
	return arg;
}

/* Nobody tells Keel, and it is a second or two until it is seen; then they move, and are hard there,
 * without an error from any call. */
void affinity_change(void)
{
	static const char *const names[] = { "works", "sleeps", "by-periods" };
	static void *(*const fns[])(void *) = { works, sleeps, by_periods };
	cpu_set_t set;

	for (int i = 0; i < 3; i++) {
		hard_create(names[i], 10 + i, 1, fns[i], NULL);
		await(&tids[i], 1, names[i]);
	}
	for (int cpu = 0; cpu < 2; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		for (int i = 0; i < 3; i++)
			check(!sched_setaffinity(tids[i], sizeof(set), &set));
		for (int i = 0; i < 3; i++)
			await_cpu(names[i], cpu);
	}
}

void cgroup_cpuset(void)
{
	pid_t pid;

	some_share();
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < 2; i++)
			hard_create("confined", 10, i, by_periods, NULL);
		some_start();
		for (;;)
			pause();
	}
	for (int i = 0; !some_ready(); i++, sleep_ms(2))
		check(i < 5000);
	mount_at("/tmp/cg2", "cgroup2", NULL);
	put("/tmp/cg2/cgroup.subtree_control", "+cpuset");
	check(!mkdir("/tmp/cg2/cpus", 0755));
	put("/tmp/cg2/cpus/cpuset.cpus", "0");
	group_enter("/tmp/cg2/cpus/cgroup.procs", pid);
	await_cpu("confined", 0);
	some_check();
	put("/tmp/cg2/cpus/cpuset.cpus", "1");
	await_cpu("confined", 1);
	some_check();
	victim_end(pid);
	check(!rmdir("/tmp/cg2/cpus"));
	put("/tmp/cg2/cgroup.subtree_control", "-cpuset");
	check(!umount("/tmp/cg2"));
}

/* ---- memory ------------------------------------------------------------------------------------------ */

/* The reaper takes the memory away while the hard threads still run. */
void cgroup_oom(void)
{
	char kills[32];
	pid_t pid;
	int status;

	mount_at("/tmp/cg2", "cgroup2", NULL);
	put("/tmp/cg2/cgroup.subtree_control", "+memory");
	check(!mkdir("/tmp/cg2/small", 0755));
	put("/tmp/cg2/small/memory.max", "50000000");
	for (int i = 0; i < ROUNDS; i++) {
		pid = victim_start();
		group_enter("/tmp/cg2/small/cgroup.procs", pid);
		flag_set(&hog->eat, 1);
		check(waitpid(pid, &status, 0) == pid);
		if (status != SIGKILL)
			fail("out of memory: status 0x%x", status);
		snprintf(kills, sizeof(kills), "oom_kill %d\n", i + 1);
		check(has("/tmp/cg2/small/memory.events", kills));
	}
	check(!rmdir("/tmp/cg2/small"));
	put("/tmp/cg2/cgroup.subtree_control", "-memory");
	check(!umount("/tmp/cg2"));
}
