// SPDX-License-Identifier: GPL-2.0
/*
 * compat32 int80|vsyscall: a 32-bit program that makes Linux calls for ten seconds, by int $0x80,
 * or as the vDSO does: by sysenter or syscall, whichever the CPU has. Status 1 when a call gave
 * a wrong answer or changed a register. There is no libc for it.
 */
#define NR_EXIT		1
#define NR_OPEN		5
#define NR_TIME		13
#define NR_LSEEK	19
#define NR_GETPID	20
#define NR_IOCTL	54
#define EPERM		1
#define EOPNOTSUPP	95
#define KEEL_IOC_INFO	0x80584b00
#define KEEL_PARK	0x4b01
#define O_RDWR		2
#define AT_SYSINFO	32
#define SECONDS		10
#define ROUNDS		1000

typedef long (*call_fn)(long nr, unsigned long seed);

static unsigned long vsyscall;	/* the vDSO's entry */

/* Call with a pattern in the five registers that a call keeps; all ones when one changed. */
#define CALL(name, enter)						\
	long name(long nr, unsigned long seed);				\
	asm(".text\n" #name ":\n"					\
	    "push %ebx; push %esi; push %edi; push %ebp\n"		\
	    "mov 20(%esp), %eax; mov 24(%esp), %ebx\n"			\
	    "lea 1(%ebx), %ecx; lea 2(%ebx), %edx; lea 3(%ebx), %esi\n"	\
	    "lea 4(%ebx), %edi; lea 5(%ebx), %ebp\n"			\
	    enter "\n"							\
	    "sub $1, %ecx; sub $2, %edx; sub $3, %esi\n"		\
	    "sub $4, %edi; sub $5, %ebp\n"				\
	    "cmp 24(%esp), %ebx; jne 1f\n"				\
	    "cmp %ebx, %ecx; jne 1f; cmp %ebx, %edx; jne 1f\n"		\
	    "cmp %ebx, %esi; jne 1f; cmp %ebx, %edi; jne 1f\n"		\
	    "cmp %ebx, %ebp; je 2f\n"					\
	    "1: mov $-1, %eax\n"					\
	    "2: pop %ebp; pop %edi; pop %esi; pop %ebx; ret\n")

CALL(by_int80, "int $0x80");
CALL(by_vsyscall, "call *vsyscall");

/* One argument, in ebx; it is a pointer for time(), so not a pattern. */
static long time_now(void)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "0"(NR_TIME), "b"(0));
	return ret;
}

static long call3(long nr, const void *a, long b, const void *c)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return ret;
}

/* Keel has nothing for a 32-bit program, and says so. */
static int keel_refuses(void)
{
	static char info[88];
	void *fd = (void *)call3(NR_OPEN, "/dev/keel", O_RDWR, 0);

	return (long)fd >= 0 && call3(NR_IOCTL, fd, KEEL_IOC_INFO, info) == -EOPNOTSUPP &&
	       call3(NR_LSEEK, fd, KEEL_PARK, 0) == -EPERM;
}

static __attribute__((noreturn)) void leave(int status)
{
	for (;;)
		asm volatile("int $0x80" : : "a"(NR_EXIT), "b"(status));
}

static void run(call_fn call)
{
	long end = time_now() + SECONDS, pid = call(NR_GETPID, 0);
	unsigned long seed = 0x12345678;

	while (time_now() < end)
		for (int i = 0; i < ROUNDS; i++) {
			seed = seed * 1103515245 + 12345;
			if (pid <= 0 || call(NR_GETPID, seed) != pid)
				leave(1);
		}
	leave(0);
}

/* @stack: argc, argv, 0, environment, 0, pairs of the auxiliary vector. */
__attribute__((used, noreturn)) static void begin(unsigned long *stack)
{
	unsigned long *p = stack + stack[0] + 2;

	while (*p++)
		;
	for (; p[0]; p += 2)
		if (p[0] == AT_SYSINFO)
			vsyscall = p[1];
	if (stack[0] != 2 || !vsyscall)
		leave(2);
	if (!keel_refuses())
		leave(4);
	run(((char *)stack[2])[0] == 'i' ? by_int80 : by_vsyscall);
	leave(3);
}

asm(".globl _start\n"
    "_start: mov %esp, %eax; and $-16, %esp; sub $12, %esp; push %eax; call begin\n");
