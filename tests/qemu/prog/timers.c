// SPDX-License-Identifier: GPL-2.0
/*
 * timers sleep WORST_US MEDIAN_US: Linux's sleeps and timers wake no earlier than due, by both
 * clocks, and no later than that after.
 * timers tick CPU LOST: while that CPU is busy Linux gets its tick HZ times a second; a host
 * that is busy too may lose so many percent.
 * timers drift MS: over ten seconds the clocks, the TSC and the RTC agree to that.
 * timers clock NS: Keel's clock is CLOCK_MONOTONIC to that, on all CPUs, hard and in-band, and what
 * its call says is what its page says, while Linux's time is changed all the time.
 */
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <time.h>
#include "hard.h"

#define SEC	1000000000LL
#define HZ	250

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* ---- sleeps ------------------------------------------------------------------------------ */

static int64_t late[512];
static int lates;

static void note(const char *what, int64_t ns)
{
	if (ns < 0)
		fail("%s ended %lld ns early", what, (long long)-ns);
	late[lates++] = ns;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void judge(const char *what, int64_t worst, int64_t median)
{
	qsort(late, lates, sizeof(late[0]), compare);
	printf("%s: %d, late by %lld ns, at most %lld\n", what, lates,
	       (long long)late[lates / 2], (long long)late[lates - 1]);
	if (late[lates - 1] > worst || late[lates / 2] > median)
		fail("%s: too late", what);
	lates = 0;
}

/* CLOCK_MONOTONIC may be slewed by up to 500 ppm against the raw one. */
static void sleep_once(const char *what, int64_t ns)
{
	struct timespec ts = { ns / SEC, ns % SEC };
	int64_t raw = clock_ns(CLOCK_MONOTONIC_RAW), mono = clock_ns(CLOCK_MONOTONIC);

	if (nanosleep(&ts, NULL))
		fail("%s: %m", what);
	mono = clock_ns(CLOCK_MONOTONIC) - mono;
	raw = clock_ns(CLOCK_MONOTONIC_RAW) - raw;
	note(what, mono - ns);
	if (raw < mono - mono / 1000)
		fail("%s: %lld ns raw, %lld ns monotonic", what, (long long)raw, (long long)mono);
}

static void timerfd_run(const char *what)
{
	struct itimerspec spec = { .it_interval.tv_nsec = 5 * MS };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	int64_t first = clock_ns(CLOCK_MONOTONIC) + 5 * MS;
	uint64_t total = 0, n;

	spec.it_value.tv_sec = first / SEC;
	spec.it_value.tv_nsec = first % SEC;
	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL))
		fail("timerfd: %m");
	for (int i = 0; i < 200; i++) {
		if (read(fd, &n, sizeof(n)) != sizeof(n))
			fail("timerfd: %m");
		total += n;
		note(what, clock_ns(CLOCK_MONOTONIC) - first - (int64_t)(total - 1) * 5 * MS);
	}
	close(fd);
}

static void sleep_test(int64_t worst, int64_t median)
{
	static const struct {
		const char *what;
		int64_t ns;
		int times;
	} sleeps[] = {
		{ "1 ms", MS, 200 }, { "10 ms", 10 * MS, 50 }, { "100 ms", 100 * MS, 10 },
		{ "1 s", SEC, 3 }, { "3 s", 3 * SEC, 2 },
	};

	prctl(PR_SET_TIMERSLACK, 1ul);
	for (size_t i = 0; i < sizeof(sleeps) / sizeof(sleeps[0]); i++) {
		for (int n = 0; n < sleeps[i].times; n++)
			sleep_once(sleeps[i].what, sleeps[i].ns);
		judge(sleeps[i].what, worst, median);
	}
	timerfd_run("timerfd");
	judge("timerfd", worst, median);
}

/* ---- the tick ---------------------------------------------------------------------------- */

