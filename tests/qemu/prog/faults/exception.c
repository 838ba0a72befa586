// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions. The same code runs in an ordinary thread and in a hard one, both with a pattern
 * in all registers, and each handler notes what it was told: both must be the same, and after
 * the handler the registers must still be the pattern.
 */
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>
#include "hard.h"
#include "faults.h"

#define REGS	14	/* rax rbx rcx rdx rsi rdi rbp r8..r14 */
#define XMMS	16

struct pattern {
	uint64_t regs[REGS];
	uint64_t xmm[XMMS][2];
};

struct seen {
	int signal, code;
	uint64_t address;
	uint64_t ip, trap, error, flags;
	struct pattern at;	/* in the handler */
	struct pattern after;	/* when the code went on */
};

/* Loads @in, does something, stores what the registers then hold in @out. */
typedef void (*fault_fn)(const struct pattern *in, struct pattern *out);

/* %r15 keeps @out; behind label 1 the code goes on. */
#define FAULT(name, code)							\
	void fault_##name(const struct pattern *in, struct pattern *out);	\
	extern const char fault_##name##_after[];				\
	asm(".pushsection .text\nfault_" #name ":\n"				\
	    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"	\
	    "mov %rsi, %r15\n"							\
	    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"			\
	    "movdqu 112+16*\\n(%rdi), %xmm\\n\n"				\
	    ".endr\n"								\
	    "mov (%rdi), %rax; mov 8(%rdi), %rbx; mov 16(%rdi), %rcx\n"		\
	    "mov 24(%rdi), %rdx; mov 32(%rdi), %rsi; mov 48(%rdi), %rbp\n"	\
	    "mov 56(%rdi), %r8; mov 64(%rdi), %r9; mov 72(%rdi), %r10\n"	\
	    "mov 80(%rdi), %r11; mov 88(%rdi), %r12; mov 96(%rdi), %r13\n"	\
	    "mov 104(%rdi), %r14; mov 40(%rdi), %rdi\n"				\
	    code "\n"								\
	    "fault_" #name "_after:\n"						\
	    "mov %rax, (%r15); mov %rbx, 8(%r15); mov %rcx, 16(%r15)\n"		\
	    "mov %rdx, 24(%r15); mov %rsi, 32(%r15); mov %rdi, 40(%r15)\n"	\
	    "mov %rbp, 48(%r15); mov %r8, 56(%r15); mov %r9, 64(%r15)\n"	\
	    "mov %r10, 72(%r15); mov %r11, 80(%r15); mov %r12, 88(%r15)\n"	\
	    "mov %r13, 96(%r15); mov %r14, 104(%r15)\n"				\
	    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"			\
	    "movdqu %xmm\\n, 112+16*\\n(%r15)\n"				\
	    ".endr\n"								\
	    "fninit; cld\n"							\
	    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"	\
	    "ret\n.popsection\n")

/* An address that is none, and an x87 control word with which a division by zero traps. */
asm(".pushsection .rodata\n"
    "fault_zero: .quad 0\n"
    "fault_far: .quad 0x8000000000000000\n"
    "fault_unmasked: .word 0x37b\n"
    ".popsection\n");

FAULT(null, "movb $0, 0x10");
FAULT(divide, "divl fault_zero(%rip)");
FAULT(ud2, "ud2");
FAULT(int3, "int3");
FAULT(int3_long, ".byte 0xcd, 3");
FAULT(int4, ".byte 0xcd, 4");
FAULT(icebp, ".byte 0xf1");
FAULT(step, "pushfq; orl $0x100, (%rsp); popfq; nop");
FAULT(jump, "jmp *fault_far(%rip)");
FAULT(privileged, "hlt");
FAULT(x87, "fldcw fault_unmasked(%rip); fld1; fdivs fault_zero(%rip); fwait");

