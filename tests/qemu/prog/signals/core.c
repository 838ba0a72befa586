// SPDX-License-Identifier: GPL-2.0
/*
 * Core files: hard threads in each state, with a pattern each, and one way or another the process
 * dumps core. Every thread must be in the file, with its pattern.
 */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include "hard.h"
#include "hold.h"
#include "signals.h"

#define PATTERN_FILE	"/proc/sys/kernel/core_pattern"
#define XMM_OFFSET	160	/* in the vector state, as in FXSAVE's */
#define ST_OFFSET	32
#define YMMH_OFFSET	576

enum { SPINS, READY, SLEEPS, PERIOD, MUTEX, DIES, HOLDS };

static const hold_fn fns[HOLDS] = {
	hold_spin, hold_spin, hold_call, hold_call, hold_call, hold_fault,
};
static struct hold holds[HOLDS];
static struct keel_mutex mutex;
static int owned, go, *all_there;

/* ---- the process that dies ----------------------------------------------------------------------- */

static void *owner(void *arg)
{
	must(keel_mutex_lock(&mutex));
	flag_set(&owned, 1);
	must(keel_sleep(3600 * 1000 * MS));
	return arg;
}

static void call_set(struct hold *h, long nr, int64_t a, int64_t b)
{
	h->call[0] = nr;
	h->call[1] = a;
	h->call[2] = b;
}

static void *holder(void *arg)
{
	long i = (long)arg;
	struct hold *h = &holds[i];

	hold_begin(h, fns[i], i + 1);
	must(keel_period_set(0, 3600 * 1000 * MS));
	if (i == SLEEPS)
		call_set(h, KEEL_CALL_SLEEP_UNTIL, KEEL_FOREVER, 0);
	if (i == PERIOD)
		call_set(h, KEEL_CALL_PERIOD_WAIT, 0, 0);
	if (i == MUTEX)
		call_set(h, KEEL_CALL_MUTEX_LOCK, mutex.id, KEEL_FOREVER);
	while (i == SPINS && !flag_get(&go))
		must(keel_sleep(MS));
	fns[i](h);
	fail("holder %ld came back", i);
}

static void holder_start(long i)
{
	int cpu = i == SPINS || i == READY ? get_nprocs() - 1 : 0;

	hard_create("holder", i == READY ? 9 : 10, cpu, holder, (void *)i);
}

/* SPINS is there first, as READY leaves Linux nothing of that CPU, and then takes it from READY. The
 * watchdog would come in much later. */
static void victim(int dies)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
	must(keel_open());
	must(keel_mutex_create(&mutex));
	hard_create("owner", 10, 0, owner, NULL);
	await(&owned, 1, "the owner");
	holder_start(SPINS);
	for (int i = READY; i < DIES; i++) {
		holder_start(i);
		hold_await(&holds[i]);
	}
	flag_set(&go, 1);
	hold_await(&holds[SPINS]);
	if (dies)
		holder_start(DIES);
	else
		flag_set(all_there, 1);
	for (;;)
		pause();
}

/* ---- the file ------------------------------------------------------------------------------------ */

static void gprs_get(struct pattern *p, const struct user_regs_struct *r)
{
	const uint64_t gpr[GPRS] = {
		r->rax, r->rbx, r->rdx, r->rsi, r->rdi, r->rbp, r->r8, r->r9, r->r10,
		r->r11, r->r12, r->r13, r->r14,
	};

	memcpy(p->gpr, gpr, sizeof(gpr));
	p->flags = r->eflags;
}

static void vectors_get(struct pattern *p, const char *state, int upper)
{
	for (int i = 0; i < VECS; i++) {
		memcpy(p->vec[i], state + XMM_OFFSET + 16 * i, 16);
		if (upper)
			memcpy(&p->vec[i][2], state + YMMH_OFFSET + 16 * i, 16);
	}
	for (int i = 0; i < 2; i++) {
		long double st = 0;

		memcpy(&st, state + ST_OFFSET + 16 * i, 10);
		p->x87[i] = st;
	}
}

/* A thread's notes: registers first, of its vector state the last is the whole one. */
static int note_read(const Elf64_Nhdr *note, const char *data, struct pattern *p, int of)
{
	const struct elf_prstatus *status = (const void *)data;
	const struct user_regs_struct *regs;

	switch (note->n_type) {
	case NT_PRSTATUS:
		regs = (const void *)&status->pr_reg;
		for (of = 0; of < HOLDS && regs->r15 != (uint64_t)&holds[of]; of++)
			;
		gprs_get(&p[of], regs);
		break;
	case NT_PRFPREG:
		vectors_get(&p[of], data, 0);
		break;
	case NT_X86_XSTATE:
		vectors_get(&p[of], data, holds[0].avx != 0);
		break;
	}
	return of;
}

static void notes_read(const char *at, const char *end, struct pattern *p)
{
	int of = HOLDS;

	while (at < end) {
		const Elf64_Nhdr *note = (const void *)at;
		const char *data = at + sizeof(*note) + (note->n_namesz + 3) / 4 * 4;

		of = note_read(note, data, p, of);
		at = data + (note->n_descsz + 3) / 4 * 4;
	}
}

static void core_read(const char *path, struct pattern *p)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	const char *core;
	const Elf64_Ehdr *header;

	if (fd < 0 || fstat(fd, &st))
		fail("%s: %m", path);
	core = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	header = (const void *)core;
	check(core != MAP_FAILED && !memcmp(header->e_ident, ELFMAG, SELFMAG));
	for (int i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *ph = (const Elf64_Phdr *)(core + header->e_phoff) + i;

		if (ph->p_type == PT_NOTE)
			notes_read(core + ph->p_offset, core + ph->p_offset + ph->p_filesz, p);
	}
	close(fd);
	unlink(path);
}

/* The victim has filled in its own holds; here they are filled in the same way. */
static void core_compare(const char *path, int dies)
{
	static struct pattern found[HOLDS + 1];
	char where[32];

	for (int i = 0; i < HOLDS; i++)
		hold_begin(&holds[i], fns[i], i + 1);
	core_read(path, found);
	for (int i = 0; i < HOLDS; i++) {
		if (i == DIES && !dies)
			continue;
		snprintf(where, sizeof(where), "in the core file, thread %d", i);
		hold_compare(&holds[i], &found[i], where);
	}
}

static void core(int dies, int signal)
{
	char path[64];
	int status;
	pid_t pid;
	FILE *f = fopen(PATTERN_FILE, "w");

	check(f && fputs("/tmp/core.%p", f) >= 0 && !fclose(f));
	all_there = shared_alloc(sizeof(*all_there));
	pid = fork();
	if (pid == 0)
		victim(dies);
	if (!dies) {
		await(all_there, 1, "the victim's threads");
		kill(pid, signal);
	}
	check(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status) || !WCOREDUMP(status) || WTERMSIG(status) != signal)
		fail("the victim ended with status 0x%x", status);
	snprintf(path, sizeof(path), "/tmp/core.%d", pid);
	core_compare(path, dies);
}

/* By a signal from outside, and by a fault of a hard thread. */
void core_abort(void)
{
	core(0, SIGABRT);
}

void core_fault(void)
{
	core(1, SIGSEGV);
}