/* Linux's count of local timer interrupts of @cpu. */
static long local_interrupts(int cpu)
{
	char line[4096], *at;
	long count = -1;
	FILE *f = fopen("/proc/interrupts", "r");

	while (f && fgets(line, sizeof(line), f)) {
		at = strstr(line, "LOC:");
		if (!at)
			continue;
		at += 4;
		for (int i = 0; i <= cpu; i++)
			count = strtol(at, &at, 10);
	}
	if (count < 0)
		fail("no LOC in /proc/interrupts");
	fclose(f);
	return count;
}

/* jiffies move the system's clock of ticks, as seen here by two at most at the ends, or by what a
 * tick may be late that the host held up. */
static void tick_test(int cpu, int lost)
{
	int64_t start, ticks, jiffies, took;
	struct tms t;

	bind_cpu(cpu);
	ticks = local_interrupts(cpu);
	jiffies = times(&t);
	start = clock_ns(CLOCK_MONOTONIC);
	while (clock_ns(CLOCK_MONOTONIC) < start + 2 * SEC)
		;
	took = clock_ns(CLOCK_MONOTONIC) - start;
	jiffies = times(&t) - jiffies;
	ticks = local_interrupts(cpu) - ticks;
	printf("CPU %d: %lld ticks, %lld jiffies/100 in %lld ms\n", cpu, (long long)ticks,
	       (long long)jiffies, (long long)(took / MS));
	if (llabs(jiffies - took * sysconf(_SC_CLK_TCK) / SEC) > 2 + lost / 4)
		fail("CPU %d: jiffies are wrong", cpu);
	if (ticks < took * HZ / SEC * (100 - lost) / 100 || ticks > took * HZ / SEC * 13 / 10)
		fail("CPU %d: %lld ticks in %lld ms", cpu, (long long)ticks,
		     (long long)(took / MS));
}

/* ---- drift ------------------------------------------------------------------------------- */

static long rtc_seconds(void)
{
	long seconds = -1;
	FILE *f = fopen("/sys/class/rtc/rtc0/since_epoch", "r");

	if (!f || fscanf(f, "%ld", &seconds) != 1)
		fail("/sys/class/rtc/rtc0: %m");
	fclose(f);
	return seconds;
}

struct instant {
	int64_t mono, raw, real;
	uint64_t tsc;
	long rtc;
};

/* The moment at which the RTC's second begins. */
static struct instant instant_get(void)
{
	struct instant i;
	long before = rtc_seconds();

	do
		i.rtc = rtc_seconds();
	while (i.rtc == before);
	i.mono = clock_ns(CLOCK_MONOTONIC);
	i.raw = clock_ns(CLOCK_MONOTONIC_RAW);
	i.real = clock_ns(CLOCK_REALTIME);
	i.tsc = __builtin_ia32_rdtsc();
	return i;
}

static void near(const char *what, int64_t got, int64_t want, int64_t bound)
{
	printf("%s: %lld ns, by the others %lld\n", what, (long long)got, (long long)want);
	if (llabs(got - want) > bound)
		fail("%s is off", what);
}

static void drift_test(int64_t bound)
{
	struct instant a = instant_get(), b, c;
	double cycle;

	sleep_ms(900);
	b = instant_get();
	cycle = (double)(b.mono - a.mono) / (b.tsc - a.tsc);
	sleep_ms(9900);
	c = instant_get();
	near("monotonic by RTC", c.mono - b.mono, (c.rtc - b.rtc) * SEC, bound);
	near("monotonic by TSC", c.mono - b.mono, (c.tsc - b.tsc) * cycle, bound);
	near("monotonic by raw", c.mono - b.mono, c.raw - b.raw, bound);
	near("realtime by RTC", c.real - b.real, (c.rtc - b.rtc) * SEC, bound);
}

/* ---- Keel's clock ------------------------------------------------------------------------ */

#define READS	1000000

struct reader {
	int64_t tolerance, worst;
	const char *wrong;
	int hard_reads, calls, done;
};

/* @before and @after enclose the reading, all by CLOCK_MONOTONIC. */
static void read_judge(struct reader *r, int64_t before, int64_t now, int64_t after, int64_t last)
{
	int64_t off = now < before ? before - now : now > after ? now - after : 0;

	if (off > r->worst)
		r->worst = off;
	if (now < last)
		r->wrong = "went back";
	else if (off > r->tolerance)
		r->wrong = "is not CLOCK_MONOTONIC";
}

