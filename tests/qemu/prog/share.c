// SPDX-License-Identifier: GPL-2.0
/*
 * share CPU PERCENT MS: a hard thread that takes PERCENT of CPU, in pieces of 10 ms, for MS; 0: that sleeps
 * for 500 ns again and again, which is too short for Linux to get anywhere. Meanwhile a Linux thread on
 * that CPU counts how often it finds a new millisecond, and one elsewhere makes calls that this CPU must
 * answer. Prints what each has done, and how long a call took at most.
 */
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include "hard.h"

#define PIECE	(10 * MS)
#define NAP	500

static int cpu, percent;
static int64_t begin, end;
static int begun, over;

static void spin(int64_t until)
{
	while (keel_clock_ns() < until)
		;
}

static void take_piece(void)
{
	int64_t piece = keel_clock_ns();

	spin(piece + PIECE * percent / 100);
	if (percent < 100)
		must(keel_sleep_until(piece + (percent ? PIECE : NAP)));
}

static void *hog(void *arg)
{
	end = keel_clock_ns() + (int64_t)arg * MS;
	flag_set(&begun, 1);
	while (keel_clock_ns() < end)
		take_piece();
	check(keel_is_hard());
	flag_set(&over, 1);
	return NULL;
}

/* Of the hog's process, so that Linux asks this CPU to flush. */
static void *worker(void *arg)
{
	int64_t last = 0, now;
	long n = 0;

	bind_cpu(cpu);
	await(&begun, 1, "the hog");
	while (!flag_get(&over)) {
		now = keel_clock_ns() / MS;
		n += now != last;
		last = now;
	}
	(void)arg;
	return (void *)n;
}

static void call_munmap(void)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap: %m");
	*p = 1;
	munmap(p, 4096);
}

static void call_membarrier(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		fail("membarrier: %m");
}

/* Until a call does not end before the hog does. */
static void calls(const char *name, void (*call)(void), int64_t until)
{
	int64_t longest = 0;
	long n = 0;

	while (keel_clock_ns() < until) {
		int64_t t = keel_clock_ns();

		call();
		t = keel_clock_ns() - t;
		longest = t > longest ? t : longest;
		n += !flag_get(&over);
		usleep(1000);
	}
	printf("%s %ld\n%s_ms %ld\n", name, n, name, (long)(longest / MS));
}

int main(int argc, char **argv)
{
	pthread_t hard, soft;
	void *worked;
	int ms;

	if (argc != 4)
		fail("usage: share CPU PERCENT MS");
	cpu = atoi(argv[1]);
	percent = atoi(argv[2]);
	ms = atoi(argv[3]);
	if (pthread_create(&soft, NULL, worker, NULL))
		fail("pthread_create: %m");
	bind_cpu((cpu + 1) % get_nprocs());
	sleep_ms(50);
	hard = hard_create("hog", 50, cpu, hog, (void *)(long)ms);
	await(&begun, 1, "the hog");
	begin = keel_clock_ns();
	calls("munmap", call_munmap, begin + ms * MS / 2);
	calls("membarrier", call_membarrier, end);
	pthread_join(hard, NULL);
	pthread_join(soft, &worked);
	printf("worked_ms %ld\n", (long)worked);
	return 0;
}
