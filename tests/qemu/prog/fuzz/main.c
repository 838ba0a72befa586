// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz [-u] [-s SEED] [-t SECONDS] [-w WORKERS] [-p PROCESSES] [-n THREADS]: everything a process can send
 * Keel, at random, from several processes at a time with several threads each, which come, fork, and
 * are killed in the midst of it, for that long and until there were so many. -u: without root's rights,
 * beside threads that nothing may happen to. The seed is printed; what each thread asks for follows from
 * it, in which order they run does not. Whether all was well is for the kernel's log and the case to say.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <keel/sync.h>
#include "fuzz.h"

#define LIFE_MS		3000

static unsigned long seed;
static int seconds = 10, workers = 1, processes = 4, threads = 4;

int shared;

static unsigned long mix(unsigned long a, unsigned long b)
{
	unsigned long h = (seed + a * 0x9e3779b97f4a7c15ul + b) * 0xd1342543de82ef95ul;

	return (h ^ h >> 29) | 1;
}

static void *requester(void *arg)
{
	struct dice d = { (unsigned long)arg };
	int fd = open(KEEL_DEVICE, O_RDWR);

	tid_note();
	others_nobody();
	for (;;)
		request_random(&d, dice_below(&d, 2) ? fd : shared);
	return NULL;
}

void tid_note(void)
{
	static int count;

	tids[__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) % THREADS_MAX] = gettid();
}

static void on_signal(int unused)
{
}

/* Timers send what comes to their mind: here it is heard by nobody. SIGCHLD is waited for, SIGALRM ends
 * children that wait, and faults are looked at. Not by libc, which keeps two for itself. */
static void signals_ignore(void)
{
	const struct {
		void *handler;
		unsigned long rest[3];
	} ignore = { .handler = SIG_IGN };

	for (int sig = 1; sig <= KEEL_SIGNAL_MAX; sig++)
		if (sig != SIGCHLD && sig != SIGALRM && sig != SIGSEGV)
			syscall(SYS_rt_sigaction, sig, &ignore, NULL, sizeof(long));
}

/* One process: some threads with requests, some hard ones with calls on the library's file. */
static void worker(unsigned int n, unsigned int generation)
{
	struct dice d = { mix(n, generation) };
	struct keel_mutex m;
	struct keel_sem s;
	struct keel_event e;
	struct keel_cond c;
	pthread_t t;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signals_ignore();
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_signal }, NULL);
	sigaction(SIGUSR2, &(struct sigaction){ .sa_handler = on_signal, .sa_flags = SA_RESTART },
		  NULL);
	sigaction(SIGXCPU, &(struct sigaction){ .sa_handler = on_signal, .sa_flags = SA_RESTART },
		  NULL);
	others_worker(n - 1);
	must(keel_open());
	shared = device_fd();
	request_init(&d, shared);
	for (int i = 0; i < 8; i++)
		keel_mutex_create_as(&m, dice_below(&d, 3) | (i & KEEL_MUTEX_ROBUST), 0);
	for (int i = 0; i < 4; i++) {
		keel_sem_create(&s, i, 5);
		keel_event_create(&e, 1);
		keel_cond_create(&c);
	}
	for (int i = 0; i < threads; i++) {
		struct keel_thread_attr attr = {
			.name = "fuzz", .prio = 1 + dice_below(&d, 99),
			.cpu = dice_below(&d, get_nprocs()), .stack = 64 << 10,
		};
		void *own = (void *)(dice_next(&d) | 1);

		if (i % 2)
			keel_thread_create(&t, &attr, hard_random, own);
		else
			pthread_create(&t, NULL, requester, own);
	}
	for (;;)
		pause();
}

static pid_t worker_start(unsigned int n, unsigned int generation)
{
	pid_t pid = fork();

	if (pid == 0)
		worker(n, generation);
	return pid;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* One that found something wrong has said so and ended by itself. */
static void worker_end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		fail("a worker ended with status %d", WEXITSTATUS(status));
}

/* Each worker lives a while and is killed, wherever it is. Returns how many there were. */
static unsigned int run(void)
{
	struct { pid_t pid; long end; } w[WORKERS_MAX] = { 0 };
	struct dice d = { mix(0, 0) };
	long end = now_ms() + seconds * 1000l;
	unsigned int count = 0;

	while (now_ms() < end || count < (unsigned int)workers) {
		for (int n = 0; n < processes; n++) {
			if (w[n].pid && now_ms() < w[n].end)
				continue;
			if (w[n].pid)
				worker_end(w[n].pid);
			w[n].pid = worker_start(n + 1, ++count);
			w[n].end = now_ms() + 50 + dice_below(&d, LIFE_MS);
		}
		sleep_ms(20);
	}
	for (int n = 0; n < processes; n++)
		worker_end(w[n].pid);
	return count;
}

/* A name that is kept outlives all processes. */
static void names_remove(void)
{
	int fd = open(KEEL_DEVICE, O_RDWR);

	for (unsigned int i = 0; i < FUZZ_NAMES * KEEL_TYPES; i++) {
		struct keel_name n = { .type = i % KEEL_TYPES, .mode = KEEL_NAME_UNLINK };

		snprintf(n.name, sizeof(n.name), "fuzz%u", i / KEEL_TYPES);
		if (ioctl(fd, KEEL_IOC_NAME_DELETE, &n) && errno != ENOENT)
			fail("%s of type %u: %m", n.name, n.type);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	int opt, fd, as_nobody = 0;

	seed = time(NULL);
	while ((opt = getopt(argc, argv, "us:t:w:p:n:")) != -1) {
		switch (opt) {
		case 'u': as_nobody = 1; break;
		case 's': seed = strtoul(optarg, NULL, 0); break;
		case 't': seconds = atoi(optarg); break;
		case 'w': workers = atoi(optarg); break;
		case 'p': processes = atoi(optarg); break;
		case 'n': threads = atoi(optarg); break;
		default: fail("usage: fuzz [-u] [-s SEED] [-t SECONDS] [-w WORKERS] [-p PROCESSES] [-n THREADS]");
		}
	}
	if (processes < 1 || processes > WORKERS_MAX || threads < 1 || threads > THREADS_MAX)
		fail("processes: 1 to %d, threads: 1 to %d", WORKERS_MAX, THREADS_MAX);
	printf("seed %lu\n", seed);
	fflush(stdout);
	fd = open(KEEL_DEVICE, O_RDWR);
	if (fd < 0)
		fail("%s: %m", KEEL_DEVICE);
	pages_check(fd);
	close(fd);
	others_init(as_nobody);
	untouched_begin();
	printf("workers %u\n", run());
	untouched_end();
	control_on();
	names_remove();
	return 0;
}