static struct seen *seen;
static const char *resume;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
	static const int order[REGS] = {
		REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8,
		REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14,
	};

	seen->signal = signal;
	seen->code = info->si_code;
	seen->address = (uint64_t)info->si_addr;
	seen->ip = m->gregs[REG_RIP];
	seen->trap = m->gregs[REG_TRAPNO];
	seen->error = m->gregs[REG_ERR];
	seen->flags = m->gregs[REG_EFL];
	for (int i = 0; i < REGS; i++)
		seen->at.regs[i] = m->gregs[order[i]];
	memcpy(seen->at.xmm, m->fpregs->_xmm, sizeof(seen->at.xmm));
	m->gregs[REG_RIP] = (uint64_t)resume;
	m->gregs[REG_EFL] &= ~0x100;
}

static void pattern_fill(struct pattern *p, uint64_t seed)
{
	for (int i = 0; i < REGS; i++)
		p->regs[i] = seed * 0x0101010101010101 + i * 0x1000003;
	for (int i = 0; i < XMMS; i++) {
		p->xmm[i][0] = ~seed << 32 | i;
		p->xmm[i][1] = seed << 48 | i;
	}
}

static void run(fault_fn fn, struct seen *s, uint64_t seed)
{
	struct pattern in;

	pattern_fill(&in, seed);
	seen = s;
	fn(&in, &s->after);
	if (!s->signal)
		fail("no signal");
	if (memcmp(&in, &s->at, sizeof(in)))
		fail("signal %d: the handler saw other registers", s->signal);
	if (memcmp(&in, &s->after, sizeof(in)))
		fail("signal %d: registers changed over the handler", s->signal);
}

static void same(const struct seen *a, const struct seen *b)
{
	if (a->signal != b->signal || a->code != b->code || a->address != b->address)
		fail("signal %d code %d address %lx, in an ordinary thread %d %d %lx", a->signal,
		     a->code, a->address, b->signal, b->code, b->address);
	if (a->ip != b->ip || a->trap != b->trap || a->error != b->error || a->flags != b->flags)
		fail("ip %lx trap %ld error %ld flags %lx, in an ordinary thread %lx %ld %ld %lx",
		     a->ip, a->trap, a->error, a->flags, b->ip, b->trap, b->error, b->flags);
}

static void *hard(void *arg)
{
	struct seen hard_seen = { 0 }, again = { 0 };
	struct keel_stats stats;

	check(keel_is_hard());
	run(arg, &hard_seen, 0x5a);
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_FAULT] == 1);
	if (hard_seen.signal == SIGSEGV && hard_seen.trap == 14)
		check(stats.last_fault == hard_seen.address);
	must(keel_harden());
	run(arg, &again, 0xa5);
	same(&again, &hard_seen);
	must(keel_sleep(MS));
	seen = NULL;
	return memcpy(malloc(sizeof(hard_seen)), &hard_seen, sizeof(hard_seen));
}

static void exception(fault_fn fn, const char *after)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	static const int signals[] = { SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS };
	struct seen plain = { 0 };
	void *result;

	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	resume = after;
	run(fn, &plain, 0x5a);
	pthread_join(hard_create("fault", 50, 0, hard, fn), &result);
	same(result, &plain);
}

void exception_null(void) { exception(fault_null, fault_null_after); }
void exception_divide(void) { exception(fault_divide, fault_divide_after); }
void exception_ud2(void) { exception(fault_ud2, fault_ud2_after); }
void exception_int3(void) { exception(fault_int3, fault_int3_after); }
void exception_int3_long(void) { exception(fault_int3_long, fault_int3_long_after); }
void exception_int4(void) { exception(fault_int4, fault_int4_after); }
void exception_icebp(void) { exception(fault_icebp, fault_icebp_after); }
void exception_step(void) { exception(fault_step, fault_step_after); }
void exception_jump(void) { exception(fault_jump, fault_jump_after); }
void exception_privileged(void) { exception(fault_privileged, fault_privileged_after); }
void exception_x87(void) { exception(fault_x87, fault_x87_after); }

static void *null_writer(void *arg)
{
	fault_null(arg, arg);
	return NULL;
}

/* Without a handler it is the end, of all threads, and of them alone. */
void exception_fatal(void)
{
	struct pattern p = { 0 };

	pthread_join(hard_create("fault", 50, 0, null_writer, &p), NULL);
	fail("a null write went unpunished");
}
