// SPDX-License-Identifier: GPL-2.0
/*
 * bpfload MS EVENT...: a BPF program at each trace event (its directory in tracefs), on all CPUs, that
 * counts in a map of its own. Each must have counted when the time is over.
 */
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define EVENTS_MAX 8

struct counter {
	const char *event;
	int map;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int map_create(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1,
	};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		die("map");
	return fd;
}

/* key = 0; value = lookup(map, &key); if (value) atomically ++*value; return 0. */
static int program_load(int map, int type)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4 },
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ .code = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = 2, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 0, .src_reg = 1,
		  .imm = BPF_ADD },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = type, .insns = (uintptr_t)code, .license = (uintptr_t)"GPL",
		.insn_cnt = sizeof(code) / sizeof(code[0]),
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("program");
	return fd;
}

static int event_id(const char *event)
{
	char path[256];
	FILE *f;
	int id;

	snprintf(path, sizeof(path), "%s/id", event);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%d", &id) != 1)
		die(path);
	fclose(f);
	return id;
}

static void attach(struct counter *c, const char *event)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .sample_period = 1,
	};
	int probe = strstr(event, "/kprobes/") != NULL, program;

	c->event = event;
	c->map = map_create();
	program = program_load(c->map, probe ? BPF_PROG_TYPE_KPROBE : BPF_PROG_TYPE_TRACEPOINT);
	attr.config = event_id(event);
	for (int cpu = 0; cpu < get_nprocs(); cpu++) {
		int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, 0);

		if (fd < 0)
			die("event");
		/* Programs belong to the event, so one CPU's serves for all. */
		if (!cpu && ioctl(fd, PERF_EVENT_IOC_SET_BPF, program))
			die("attach");
	}
}

static void result(const struct counter *c)
{
	uint32_t key = 0;
	uint64_t count = 0;
	union bpf_attr attr = {
		.map_fd = c->map, .key = (uintptr_t)&key, .value = (uintptr_t)&count,
	};

	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		die("count");
	printf("%s: %lu\n", strrchr(c->event, '/') + 1, count);
	if (!count) {
		printf("fail: nothing counted\n");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct counter counters[EVENTS_MAX];
	int count = argc - 2;

	if (count < 1 || count > EVENTS_MAX)
		return 2;
	for (int i = 0; i < count; i++)
		attach(&counters[i], argv[i + 2]);
	usleep(atoi(argv[1]) * 1000);
	for (int i = 0; i < count; i++)
		result(&counters[i]);
	return 0;
}
