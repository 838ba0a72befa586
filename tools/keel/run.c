// SPDX-License-Identifier: GPL-2.0
/*
 * keel run. The program gets the POSIX skin before libc: it is a library that lies beside libkeel, and
 * the environment tells it what was asked for. What the dynamic loader would not preload is refused.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <keel/keel.h>
#include "keel.h"

#define STATUS_NOT_RUN		126
#define STATUS_NOT_FOUND	127
#define SKIN			"libkeel-posix.so.0"

struct run_options {
	const char *priority, *cpus, *stats;
	int at;				/* of the program in argv */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run_options *options = state->input;
	char *end;
	long prio;

	switch (key) {
	case 'p':
		prio = strtol(arg, &end, 10);
		if (*end || prio < KEEL_PRIO_MIN || prio > KEEL_PRIO_MAX)
			argp_error(state, "a priority is 1 to 99, not %s", arg);
		options->priority = arg;
		return 0;
	case 'c':
		options->cpus = arg;
		return 0;
	case 's':
		options->stats = arg;
		return 0;
	case ARGP_KEY_ARG:
		options->at = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which program?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int refuse(const char *program, const char *why)
{
	fprintf(stderr, "keel: %s: %s\n", program, why);
	return STATUS_NOT_RUN;
}

/* Where execvp() would find it. */
static int find_program(const char *name, char *path, size_t size)
{
	const char *at = getenv("PATH"), *end;

	if (strchr(name, '/') || !at) {
		snprintf(path, size, "%s", name);
		return access(path, X_OK);
	}
	for (;; at = end + 1) {
		end = strchrnul(at, ':');
		snprintf(path, size, "%.*s/%s", end > at ? (int)(end - at) : 1, end > at ? at : ".",
			 name);
		if (!access(path, X_OK))
			return 0;
		if (!*end)
			return -1;
	}
}

/* NULL, or why it cannot have the skin. */
static const char *elf_odd(int fd, const Elf64_Ehdr *h)
{
	Elf64_Phdr p;
	int i;

	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_machine != EM_X86_64)
		return "it is not a program for x86-64, and Keel serves no other";
	for (i = 0; i < h->e_phnum; i++) {
		if (pread(fd, &p, sizeof(p), h->e_phoff + i * sizeof(p)) != sizeof(p))
			break;
		if (p.p_type == PT_INTERP)
			return NULL;
	}
	return "it is static, so nothing can be put before its libc: link it with keel-posix instead";
}

