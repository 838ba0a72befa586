// SPDX-License-Identifier: GPL-2.0
/*
 * victim TICKS: hard threads for debuggers and tracers to look at: one that ticks every 5 ms and two
 * that share a mutex. They end after TICKS, 0: when `stop` is set, or /tmp/stop is there. No call
 * of theirs may fail meanwhile, and at the end they must be hard. Says how far they came.
 * victim offset: where hard_tick() lies in this file.
 */
#include <sys/stat.h>
#include "hard.h"

volatile int ticks, stop, shared_count, mutex_rounds[2];
volatile double scaled;

static int limit;
static struct keel_mutex mutex;

__attribute__((noinline, noclone)) int hard_tick(int n)
{
	__asm__ volatile("" : "+r" (n));
	return n + 1;
}

__attribute__((noinline, noclone)) double hard_scale(double x)
{
	__asm__ volatile("" : "+x" (x));
	return x * 2;
}

__attribute__((noinline, noclone)) int wait_once(void)
{
	int ret = keel_period_wait(NULL);

	__asm__ volatile("" : "+r" (ret));
	return ret;
}

static void hard_in_the_end(void)
{
	must(keel_sleep(MS));
	check(keel_is_hard());
}

static void *ticker(void *arg)
{
	(void)arg;
	must(keel_period_set(0, 5 * MS));
	while (!stop) {
		must(wait_once());
		check(hard_tick(ticks) == ticks + 1);
		scaled = hard_scale(ticks);
		ticks++;
		if (ticks == limit)
			stop = 1;
	}
	hard_in_the_end();
	return NULL;
}

static void *sharer(void *arg)
{
	volatile int *rounds = arg;
	int before;

	while (!stop) {
		must(keel_mutex_lock(&mutex));
		before = shared_count;
		must(keel_sleep(MS));
		check(shared_count == before);
		shared_count = before + 1;
		must(keel_mutex_unlock(&mutex));
		*rounds = *rounds + 1;
		must(keel_sleep(200 * US));
	}
	hard_in_the_end();
	return NULL;
}

/* The file's offset of @address, by the list of mappings. */
static long file_offset(unsigned long address)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end, offset;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 &&
		    address >= start && address < end)
			return address - start + offset;
	fail("no mapping has %lx", address);
}

int main(int argc, char **argv)
{
	pthread_t threads[3];
	struct stat st;

	if (argc != 2)
		fail("usage: victim TICKS | offset");
	if (!strcmp(argv[1], "offset")) {
		printf("0x%lx\n", file_offset((unsigned long)hard_tick));
		return 0;
	}
	limit = atoi(argv[1]);
	must(keel_open());
	must(keel_mutex_create(&mutex));
	threads[0] = hard_create("ticker", 20, 1, ticker, NULL);
	threads[1] = hard_create("sharer0", 15, 0, sharer, (void *)&mutex_rounds[0]);
	threads[2] = hard_create("sharer1", 15, 1, sharer, (void *)&mutex_rounds[1]);
	while (!stop) {
		sleep_ms(10);
		if (!limit && stat("/tmp/stop", &st) == 0)
			stop = 1;
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	check(shared_count == mutex_rounds[0] + mutex_rounds[1]);
	printf("ticks %d shared %d\n", ticks, shared_count);
	return 0;
}
