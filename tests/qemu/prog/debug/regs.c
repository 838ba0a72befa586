// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of a hard thread as its debugger sees and changes them: the victim spins, hard,
 * with a pattern in all of them.
 */
#include <elf.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include "debug.h"

#define REGS	14	/* rax rbx rcx rdx rsi rdi rbp r8..r14 */
#define YMMS	16
#define ROUNDS	8

struct pattern {
	uint64_t regs[REGS];
	uint64_t ymm[YMMS][4];
};

/* The offsets are in spin(). */
struct spin {
	struct pattern in, out;
	int go;			/* 1: stop spinning */
	int rounds;		/* of the victim */
	int inside;		/* it has come to the loop */
};

_Static_assert(sizeof(struct pattern) == 624 && offsetof(struct spin, go) == 1248 &&
	       offsetof(struct spin, inside) == 1256, "spin()");

static struct spin *spin_shared;

void spin(struct spin *s);
extern const char spin_loop[], spin_after[];

asm(".pushsection .text\nspin:\n"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "mov %rdi, %r15\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "vmovdqu 112+32*\\n(%r15), %ymm\\n\n"
    ".endr\n"
    "mov (%r15), %rax; mov 8(%r15), %rbx; mov 16(%r15), %rcx; mov 24(%r15), %rdx\n"
    "mov 32(%r15), %rsi; mov 40(%r15), %rdi; mov 48(%r15), %rbp; mov 56(%r15), %r8\n"
    "mov 64(%r15), %r9; mov 72(%r15), %r10; mov 80(%r15), %r11; mov 88(%r15), %r12\n"
    "mov 96(%r15), %r13; mov 104(%r15), %r14\n"
    "movl $1, 1256(%r15)\n"
    "spin_loop:\n"
    "cmpl $0, 1248(%r15)\n"
    "je spin_loop\n"
    "spin_after:\n"
    "mov %rax, 624(%r15); mov %rbx, 632(%r15); mov %rcx, 640(%r15); mov %rdx, 648(%r15)\n"
    "mov %rsi, 656(%r15); mov %rdi, 664(%r15); mov %rbp, 672(%r15); mov %r8, 680(%r15)\n"
    "mov %r9, 688(%r15); mov %r10, 696(%r15); mov %r11, 704(%r15); mov %r12, 712(%r15)\n"
    "mov %r13, 720(%r15); mov %r14, 728(%r15)\n"
    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "vmovdqu %ymm\\n, 736+32*\\n(%r15)\n"
    ".endr\n"
    "vzeroupper\n"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "ret\n.popsection\n");

static void pattern_fill(struct pattern *p, uint64_t seed)
{
	for (int i = 0; i < REGS; i++)
		p->regs[i] = seed * 0x0101010101010101 + i * 0x1000003;
	for (int i = 0; i < YMMS; i++)
		for (int k = 0; k < 4; k++)
			p->ymm[i][k] = seed << 56 | (uint64_t)(k + 1) << 32 | i;
}

/* Where ptrace keeps them, in our order. */
static void regs_order(struct user_regs_struct *r, unsigned long long *order[REGS])
{
	unsigned long long *o[REGS] = {
		&r->rax, &r->rbx, &r->rcx, &r->rdx, &r->rsi, &r->rdi, &r->rbp,
		&r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14,
	};

	memcpy(order, o, sizeof(o));
}

/* NT_X86_XSTATE is XSAVE's standard layout. */
#define XSAVE_XMM	160
#define XSAVE_BV	512
#define XSAVE_YMM_HIGH	576

static char xsave[8192] __attribute__((aligned(64)));

static struct iovec xsave_io(int what)
{
	struct iovec io = { .iov_base = xsave, .iov_len = sizeof(xsave) };

	if (what == PTRACE_SETREGSET)
		io.iov_len = xsave_io(PTRACE_GETREGSET).iov_len;
	if (ptrace(what, shared->tid, (void *)NT_X86_XSTATE, &io))
		fail("xstate: %m");
	return io;
}