static const char *file_odd(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (st.st_mode & (S_ISUID | S_ISGID))
		return "it is setuid or setgid, and the loader preloads nothing then: link it with keel-posix instead";
	if (fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return "it has file capabilities, and the loader preloads nothing then: link it with keel-posix instead";
	return NULL;
}

static const char *program_odd(const char *path);

/* A script is as odd as its interpreter. */
static const char *script_odd(char *line)
{
	char *path = line + 2 + strspn(line + 2, " \t");

	path[strcspn(path, " \t\n")] = 0;
	return strncmp(path, "/", 1) ? "its interpreter is not an absolute path" : program_odd(path);
}

static const char *program_odd(const char *path)
{
	char head[sizeof(Elf64_Ehdr) + PATH_MAX] = "";
	const char *why;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return strerror(errno);
	why = file_odd(fd);
	if (!why && read(fd, head, sizeof(head) - 1) < 0)
		why = strerror(errno);
	if (!why && !memcmp(head, "#!", 2))
		why = script_odd(head);
	else if (!why && memcmp(head, ELFMAG, SELFMAG))
		why = "it is neither an ELF program nor a script";
	else if (!why)
		why = elf_odd(fd, (Elf64_Ehdr *)head);
	close(fd);
	return why;
}

/* 0-2,5: -1 if it is no such list. */
static int parse_cpus(const char *text, cpu_set_t *set)
{
	char *end = (char *)text;
	long first, last;

	CPU_ZERO(set);
	do {
		first = strtol(text, &end, 10);
		last = first;
		if (end == text)
			return -1;
		if (*end == '-') {
			text = end + 1;
			last = strtol(text, &end, 10);
			if (end == text)
				return -1;
		}
		if (first < 0 || last >= CPU_SETSIZE || first > last)
			return -1;
		for (; first <= last; first++)
			CPU_SET(first, set);
		text = end + 1;
	} while (*end == ',');
	return *end ? -1 : 0;
}

static int set_cpus(const char *text)
{
	cpu_set_t set;

	if (parse_cpus(text, &set) < 0) {
		fprintf(stderr, "keel: CPUs are given as 0-2,5, not %s\n", text);
		return STATUS_USAGE;
	}
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return 0;
	fprintf(stderr, "keel: CPUs %s: %s\n", text, strerror(errno));
	return STATUS_FAILED;
}

/* Beside libkeel. */
static int find_skin(char *path, size_t size)
{
	Dl_info info;
	const char *slash;

	if (!dladdr(keel_open, &info) || !info.dli_fname)
		return -1;
	slash = strrchr(info.dli_fname, '/');
	snprintf(path, size, "%.*s%s", slash ? (int)(slash - info.dli_fname) + 1 : 0, info.dli_fname,
		 SKIN);
	return access(path, R_OK);
}

/* The loader takes a list, and the program may have one already. */
static int set_environment(const struct run_options *options)
{
	char skin[PATH_MAX], list[2 * PATH_MAX], full[PATH_MAX];
	const char *other = getenv("LD_PRELOAD");

	if (find_skin(skin, sizeof(skin))) {
		fprintf(stderr, "keel: there is no " SKIN " beside libkeel: install it\n");
		return STATUS_FAILED;
	}
	snprintf(list, sizeof(list), "%s%s%s", skin, other ? ":" : "", other ? other : "");
	setenv("LD_PRELOAD", list, 1);
	setenv("LD_BIND_NOW", "1", 1);
	if (options->priority)
		setenv("KEEL_POSIX_PRIORITY", options->priority, 1);
	if (!options->stats)
		return 0;
	if (options->stats[0] == '/' || !getcwd(full, sizeof(full)))
		full[0] = 0;
	snprintf(list, sizeof(list), "%s%s%s", full, full[0] ? "/" : "", options->stats);
	setenv("KEEL_POSIX_STATS", list, 1);
	return 0;
}

/* Keel itself is there and runs. */
static int keel_ready(void)
{
	struct keel_info info;
	int fd = device_open(&info);

	if (fd < 0)
		return 0;
	close(fd);
	if (info.attached)
		return 1;
	complain("run", EAGAIN);
	return 0;
}

int cmd_run(int argc, char **argv)
{
	static const struct argp_option choices[] = {
		{ "priority", 'p', "PRIORITY", 0, "the first thread starts with SCHED_FIFO and this, 1 to 99", 0 },
		{ "cpus", 'c', "LIST", 0, "CPUs it may use, such as 0-2,5", 0 },
		{ "stats", 's', "FILE", 0, "at its end write what was served by whom, as JSON", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = choices,
		.parser = parse,
		.args_doc = "PROGRAM [ARGUMENT...]",
		.doc = "Run PROGRAM with Keel's POSIX skin: threads that ask for SCHED_FIFO or SCHED_RR "
		       "become Keel's, all others stay Linux's.",
	};
	struct run_options options = { NULL };
	char path[PATH_MAX];
	const char *why;
	int err;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options);
	argv += options.at;
	if (find_program(argv[0], path, sizeof(path))) {
		fprintf(stderr, "keel: %s: %s\n", argv[0], strerror(errno));
		return STATUS_NOT_FOUND;
	}
	why = program_odd(path);
	if (why)
		return refuse(argv[0], why);
	if (!keel_ready())
		return STATUS_FAILED;
	err = options.cpus ? set_cpus(options.cpus) : 0;
	if (!err)
		err = set_environment(&options);
	if (err)
		return err;
	execv(path, argv);
	return refuse(argv[0], strerror(errno));
}
