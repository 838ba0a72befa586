// SPDX-License-Identifier: GPL-2.0
/*
 * storm herd|kill|stop N: a herd is a process whose hard threads, on all CPUs, begin, work, are moved
 * and end at random, with mutexes that they share and often die with. One herd runs for N seconds;
 * or N process groups of two of them are killed at a random moment; or one is stopped and continued
 * N times. Afterwards Keel has nothing left of any, and the memory is there again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "hard.h"

#define OBJECTS		"/sys/kernel/debug/keel/objects"
#define WORKERS		8
#define MUTEXES		4
#define WARM_UP		10	/* kills, before memory is counted */
#define LOST_KB		4096	/* Linux keeps slabs and stacks of dead tasks; objects are counted exactly */

static struct shared {
	int stop;
	int alive;		/* the herd has begun */
	int actions;		/* of all its workers */
} *shared;

static struct worker {
	pthread_t thread;
	int used, done;
	pid_t tid;
	unsigned int seed;
} workers[WORKERS];

static struct keel_mutex mutexes[MUTEXES];

static unsigned int below(unsigned int *seed, unsigned int limit)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 8) % limit;
}

/* ---- a worker --------------------------------------------------------------------------------- */

static void expect(const char *what, long ret, long also)
{
	if (ret < 0 && ret != -EOWNERDEAD && ret != also)
		fail("%s: %s", what, strerror(-ret));
}

static void spin(int64_t ns)
{
	int64_t until = keel_clock_ns() + ns;

	while (keel_clock_ns() < until)
		;
}

/* In rising order, so nobody waits in a ring. */
static void lock_two(unsigned int *seed)
{
	int a = below(seed, MUTEXES - 1), b = a + 1 + below(seed, MUTEXES - 1 - a);

	expect("lock", keel_mutex_lock(&mutexes[a]), 0);
	expect("lock", keel_mutex_lock(&mutexes[b]), 0);
	expect("sleep", keel_sleep(below(seed, 100) * US), 0);
	expect("unlock", keel_mutex_unlock(&mutexes[b]), 0);
	expect("unlock", keel_mutex_unlock(&mutexes[a]), 0);
}

static void lock_timed(unsigned int *seed)
{
	struct keel_mutex *m = &mutexes[below(seed, MUTEXES)];
	long ret = keel_mutex_timedlock(m, keel_clock_ns() + 200 * US);

	expect("timedlock", ret, -ETIMEDOUT);
	if (ret != -ETIMEDOUT)
		expect("unlock", keel_mutex_unlock(m), 0);
}

static void act(unsigned int *seed)
{
	switch (below(seed, 8)) {
	case 0:
		expect("period", keel_period_wait(NULL), 0);
		break;
	case 1:
		expect("sleep", keel_sleep(below(seed, 500) * US), 0);
		break;
	case 2:
		lock_two(seed);
		break;
	case 3:
		lock_timed(seed);
		break;
	case 4:
		spin(below(seed, 200) * US);
		break;
	case 5:
		getppid();
		break;
	case 6:
		expect("yield", keel_yield(), 0);
		break;
	case 7:
		expect("priority", keel_priority_set(1 + below(seed, 50)), 0);
	}
}

/* One in two ends with a mutex, one in four behind the library's back. */
static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int *seed = &w->seed, n = 10 + below(seed, 100);

	flag_set(&w->tid, gettid());
	expect("period", keel_period_set(0, (500 + below(seed, 2000)) * US), 0);
	while (n-- && !flag_get(&shared->stop)) {
		act(seed);
		__atomic_fetch_add(&shared->actions, 1, __ATOMIC_RELAXED);
	}
	if (below(seed, 2))
		expect("lock", keel_mutex_lock(&mutexes[below(seed, MUTEXES)]), 0);
	flag_set(&w->done, 1);
	if (!below(seed, 4))
		syscall(SYS_exit, 0);
	return arg;
}

/* ---- a herd ------------------------------------------------------------------------------------- */

static void worker_start(struct worker *w, unsigned int *seed)
{
	*w = (struct worker){ .used = 1, .seed = *seed };
	w->thread = hard_create("worker", 1 + below(seed, 50), below(seed, get_nprocs()), work, w);
}

static void worker_end(struct worker *w)
{
	pthread_join(w->thread, NULL);
	w->used = 0;
}

/* Some will be gone, or go, or are in any state. */
static void worker_move(struct worker *w, unsigned int *seed)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(below(seed, get_nprocs()), &set);
	if (flag_get(&w->tid))
		sched_setaffinity(w->tid, sizeof(set), &set);
}

/* One that ends behind the library's back has been joined a moment before Keel hears of it. */
static void mutex_end(struct keel_mutex *m)
{
	int err;

	for (int i = 0; (err = keel_mutex_delete(m)); i++) {
		if (err != -EBUSY || i == 5000)
			fail("delete: %s", strerror(-err));
		sleep_ms(2);
	}
}

static void herd(unsigned int seed)
{
	must(keel_open());
	for (int i = 0; i < MUTEXES; i++)
		must(keel_mutex_create(&mutexes[i]));
	flag_set(&shared->alive, 1);
	while (!flag_get(&shared->stop)) {
		struct worker *w = &workers[below(&seed, WORKERS)];

		if (!w->used)
			worker_start(w, &seed);
		else if (flag_get(&w->done))
			worker_end(w);
		else if (!below(&seed, 8))
			worker_move(w, &seed);
		usleep(below(&seed, 1000));
	}
	for (int i = 0; i < WORKERS; i++)
		if (workers[i].used)
			worker_end(&workers[i]);
	for (int i = 0; i < MUTEXES; i++)
		mutex_end(&mutexes[i]);
	_exit(0);
}