static void pattern_get(struct pattern *p)
{
	struct user_regs_struct regs = trace_regs();
	unsigned long long *order[REGS];

	regs_order(&regs, order);
	for (int i = 0; i < REGS; i++)
		p->regs[i] = *order[i];
	check(regs.rip >= (uint64_t)spin_loop && regs.rip < (uint64_t)spin_after);
	check(regs.r15 == (uint64_t)spin_shared);
	check(regs.orig_rax == (uint64_t)-1);
	xsave_io(PTRACE_GETREGSET);
	check((xsave[XSAVE_BV] & 6) == 6);
	for (int i = 0; i < YMMS; i++) {
		memcpy(p->ymm[i], xsave + XSAVE_XMM + 16 * i, 16);
		memcpy(p->ymm[i] + 2, xsave + XSAVE_YMM_HIGH + 16 * i, 16);
	}
}

static void pattern_set(const struct pattern *p)
{
	struct user_regs_struct regs = trace_regs();
	unsigned long long *order[REGS];
	struct iovec io = xsave_io(PTRACE_GETREGSET);

	regs_order(&regs, order);
	for (int i = 0; i < REGS; i++)
		*order[i] = p->regs[i];
	trace_regs_set(&regs);
	for (int i = 0; i < YMMS; i++) {
		memcpy(xsave + XSAVE_XMM + 16 * i, p->ymm[i], 16);
		memcpy(xsave + XSAVE_YMM_HIGH + 16 * i, p->ymm[i] + 2, 16);
	}
	if (ptrace(PTRACE_SETREGSET, shared->tid, (void *)NT_X86_XSTATE, &io))
		fail("set xstate: %m");
}

static void *spinner(void *arg)
{
	struct spin *s = arg;

	victim_begin();
	while (!flag_get(&shared->stop)) {
		must(keel_harden());
		victim_note();
		flag_set(&shared->count, 2 * s->rounds + 2);
		spin(s);
		check(!keel_is_hard());
		flag_set(&s->go, 0);
		flag_set(&s->rounds, s->rounds + 1);
		while (!flag_get(&shared->stop) && flag_get(&shared->count) != 2 * s->rounds + 1)
			sleep_ms(1);
	}
	return NULL;
}

/* Let the victim out of its loop, and into the next one with another pattern. */
static void next_round(int round, uint64_t seed)
{
	flag_set(&spin_shared->inside, 0);
	flag_set(&spin_shared->go, 1);
	trace_end();
	await(&spin_shared->rounds, round + 1, "the victim's end of a round");
	pattern_fill(&spin_shared->in, seed);
	if (round + 1 == ROUNDS)
		flag_set(&shared->stop, 1);
	else
		flag_set(&shared->count, 2 * round + 3);
}

static void rounds(int change)
{
	struct pattern seen, expected;
	pid_t pid;

	spin_shared = shared_alloc(sizeof(*spin_shared));
	pattern_fill(&spin_shared->in, 0x11);
	pid = victim_start(spinner, spin_shared, 1);
	for (int i = 0; i < ROUNDS; i++) {
		await(&shared->count, 2 * i + 2, "the victim's next round");
		await(&spin_shared->inside, 1, "the victim's loop");
		check(shared->hard);
		trace_begin();
		trace_interrupt();
		pattern_get(&seen);
		expected = spin_shared->in;
		if (memcmp(&seen, &expected, sizeof(seen)))
			fail("the debugger sees other registers");
		if (change) {
			pattern_fill(&expected, 0x80 + i);
			pattern_set(&expected);
		}
		next_round(i, 0x20 + i);
		if (memcmp(&spin_shared->out, &expected, sizeof(expected)))
			fail("round %d: the thread went on with other registers", i);
	}
	victim_end(pid);
}

void regs_running(void)
{
	rounds(0);
}

void regs_changed(void)
{
	rounds(1);
}
