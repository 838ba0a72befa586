/* SPDX-License-Identifier: GPL-2.0 */
/*
 * long round_X(const struct state *in, struct state *out, long nr, long spins)
 *
 * Loads all of @in into the registers, makes system call @nr unless that is negative, spins, and
 * stores the registers in @out. Returns what the call did. One for each kind of vector
 * registers. Offsets are those of struct state.
 */
#define GP(n)	(8 * (n))
#define FS0	120
#define GS0	128
#define MXCSR	136
#define CW	140
#define X87(n)	(144 + 16 * (n))
#define MASK(n)	(272 + 8 * (n))
#define FSBASE	336
#define GSBASE	344
#define PKRU	352
#define VEC	384

/* Locals, from rsp on. */
#define IN	0
#define OUT	8
#define NR	16
#define SPINS	24
#define RET	32
#define FSHOME	40
#define GSHOME	48
#define PKHOME	56
#define LOCALS	72

	.section .rodata
mxcsr_default:
	.long 0x1f80

	.text

/* \insn and \reg are of the vector registers, of \count * \size bytes. */
.macro vectors_load insn reg count size
	.set i, 0
	.rept \count
	.altmacro
	vector_load \insn, \reg, %i, \size
	.noaltmacro
	.set i, i + 1
	.endr
.endm
.macro vector_load insn reg n size
	\insn VEC + \n * \size(%rdi), %\reg\n
.endm
.macro vectors_store insn reg count size
	.set i, 0
	.rept \count
	.altmacro
	vector_store \insn, \reg, %i, \size
	.noaltmacro
	.set i, i + 1
	.endr
.endm
.macro vector_store insn reg n size
	\insn %\reg\n, VEC + \n * \size(%rax)
.endm

.macro masks_load
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq MASK(\n)(%rdi), %k\n
	.endr
.endm
.macro masks_store
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq %k\n, MASK(\n)(%rax)
	.endr
.endm

.macro round name insn reg count size masks=0
	.globl round_\name
	.type round_\name, @function
round_\name:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $LOCALS, %rsp
	mov %rdi, IN(%rsp)
	mov %rsi, OUT(%rsp)
	mov %rdx, NR(%rsp)
	mov %rcx, SPINS(%rsp)

	fninit
	fldcw CW(%rdi)
	ldmxcsr MXCSR(%rdi)
	.irp n, 7, 6, 5, 4, 3, 2, 1, 0
	fldt X87(\n)(%rdi)
	.endr
	vectors_load \insn, \reg, \count, \size
	.if \masks
	masks_load
	.endif
	cmpl $0, round_fsgsbase(%rip)
	je 1f
	rdfsbase %rax
	mov %rax, FSHOME(%rsp)
	rdgsbase %rax
	mov %rax, GSHOME(%rsp)
	mov FSBASE(%rdi), %rax
	wrfsbase %rax
	mov GSBASE(%rdi), %rax
	wrgsbase %rax
1:	cmpl $0, round_pkru(%rip)
	je 4f
	xor %ecx, %ecx
	rdpkru
	mov %eax, PKHOME(%rsp)
	mov PKRU(%rdi), %eax
	wrpkru
4:	mov GP(0)(%rdi), %rax
	mov GP(1)(%rdi), %rbx
	mov GP(2)(%rdi), %rcx
	mov GP(3)(%rdi), %rdx
	mov GP(4)(%rdi), %rsi
	mov GP(6)(%rdi), %rbp
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	mov GP(\n - 1)(%rdi), %r\n
	.endr
	mov GP(5)(%rdi), %rdi

	/* The call leaves its result and two registers of its own: those are loaded again. */
	cmpq $0, NR(%rsp)
	js 2f
	mov NR(%rsp), %rax
	syscall
	mov %rax, RET(%rsp)
	mov IN(%rsp), %rax
	mov GP(2)(%rax), %rcx
	mov GP(10)(%rax), %r11
	mov GP(0)(%rax), %rax
2:	decq SPINS(%rsp)
	jg 2b

	push %rax
	mov 8 + OUT(%rsp), %rax
	mov %rbx, GP(1)(%rax)
	mov %rcx, GP(2)(%rax)
	mov %rdx, GP(3)(%rax)
	mov %rsi, GP(4)(%rax)
	mov %rdi, GP(5)(%rax)
	mov %rbp, GP(6)(%rax)
	.irp n, 8, 9, 10, 11, 12, 13, 14, 15
	mov %r\n, GP(\n - 1)(%rax)
	.endr
	pop %rbx
	mov %rbx, GP(0)(%rax)
	cmpl $0, round_fsgsbase(%rip)
	je 3f
	rdfsbase %rbx
	mov %rbx, FSBASE(%rax)
	rdgsbase %rbx
	mov %rbx, GSBASE(%rax)
	mov FSHOME(%rsp), %rbx
	wrfsbase %rbx
	mov GSHOME(%rsp), %rbx
	wrgsbase %rbx
3:	cmpl $0, round_pkru(%rip)
	je 5f
	mov %rax, %rbx
	xor %ecx, %ecx
	rdpkru
	mov %eax, PKRU(%rbx)
	mov PKHOME(%rsp), %eax
	xor %edx, %edx
	wrpkru
	mov %rbx, %rax
5:	mov %fs:0, %rbx
	mov %rbx, FS0(%rax)
	mov %gs:0, %rbx
	mov %rbx, GS0(%rax)
	vectors_store \insn, \reg, \count, \size
	.if \masks
	masks_store
	.endif
	stmxcsr MXCSR(%rax)
	fnstcw CW(%rax)
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	fstpt X87(\n)(%rax)
	.endr

	fninit
	ldmxcsr mxcsr_default(%rip)
	.ifnc \reg, xmm
	vzeroupper
	.endif
	mov RET(%rsp), %rax
	add $LOCALS, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
.endm

	round sse, movdqu, xmm, 16, 16
	round avx, vmovdqu, ymm, 16, 32
	round avx512, vmovdqu64, zmm, 32, 64, 1

	.section .note.GNU-stack, "", @progbits