static pid_t herd_start(unsigned int seed)
{
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		herd(seed);
	return pid;
}

/* ---- what is left -------------------------------------------------------------------------------- */

static int objects(char *text, size_t size)
{
	int fd = open(OBJECTS, O_RDONLY), n, sum = 0;
	char *p = text;

	n = fd < 0 ? -1 : read(fd, text, size - 1);
	if (n <= 0)
		fail(OBJECTS ": %m");
	close(fd);
	text[n] = 0;
	while ((p = strpbrk(p, "0123456789")))
		sum += strtol(p, &p, 10);
	return sum;
}

/* Stacks, windows and tables: what Keel has of the kernel's mapped memory. */
static int areas(void)
{
	FILE *f = fopen("/proc/vmallocinfo", "r");
	char line[256];
	int n = 0;

	check(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "[keel]") != NULL;
	fclose(f);
	return n;
}

static int areas_before = 1 << 20;

static void nothing_left(void)
{
	char text[256];

	/* Some of it waits for grace periods. */
	for (int i = 0; objects(text, sizeof(text)); i++) {
		if (i == 500)
			fail("left over: %s", text);
		sleep_ms(20);
	}
	for (int i = 0; areas() > areas_before; i++) {
		if (i == 500)
			fail("%d areas of memory left over", areas() - areas_before);
		sleep_ms(20);
	}
}

/* What is in use. Not what is free: of that the CPUs keep megabytes on lists of their own. */
static long memory_kb(void)
{
	static const char *const used[] = {
		"SUnreclaim", "KernelStack", "PageTables", "VmallocUsed", "Percpu", "AnonPages",
	};
	char line[128], name[64];
	long kb, all = 0;
	FILE *f;

	sync();
	f = fopen("/proc/sys/vm/drop_caches", "w");
	check(f && fputs("3", f) >= 0 && !fclose(f));
	sleep_ms(200);
	f = fopen("/proc/meminfo", "r");
	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
			if (sscanf(line, "%63[^:]: %ld", name, &kb) == 2 && !strcmp(name, used[i]))
				all += kb;
	fclose(f);
	return all;
}

static void memory_back(long before)
{
	long lost = memory_kb() - before;

	printf("%ld KB lost\n", lost);
	if (lost > LOST_KB)
		fail("%ld KB of memory are gone", lost);
}

/* ---- storms --------------------------------------------------------------------------------------- */

static void storm_herd(int seconds)
{
	pid_t pid = herd_start(1);
	int status;

	sleep(seconds);
	flag_set(&shared->stop, 1);
	check(waitpid(pid, &status, 0) == pid);
	if (status)
		fail("the herd ended with status 0x%x", status);
	printf("%d actions\n", shared->actions);
	check(shared->actions > seconds * 100);
}

/* A group of two, of which one was made by the other. */
static void group(unsigned int seed)
{
	setpgid(0, 0);
	if (fork() == 0)
		seed += 1000000;
	herd(seed);
}

static void kill_one(unsigned int i, unsigned int *seed)
{
	int status;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (pid == 0)
		group(i);
	setpgid(pid, pid);
	if (i & 1)
		await(&shared->actions, 1 + below(seed, 60), "a herd");
	usleep(below(seed, 10000));
	check(!kill(-pid, SIGKILL));
	while (waitpid(-pid, &status, 0) > 0)
		if (status != SIGKILL)
			fail("a herd ended with status 0x%x", status);
}

static void storm_kill(int count)
{
	unsigned int seed = 7;
	long before = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < count; i++) {
		if (i == WARM_UP) {
			nothing_left();
			before = memory_kb();
		}
		kill_one(i, &seed);
	}
	nothing_left();
	if (before)
		memory_back(before);
}

static void stop_one(pid_t pid, unsigned int *seed)
{
	int status, actions;

	usleep(below(seed, 3000));
	kill(pid, SIGSTOP);
	check(waitpid(pid, &status, WUNTRACED) == pid);
	if (!WIFSTOPPED(status))
		fail("the herd ended with status 0x%x", status);
	actions = flag_get(&shared->actions);
	usleep(below(seed, 3000));
	if (flag_get(&shared->actions) != actions)
		fail("stopped, and %d actions", flag_get(&shared->actions) - actions);
	kill(pid, SIGCONT);
	check(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
}

static void storm_stop(int count)
{
	pid_t pid = herd_start(2);
	unsigned int seed = 9;
	int status;

	await(&shared->actions, 20, "the herd");
	for (int i = 0; i < count; i++)
		stop_one(pid, &seed);
	await(&shared->actions, flag_get(&shared->actions) + 100, "the herd to go on");
	flag_set(&shared->stop, 1);
	check(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(int argc, char **argv)
{
	static const struct storm {
		const char *name;
		void (*run)(int n);
	} storms[] = {
		{ "herd", storm_herd }, { "kill", storm_kill }, { "stop", storm_stop },
	};

	setlinebuf(stdout);
	shared = shared_alloc(sizeof(*shared));
	nothing_left();
	areas_before = areas();
	for (unsigned int i = 0; i < sizeof(storms) / sizeof(storms[0]); i++)
		if (argc == 3 && !strcmp(argv[1], storms[i].name)) {
			storms[i].run(atoi(argv[2]));
			nothing_left();
			return 0;
		}
	fail("usage: storm herd|kill|stop N");
}
