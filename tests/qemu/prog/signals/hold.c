// SPDX-License-Identifier: GPL-2.0
#include <cpuid.h>
#include "hard.h"
#include "hold.h"

#define MAGIC_OFFSET	464	/* of a signal frame's vector state: is there more than FXSAVE's */
#define MAGIC		0x46505853
#define BV_OFFSET	512
#define YMMH_OFFSET	576

_Static_assert(offsetof(struct hold, in) == 64 && offsetof(struct hold, out) == 704, "hold");
_Static_assert(offsetof(struct pattern, flags) == 104 && offsetof(struct pattern, vec) == 128,
	       "pattern");

/* %r15 keeps @h, %rcx is the flag: neither is part of the pattern. */
#define HOLD(name, code)							\
	asm(".pushsection .text\n.globl hold_" #name "\nhold_" #name ":\n"	\
	    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"	\
	    "mov %rdi, %r15\n"							\
	    "cmpl $0, 48(%r15); je 1f\n"					\
	    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"			\
	    "vmovdqu 192+32*\\n(%r15), %ymm\\n\n"				\
	    ".endr\n jmp 2f\n1:\n"						\
	    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"			\
	    "movdqu 192+32*\\n(%r15), %xmm\\n\n"				\
	    ".endr\n2:\n"							\
	    "fninit; fildll 184(%r15); fildll 176(%r15)\n"			\
	    "push 168(%r15); popfq\n"						\
	    "mov 64(%r15), %rax; mov 72(%r15), %rbx; mov 80(%r15), %rdx\n"	\
	    "mov 88(%r15), %rsi; mov 96(%r15), %rdi; mov 104(%r15), %rbp\n"	\
	    "mov 112(%r15), %r8; mov 120(%r15), %r9; mov 128(%r15), %r10\n"	\
	    "mov 136(%r15), %r11; mov 144(%r15), %r12; mov 152(%r15), %r13\n"	\
	    "mov 160(%r15), %r14\n"						\
	    "jmp 4f\n3: movq $1, 56(%r15)\n" code "\n4:\n"					\
	    "mov (%r15), %rcx; jrcxz 3b\n"					\
	    "mov %rax, 704(%r15); mov %rbx, 712(%r15); mov %rdx, 720(%r15)\n"	\
	    "mov %rsi, 728(%r15); mov %rdi, 736(%r15); mov %rbp, 744(%r15)\n"	\
	    "mov %r8, 752(%r15); mov %r9, 760(%r15); mov %r10, 768(%r15)\n"	\
	    "mov %r11, 776(%r15); mov %r12, 784(%r15); mov %r13, 792(%r15)\n"	\
	    "mov %r14, 800(%r15); pushfq; popq 808(%r15)\n"			\
	    "fistpll 816(%r15); fistpll 824(%r15); fninit\n"			\
	    "cld; cmpl $0, 48(%r15); je 1f\n"					\
	    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"			\
	    "vmovdqu %ymm\\n, 832+32*\\n(%r15)\n"				\
	    ".endr\n vzeroupper; jmp 2f\n1:\n"					\
	    ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"			\
	    "movdqu %xmm\\n, 832+32*\\n(%r15)\n"				\
	    ".endr\n2:\n"							\
	    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"	\
	    "ret\n.popsection\n")

HOLD(spin, "");
HOLD(fault, "movb $0, 0x10");
HOLD(call, "mov 16(%r15), %rax; mov 24(%r15), %rdi; mov 32(%r15), %rsi; mov 40(%r15), %rdx\n"
	   ".globl hold_call_insn\nhold_call_insn: syscall\n"
	   "mov %rax, 8(%r15)");
/* 39 is getpid(). */
HOLD(cross, "mov 16(%r15), %rax; mov 24(%r15), %rdi; mov 32(%r15), %rsi; mov 40(%r15), %rdx\n"
	    "syscall; mov %rax, 8(%r15)\n"
	    "mov $39, %rax; syscall");

static const int gregs[GPRS] = {
	REG_RAX, REG_RBX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8,
	REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14,
};

static int have_avx(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE) && (c & bit_AVX);
}