/*
 * The call reads Linux's latch of two copies, which is written beneath it all the time; a mixture of
 * both is off by the time between two updates, milliseconds. Linux updates the page's data before the
 * latch, so in between, which the host may make long, they differ by a change of rate, 1 us in 1 ms.
 */
static void call_judge(struct reader *r)
{
	int64_t before = keel_clock_ns(), call = syscall(KEEL_CALL_CLOCK), after = keel_clock_ns();

	if (call < 0)
		return;		/* in-band */
	if (call < before - r->tolerance - 100 * US || call > after + r->tolerance + 100 * US)
		r->wrong = "says otherwise when called";
	r->calls++;
}

/* The first half hard, the rest in-band. A word with Linux now and then lets it run. */
static void *clock_read(void *arg)
{
	struct reader *r = arg;
	int64_t last = 0;

	for (int i = 0; i < READS && !r->wrong; i++) {
		int64_t before = clock_ns(CLOCK_MONOTONIC), now = keel_clock_ns();

		read_judge(r, before, now, clock_ns(CLOCK_MONOTONIC), last);
		last = now;
		r->hard_reads += keel_is_hard();
		call_judge(r);
		if (i == READS / 2)
			keel_relax();
		if (i % 1000 == 0 && keel_is_hard())
			keel_sleep(MS / 2);
	}
	flag_set(&r->done, 1);
	return NULL;
}

/* As fast as NTP may, as far as settimeofday can, and back. No further: see call_judge(). */
static void time_disturb(int i)
{
	static const long freqs[] = { 500 << 16, -(500 << 16), 0 };
	struct timex tx = { .modes = ADJ_FREQUENCY };
	struct timespec now;

	tx.freq = freqs[i % 3];
	if (adjtimex(&tx) < 0)
		fail("adjtimex: %m");
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += i & 1 ? 3600 : -3600;
	if (clock_settime(CLOCK_REALTIME, &now))
		fail("clock_settime: %m");
}

static void time_settle(void)
{
	struct timex tx = { .modes = ADJ_FREQUENCY, .freq = 0 };

	if (adjtimex(&tx) < 0)
		fail("adjtimex: %m");
}

static void clock_test(int64_t tolerance)
{
	static struct reader readers[8];
	pthread_t threads[8];
	int cpus = get_nprocs(), changes = 0, done;

	for (int i = 0; i < cpus; i++) {
		readers[i].tolerance = tolerance;
		threads[i] = hard_create("reader", 50, i, clock_read, &readers[i]);
	}
	do {
		time_disturb(changes++);
		sleep_ms(1);
		done = 0;
		for (int i = 0; i < cpus; i++)
			done += flag_get(&readers[i].done);
	} while (done < cpus || changes & 1);
	time_settle();
	for (int i = 0; i < cpus; i++) {
		struct reader *r = &readers[i];

		pthread_join(threads[i], NULL);
		printf("CPU %d: %d hard readings, %d calls, off by %lld ns, %d changes of time\n",
		       i, r->hard_reads, r->calls, (long long)r->worst, changes);
		if (r->wrong)
			fail("the clock on CPU %d %s", i, r->wrong);
		if (r->hard_reads < READS / 4 || r->calls < READS / 4 || changes < 100)
			fail("CPU %d: too little was tried", i);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	int64_t n = argc > 2 ? atoll(argv[2]) : 0;

	if (!strcmp(what, "sleep") && argc == 4)
		sleep_test(n * US, atoll(argv[3]) * US);
	else if (!strcmp(what, "tick") && argc == 4)
		tick_test(n, atoi(argv[3]));
	else if (!strcmp(what, "drift"))
		drift_test(n * MS);
	else if (!strcmp(what, "clock"))
		clock_test(n);
	else
		fail("usage: timers sleep WORST_US MEDIAN_US | tick CPU LOST | drift MS | "
		     "clock NS");
	return 0;
}
