// SPDX-License-Identifier: GPL-2.0
/*
 * kvm threads: hard threads that must come home when KVM is loaded, can't be hard again while it
 * is, and can when it has gone. Says "hard", "home", "hard again".
 * kvm guest SECONDS: a guest of a few instructions, which counts on port 0x10 and must not lose
 * a number; in between it runs without end and must be kicked out of that by a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include "hard.h"

/* ---- threads ------------------------------------------------------------------------------- */

static int hard_now, home, again;

static void comes_home(void)
{
	struct keel_stats stats;

	check(!keel_is_hard());
	check(keel_harden() == -EOPNOTSUPP && keel_refusal() == KEEL_REFUSE_KVM);
	must(keel_stats_get(&stats));
	check(stats.relaxes[KEEL_RELAX_DETACH] >= 1);
	__atomic_fetch_add(&home, 1, __ATOMIC_RELEASE);
	while (keel_harden())
		sleep_ms(20);
	must(keel_sleep(MS));
	check(keel_is_hard());
	__atomic_fetch_add(&again, 1, __ATOMIC_RELEASE);
}

static void *sleeper(void *arg)
{
	(void)arg;
	check(keel_is_hard());
	__atomic_fetch_add(&hard_now, 1, __ATOMIC_RELEASE);
	check(keel_sleep(3600 * 1000 * MS) == -EOPNOTSUPP);
	comes_home();
	return NULL;
}

/* Mostly running; it sleeps so that the watchdog has no reason to send it home. */
static void *busy(void *arg)
{
	long err = 0;

	(void)arg;
	check(keel_is_hard());
	__atomic_fetch_add(&hard_now, 1, __ATOMIC_RELEASE);
	while (!err) {
		int64_t until = keel_clock_ns() + 5 * MS;

		while (keel_clock_ns() < until)
			;
		err = keel_sleep(MS);
	}
	check(err == -EOPNOTSUPP);
	comes_home();
	return NULL;
}

static void threads(void)
{
	pthread_t a = hard_create("sleeper", 20, 0, sleeper, NULL);
	pthread_t b = hard_create("busy", 10, 1, busy, NULL);

	await(&hard_now, 2, "the threads");
	dprintf(1, "hard\n");
	await(&home, 2, "the way home");
	dprintf(1, "home\n");
	for (int i = 0; flag_get(&again) < 2; i++, sleep_ms(10))
		check(i < 6000);	/* the case unloads KVM meanwhile */
	dprintf(1, "hard again\n");
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

/* ---- a guest --------------------------------------------------------------------------------- */

#define PORT		0x10
#define GUEST_SIZE	0x1000
#define KICKS_EACH	3
#define NUMBERS_EACH	50

/* Real mode, at 0: count in ax and say so; bx is 0: again, else run until bx changes. */
static const uint8_t code[] = {
	0x31, 0xc0,			/* xor %ax, %ax */
	0x40,				/* 2: inc %ax */
	0xb9, 0x00, 0x40,		/* mov $0x4000, %cx */
	0xe2, 0xfe,			/* loop . */
	0xe7, PORT,			/* out %ax, $PORT */
	0x83, 0x3e, 0x00, 0x08, 0x00,	/* cmpw $0, 0x800 */
	0x75, 0xf9,			/* jne the cmpw */
	0xeb, 0xef,			/* jmp 2b */
};

static uint8_t *memory;
static struct kvm_run *run;
static int vcpu;
static int running;	/* the guest runs without end, and is to be kicked */
static unsigned long numbers, kicks;
static uint16_t expected = 1;

static long kvm_do(int fd, unsigned long request, unsigned long arg, const char *what)
{
	long ret = ioctl(fd, request, arg);

	if (ret < 0)
		fail("%s: %m", what);
	return ret;
}

static void guest_make(void)
{
	struct kvm_userspace_memory_region region = { .memory_size = GUEST_SIZE };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = 2 };

	if (kvm < 0)
		fail("/dev/kvm: %m");
	vm = kvm_do(kvm, KVM_CREATE_VM, 0, "create VM");
	memory = shared_alloc(GUEST_SIZE);
	memcpy(memory, code, sizeof(code));
	region.userspace_addr = (uint64_t)memory;
	kvm_do(vm, KVM_SET_USER_MEMORY_REGION, (unsigned long)&region, "memory");
	vcpu = kvm_do(vm, KVM_CREATE_VCPU, 0, "create vCPU");
	run = mmap(NULL, kvm_do(kvm, KVM_GET_VCPU_MMAP_SIZE, 0, "size"), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	check(run != MAP_FAILED);
	kvm_do(vcpu, KVM_GET_SREGS, (unsigned long)&sregs, "get sregs");
	sregs.cs.base = sregs.cs.selector = 0;
	kvm_do(vcpu, KVM_SET_SREGS, (unsigned long)&sregs, "set sregs");
	kvm_do(vcpu, KVM_SET_REGS, (unsigned long)&regs, "set regs");
}

/* One that comes just before the guest runs must not be lost either. */
static void on_kick(int signal)
{
	(void)signal;
	run->immediate_exit = 1;
}

static void number_seen(void)
{
	uint16_t value;

	check(run->exit_reason == KVM_EXIT_IO && run->io.port == PORT && run->io.size == 2);
	memcpy(&value, (char *)run + run->io.data_offset, sizeof(value));
	if (value != expected)
		fail("the guest counted to %u, not %u", value, expected);
	expected++;
	numbers++;
}

static void *kicker(void *target)
{
	for (;;) {
		while (!flag_get(&running))
			sleep_ms(1);
		usleep(200 + kicks % 700);
		flag_set(&running, 0);
		pthread_kill(*(pthread_t *)target, SIGUSR1);
	}
	return NULL;
}

/* Without end until the signal breaks it off; a kick that is lost hangs here. */
static void guest_hang(void)
{
	*(volatile uint16_t *)(memory + 0x800) = 1;
	flag_set(&running, 1);
	while (ioctl(vcpu, KVM_RUN, 0) == 0)
		number_seen();
	check(errno == EINTR);
	run->immediate_exit = 0;
	*(volatile uint16_t *)(memory + 0x800) = 0;
	kicks++;
}

static void guest(int seconds)
{
	struct sigaction sa = { .sa_handler = on_kick };
	pthread_t self = pthread_self(), other;
	int64_t end = keel_clock_ns() + seconds * 1000 * MS;

	sigaction(SIGUSR1, &sa, NULL);
	guest_make();
	check(pthread_create(&other, NULL, kicker, &self) == 0);
	while (keel_clock_ns() < end) {
		for (int i = 0; i < NUMBERS_EACH; i++) {
			kvm_do(vcpu, KVM_RUN, 0, "run");
			number_seen();
		}
		for (int i = 0; i < KICKS_EACH; i++)
			guest_hang();
	}
	printf("%lu numbers, %lu kicks\n", numbers, kicks);
	check(numbers && kicks);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "threads"))
		threads();
	else if (argc == 3 && !strcmp(argv[1], "guest"))
		guest(atoi(argv[2]));
	else
		fail("usage: kvm threads | guest SECONDS");
	return 0;
}
