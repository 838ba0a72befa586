// SPDX-License-Identifier: GPL-2.0
/*
 * badinput [CPU]: everything that Keel must refuse, and that refusing it changes nothing. With
 * CPU, which must be offline, only what concerns such a CPU. A process beside has a hard thread
 * all the time, which must not notice.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "badinput.h"

int badinput_fd;

static struct keel_info info;
static int threads;

/* ---- the tables ------------------------------------------------------------------------ */

static void judge(const char *where, const char *what, long ret, long want, int hard)
{
	if (ret != want)
		fail("%s: %s: %ld, not %ld", where, what, ret, want);
	if (keel_is_hard() != hard)
		fail("%s: %s: %s afterwards", where, what, hard ? "in-band" : "hard");
}

static int threads_count(void)
{
	FILE *f = fopen("/sys/kernel/debug/keel/threads", "r");
	int c, lines = 0;

	if (!f)
		fail("keel/threads: %m");
	while ((c = getc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	return lines;
}

static void state_get(struct keel_info *to, int *count)
{
	memset(to, 0, sizeof(*to));
	if (ioctl(badinput_fd, KEEL_IOC_INFO, to))
		fail("KEEL_IOC_INFO: %m");
	*count = threads_count();
}

static void state_check(const char *where, int count)
{
	struct keel_stats stats;
	struct keel_info now_info;
	int now_threads, self = keel_stats_get(&stats) == 0;

	state_get(&now_info, &now_threads);
	/* What an ended thread leaves is removed by a kernel worker. */
	for (int i = 0; now_threads != threads + self && i < 500; i++) {
		sleep_ms(10);
		now_threads = threads_count();
	}
	if (memcmp(&now_info, &info, sizeof(info)))
		fail("%s: KEEL_IOC_INFO tells something else now", where);
	if (now_threads != threads + self)
		fail("%s: %d threads, not %d", where, now_threads, threads + self);
	printf("%s: %d\n", where, count);
	fflush(stdout);
}

void rows_run(const char *where, const struct row *rows, int count)
{
	int hard = keel_is_hard();

	for (int i = 0; i < count; i++)
		judge(where, rows[i].what, rows[i].call(), rows[i].want, hard);
	state_check(where, count);
}

void requests_run(const char *where, const struct request *requests, int count)
{
	int hard = keel_is_hard();

	for (int i = 0; i < count; i++) {
		const struct request *r = &requests[i];

		judge(where, r->what, result(ioctl(badinput_fd, r->cmd, r->arg)), r->want, hard);
	}
	state_check(where, count);
}

/* ---- the one who must not notice ---------------------------------------------------------- */

struct witness {
	int beats, quit;
	unsigned long relaxes;
	pid_t pid;
};

static void witness_run(struct witness *w)
{
	struct keel_stats stats;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(keel_thread_attach("witness", 50, 0));
	must(keel_period_set(0, MS));
	while (!flag_get(&w->quit)) {
		must(keel_period_wait(NULL));
		flag_set(&w->beats, w->beats + 1);
	}
	must(keel_stats_get(&stats));
	w->relaxes = stats.mode_switches;
	keel_thread_detach();
	_exit(0);
}

static struct witness *witness_start(void)
{
	struct witness *w = shared_alloc(sizeof(*w));
	pid_t pid = fork();

	if (pid == 0)
		witness_run(w);
	w->pid = pid;
	await(&w->beats, 10, "the witness");
	return w;
}

static void witness_end(struct witness *w)
{
	int status;

	await(&w->beats, flag_get(&w->beats) + 10, "the witness at the end");
	flag_set(&w->quit, 1);
	if (waitpid(w->pid, &status, 0) != w->pid || status)
		fail("the witness ended with status %#x", status);
	if (w->relaxes)
		fail("the witness left hard mode %lu times", w->relaxes);
}

/* ---- and all is well afterwards ------------------------------------------------------------ */

static void good_test(void)
{
	struct keel_mutex m;

	must(keel_mutex_create(&m));
	must(keel_thread_attach("good", 20, 0));
	must(keel_period_set(0, MS));
	for (int i = 0; i < 20; i++) {
		must(keel_mutex_lock(&m));
		must(keel_period_wait(NULL));
		must(keel_mutex_unlock(&m));
	}
	check(keel_is_hard());
	must(keel_thread_detach());
	must(keel_mutex_delete(&m));
}

int main(int argc, char **argv)
{
	struct witness *w = witness_start();

	must(keel_open());
	badinput_fd = open(KEEL_DEVICE, O_RDWR);
	if (badinput_fd < 0)
		fail("%s: %m", KEEL_DEVICE);
	state_get(&info, &threads);
	if (argc == 2) {
		offline_test(atoi(argv[1]));
	} else {
		requests_test();
		inband_test();
		hard_test();
		objects_test();
		messages_test();
		sched_test();
		poll_test();
		every_test();
		attach_test();
		others_test();
	}
	good_test();
	state_check("at the end", 1);
	close(badinput_fd);
	keel_close();
	witness_end(w);
	return 0;
}
