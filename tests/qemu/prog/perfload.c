// SPDX-License-Identifier: GPL-2.0
/*
 * perfload MS: on each CPU, for all that runs there, perf's software events: samples of the CPU clock
 * at 4 kHz with call chains of kernel and user, context switches, page faults. Each event must count,
 * and of each clock there must be samples whose chain is more than one function deep.
 */
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define PAGES	64	/* of the ring */
#define EVENTS	3

static const struct {
	uint64_t config, freq;
	const char *name;
} kinds[EVENTS] = {
	{ PERF_COUNT_SW_CPU_CLOCK, 4000, "cpu-clock" },
	{ PERF_COUNT_SW_CONTEXT_SWITCHES, 0, "context-switches" },
	{ PERF_COUNT_SW_PAGE_FAULTS, 0, "page-faults" },
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int event_open(int kind, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = kinds[kind].config,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
	};
	int fd;

	if (kinds[kind].freq) {
		attr.freq = 1;
		attr.sample_freq = kinds[kind].freq;
	}
	fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, 0);
	if (fd < 0)
		die(kinds[kind].name);
	return fd;
}

static struct perf_event_mmap_page *ring_map(int fd)
{
	void *ring = mmap(NULL, (PAGES + 1) * getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (ring == MAP_FAILED)
		die("mmap of the ring");
	return ring;
}

/* Each word of the ring is read by itself, as a record may go around its end. */
static long deep_samples(struct perf_event_mmap_page *ring)
{
	uint64_t *data = (uint64_t *)((char *)ring + getpagesize()), at = 0, head;
	uint64_t words = PAGES * getpagesize() / sizeof(*data);
	long deep = 0;

	head = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE) / sizeof(*data);
	while (at < head) {
		uint64_t header = data[at % words];	/* type, misc and size */

		if ((uint32_t)header == PERF_RECORD_SAMPLE && data[(at + 2) % words] > 2)
			deep++;
		at += (header >> 48) / sizeof(*data);
	}
	return deep;
}

static void results(int cpu, int *fd, struct perf_event_mmap_page *ring)
{
	long deep = deep_samples(ring);

	for (int kind = 0; kind < EVENTS; kind++) {
		uint64_t count;

		if (read(fd[kind], &count, sizeof(count)) != sizeof(count))
			die("read");
		if (!count) {
			printf("fail: no %s on CPU %d\n", kinds[kind].name, cpu);
			exit(1);
		}
		close(fd[kind]);
	}
	if (deep < 10) {
		printf("fail: %ld samples with a call chain on CPU %d\n", deep, cpu);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int cpus = get_nprocs(), fd[cpus][EVENTS];
	struct perf_event_mmap_page *ring[cpus];

	if (argc != 2)
		return 2;
	for (int cpu = 0; cpu < cpus; cpu++) {
		for (int kind = 0; kind < EVENTS; kind++)
			fd[cpu][kind] = event_open(kind, cpu);
		ring[cpu] = ring_map(fd[cpu][0]);
	}
	usleep(atoi(argv[1]) * 1000);
	for (int cpu = 0; cpu < cpus; cpu++) {
		ioctl(fd[cpu][0], PERF_EVENT_IOC_DISABLE, 0);
		results(cpu, fd[cpu], ring[cpu]);
	}
	return 0;
}