static void fill(struct pattern *p, uint64_t seed)
{
	for (int i = 0; i < GPRS; i++)
		p->gpr[i] = seed * 0x9e3779b97f4a7c15 + i;
	p->flags = (seed * 0x4b5) & FLAGS;
	for (int i = 0; i < 2; i++)
		p->x87[i] = seed * 0x165667b19e3779f9 + i;
	for (int i = 0; i < VECS; i++)
		for (int k = 0; k < 4; k++)
			p->vec[i][k] = ~seed * 0xc2b2ae3d27d4eb4f + (i << 2) + k;
}

void hold_begin(struct hold *h, hold_fn fn, uint64_t seed)
{
	memset(h, 0, sizeof(*h));
	h->ret = NOT_CALLED;
	h->avx = have_avx();
	h->gprs = fn == hold_spin || fn == hold_fault ? ALL : KEPT;
	fill(&h->in, seed);
}

void hold_await(const struct hold *h)
{
	for (int k = 0; !*(const volatile uint64_t *)&h->looping; k++, usleep(100))
		check(k < 100000);
}

void hold_compare(const struct hold *h, const struct pattern *p, const char *where)
{
	for (int i = 0; i < GPRS; i++)
		if (h->gprs >> i & 1 && p->gpr[i] != h->in.gpr[i])
			fail("%s: register %d is %lx, not %lx", where, i, p->gpr[i], h->in.gpr[i]);
	if ((p->flags ^ h->in.flags) & FLAGS)
		fail("%s: flags are %lx, not %lx", where, p->flags, h->in.flags);
	if (memcmp(p->x87, h->in.x87, sizeof(p->x87)))
		fail("%s: x87 is %lx %lx", where, p->x87[0], p->x87[1]);
	for (int i = 0; i < VECS; i++)
		if (memcmp(p->vec[i], h->in.vec[i], h->avx ? 32 : 16))
			fail("%s: vector register %d is %lx %lx %lx %lx", where, i, p->vec[i][0],
			     p->vec[i][1], p->vec[i][2], p->vec[i][3]);
}

/* The upper halves in a signal frame, or NULL when it has none. */
static char *frame_upper(const struct hold *h, mcontext_t *m)
{
	char *frame = (char *)m->fpregs;
	uint32_t magic;
	uint64_t bv;

	if (!h->avx)
		return NULL;
	memcpy(&magic, frame + MAGIC_OFFSET, sizeof(magic));
	memcpy(&bv, frame + BV_OFFSET, sizeof(bv));
	if (magic != MAGIC || (bv & 6) != 6)
		fail("the signal frame has no AVX state: magic %x, features %lx", magic, bv);
	return frame + YMMH_OFFSET;
}

static void frame_get(const struct hold *h, mcontext_t *m, struct pattern *p)
{
	char *upper = frame_upper(h, m);

	for (int i = 0; i < GPRS; i++)
		p->gpr[i] = m->gregs[gregs[i]];
	p->flags = m->gregs[REG_EFL];
	for (int i = 0; i < 2; i++) {
		long double st = 0;

		memcpy(&st, &m->fpregs->_st[i], 10);
		p->x87[i] = st;
	}
	for (int i = 0; i < VECS; i++) {
		memcpy(p->vec[i], &m->fpregs->_xmm[i], 16);
		if (upper)
			memcpy(&p->vec[i][2], upper + 16 * i, 16);
	}
}

static void frame_put(const struct hold *h, mcontext_t *m, const struct pattern *p)
{
	char *upper = frame_upper(h, m);

	for (int i = 0; i < GPRS; i++)
		if (h->gprs >> i & 1)
			m->gregs[gregs[i]] = p->gpr[i];
	m->gregs[REG_EFL] = (m->gregs[REG_EFL] & ~FLAGS) | p->flags;
	for (int i = 0; i < 2; i++) {
		long double st = p->x87[i];

		memcpy(&m->fpregs->_st[i], &st, 10);
	}
	for (int i = 0; i < VECS; i++) {
		memcpy(&m->fpregs->_xmm[i], p->vec[i], 16);
		if (upper)
			memcpy(upper + 16 * i, &p->vec[i][2], 16);
	}
}

void hold_signal(struct hold *h, ucontext_t *context, uint64_t seed)
{
	struct pattern p;

	frame_get(h, &context->uc_mcontext, &p);
	hold_compare(h, &p, "in the handler");
	fill(&h->in, seed);
	frame_put(h, &context->uc_mcontext, &h->in);
}

void hold_end(const struct hold *h)
{
	hold_compare(h, &h->out, "after the handler");
}
