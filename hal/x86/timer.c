// SPDX-License-Identifier: GPL-2.0
/*
 * Clock and timer.
 *
 * The clock reads Linux's own fast timekeeper (a latch: readable from any context, also in
 * the middle of an update) and so equals CLOCK_MONOTONIC as the vDSO shows it.
 *
 * Deadlines are absolute. Linux's comes from next_event, which the core sets before it calls
 * set_next_event(). What the hardware fires for is told apart by the deadlines, never by
 * the interrupt: an expired Linux deadline becomes "due" and stays so until delivered. An
 * interrupt with nothing expired can be a tick broadcast by IPI: Linux gets it.
 */
#include <linux/kernel.h>
#include <linux/clockchips.h>
#include <linux/cpumask.h>
#include <linux/jump_label.h>
#include <linux/timekeeper_internal.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <asm/apic.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>
#include <keel/abi.h>
#include "irq.h"
#include "symbols.h"
#include "timer.h"

/* kernel/time/timekeeping.c: a sequence latch over two copies. */
struct tk_fast_view {
	unsigned int seq;
	struct tk_read_base base[2];
};

#define NEAR_CYCLES (1ul << 22)	/* about a millisecond */

static const struct tk_fast_view *tk_fast __read_mostly;

/* Linux's last words on the TSC, should it give it up: hard threads go on by them. */
static struct tk_fast_view tk_last;
/* TSC deadline instead of the one-shot count. */
static DEFINE_STATIC_KEY_FALSE(deadline_mode);

static __always_inline u64 tsc_read(void)
{
	u64 low, high;	/* the upper halves are cleared */

	/* No fence: what comes before is an interrupt or a system call. */
	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return high << 32 | low;
}

/* By a multiplication, which the compiler would take apart into three instructions. */
static __always_inline const struct tk_read_base *clock_copy(const struct tk_fast_view *fast,
							     unsigned int seq)
{
	unsigned long offset;

	asm("imulq %2, %1, %0" : "=r"(offset) : "r"((unsigned long)seq & 1),
	    "i"(sizeof(fast->base[0])));
	return ((const struct tk_fast_view *)((const char *)fast + offset))->base;
}

static __always_inline hal_time_t clock_read(u64 *tsc)
{
	const struct tk_fast_view *fast = READ_ONCE(tk_fast);
	const struct tk_read_base *b;
	unsigned int seq;
	hal_time_t now;
	s64 delta;

	do {
		seq = READ_ONCE(fast->seq);
		b = clock_copy(fast, seq);
		smp_rmb();
		*tsc = tsc_read();
		delta = *tsc - b->cycle_last;
		if (unlikely(delta < 0))
			delta = 0;
		now = b->base + (((u64)delta * b->mult + b->xtime_nsec) >> b->shift);
		/* As smp_rmb(), and @now is computed by here: no field is read behind the loop. */
		asm volatile("" : "+r"(now) : : "memory");
	} while (unlikely(READ_ONCE(fast->seq) != seq));
	return now;
}

static __always_inline hal_time_t clock_now(struct hal_timer *t)
{
	u64 tsc;
	hal_time_t now = clock_read(&tsc);

	if (unlikely(now < t->last_now))
		return t->last_now;
	t->last_now = now;
	t->last_tsc = tsc;
	return now;
}

static noinline hal_time_t clock_far(struct hal_timer *t)
{
	return clock_now(t);
}

/*
 * For programming the hardware: from the last reading on this CPU and the TSC since, shorter
 * than a full reading and as exact while that is not far back. The copy may be written meanwhile,
 * but mult alone changes there, a word that is old or new: what Linux corrects of its rate makes
 * no difference in so short a time. Another clocksource comes with all CPUs stopped only.
 */
static __always_inline hal_time_t clock_near(struct hal_timer *t)
{
	u64 passed = rdtsc() - t->last_tsc;

	if (unlikely(passed >= NEAR_CYCLES))
		return clock_far(t);
	return t->last_now + (passed * tk_fast->base[0].mult >> tk_fast->base[0].shift);
}

hal_time_t hal_clock_now(void)
{
	return clock_now(&hal_this()->timer);
}

hal_time_t hal_clock_near(void)
{
	return clock_near(&hal_this()->timer);
}

void hal_clock_await(hal_time_t when)
{
	while (hal_clock_now() < when)
		cpu_relax();
}

hal_time_t hal_inband_left(void)
{
	return hal_this()->left_at;
}

hal_time_t hal_inband_left_of(int cpu)
{
	const struct hal_cpu *hc = &per_cpu(hal_cpu_data, cpu);

	return smp_load_acquire(&hc->fast.oob) ? READ_ONCE(hc->left_at) : HAL_TIME_NEVER;
}

/* As Linux will have it in the latch in a moment, and the vDSO has it already. */
static hal_time_t realtime_offset;

hal_time_t hal_clock_realtime_offset(void)
{
	return READ_ONCE(realtime_offset);
}

static bool clock_is_tsc(const struct tk_read_base *b)
{
	const struct clocksource *cs = READ_ONCE(b->clock);

	return cs && !strncmp(cs->name, "tsc", 3);
}

int hal_clock_ok(void)
{
	return tk_fast != &tk_last && clock_is_tsc(&tk_fast->base[0]);
}

int hal_clock_init(void)
{
	hal_time_t a, b, c;
	u64 tsc;

	tk_fast = (const struct tk_fast_view *)hal_sym.tk_fast_mono;
	if (!hal_clock_ok()) {
		pr_err("keel: Linux's clocksource is not the TSC (see /sys/devices/system/clocksource/clocksource0/): Keel needs it; boot with tsc=reliable if the TSC is known to be good\n");
		return -EOPNOTSUPP;
	}
	a = ktime_get_mono_fast_ns();
	b = clock_read(&tsc);
	c = ktime_get_mono_fast_ns();
	if (b < a || b > c) {
		pr_err("keel: the kernel's fast timekeeper is not laid out as expected\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* ---- the clock for user space ------------------------------------------------------------- */

static struct keel_clock *shared;

int hal_clock_share(void)
{
	shared = vmalloc_user(PAGE_SIZE);
	return shared ? 0 : -ENOMEM;
}

void hal_clock_unshare(void)
{
	vfree(shared);
	shared = NULL;
}

void *hal_clock_page(void)
{
	return shared;
}

/* One writer at a time: Linux's timekeeping lock, or attach and detach with all CPUs stopped. */
static void clock_publish(const struct tk_read_base *b, int valid)
{
	WRITE_ONCE(shared->seq, shared->seq + 1);
	smp_wmb();
	shared->valid = valid && clock_is_tsc(b);
	shared->mult = b->mult;
	shared->shift = b->shift;
	shared->cycle_last = b->cycle_last;
	shared->fraction = b->xtime_nsec;
	shared->base_ns = b->base;
	smp_wmb();
	WRITE_ONCE(shared->seq, shared->seq + 1);
}

/*
 * The fast timekeeper is updated after this, so what it holds now is still the TSC's. Linux changes
 * its clocksource with all CPUs stopped.
 */
static void clock_lost(void)
{
	tk_last = *tk_fast;
	tk_last.seq &= 1;
	WRITE_ONCE(tk_fast, &tk_last);
	hal_warn("Linux gave the TSC up: no thread becomes hard until Keel is stopped and Linux uses the TSC again", 0);
}

void hal_clock_publish(const struct timekeeper *tk)
{
	if (unlikely(!clock_is_tsc(&tk->tkr_mono)) && tk_fast != &tk_last)
		clock_lost();
	clock_publish(&tk->tkr_mono, 1);
	if (unlikely(tk->offs_real != realtime_offset)) {
		WRITE_ONCE(realtime_offset, tk->offs_real);
		nk_hal_clock_set();
	}
}

void hal_clock_publish_state(int valid)
{
	const struct tk_read_base *b = &tk_fast->base[tk_fast->seq & 1];

	clock_publish(b, valid);
	WRITE_ONCE(realtime_offset, b->base_real - b->base);
}

/* ---- hardware ------------------------------------------------------------------------ */

#define REMIND_NS    1000000LL		/* a tick that Linux has not seen */
#define COUNT_MAX_NS 2000000000LL	/* longer sleeps wake and program again */

static noinline void hardware_disarm(void)
{
	if (static_branch_unlikely(&deadline_mode))
		wrmsrl(MSR_IA32_TSC_DEADLINE, 0);
	else
		hal_apic_write(APIC_TMICT, 0);
}

static __always_inline void hardware_set(struct hal_timer *t, hal_time_t deadline)
{
	hal_time_t delta;
	u64 ticks;

	t->hardware = deadline;
	t->split = 0;
	if (unlikely(deadline == HAL_TIME_NEVER)) {
		hardware_disarm();
		return;
	}
	delta = deadline - clock_near(t);
	if (unlikely(delta > t->longest)) {
		delta = t->longest;
		t->split = 1;
	}
	ticks = delta > 0 ? (u64)delta * t->mult >> t->shift : 0;
	if (static_branch_unlikely(&deadline_mode)) {
		asm volatile("mfence; lfence" : : : "memory");
		wrmsrl(MSR_IA32_TSC_DEADLINE, rdtsc() + ticks + 1);
	} else {
		hal_apic_write(APIC_TMICT, ticks + 1);
	}
}

static __always_inline void timer_update(struct hal_cpu *hc)
{
	struct hal_timer *t = &hc->timer;
	hal_time_t next = t->oob < t->inband ? t->oob : t->inband;

	if (next != t->hardware)
		hardware_set(t, next);
}

void hal_timer_program(hal_time_t deadline)
{
	struct hal_cpu *hc = hal_this();

	hc->timer.oob = deadline;
	if (hc->timer.dev)
		timer_update(hc);
}

void hal_timer_interrupt(struct hal_cpu *hc)
{
	struct hal_timer *t = &hc->timer;
	hal_time_t now = clock_now(t);

	t->hardware = HAL_TIME_NEVER;	/* it fired */
	if (now >= t->inband) {
		/* Linux sets its next one when it runs; until then this fires again, so that
		 * an oob thread that keeps it from running is noticed. */
		t->inband = now + REMIND_NS;
		t->linux_due = 1;
	} else if (unlikely(now < t->oob) && !t->split) {
		t->linux_due = 1;	/* raised from the log, or broadcast by another CPU */
	}
	if (now >= t->oob)
		t->oob = nk_hal_tick(now);
	timer_update(hc);
}

/* ---- Linux's side ------------------------------------------------------------------- */

static int linux_set_next_event(unsigned long evt, struct clock_event_device *dev)
{
	unsigned long flags = hal_oob_save();
	struct hal_cpu *hc = hal_this();

	hc->timer.inband = ktime_to_ns(dev->next_event);
	timer_update(hc);
	hal_oob_restore(flags);
	return 0;
}

/* Linux wants no tick: only a note, the hardware goes on for Keel. */
static int linux_stop(struct clock_event_device *dev)
{
	unsigned long flags = hal_oob_save();
	struct hal_cpu *hc = hal_this();

	hc->timer.inband = HAL_TIME_NEVER;
	timer_update(hc);
	hal_oob_restore(flags);
	return 0;
}

static int linux_oneshot(struct clock_event_device *dev)
{
	return 0;
}

static int linux_periodic(struct clock_event_device *dev)
{
	pr_err_once("keel: Linux asked for a periodic tick, which Keel does not share; stop Keel first\n");
	return -EOPNOTSUPP;
}

static struct clock_event_device *lapic_device(int cpu)
{
	return per_cpu_ptr((struct clock_event_device __percpu *)hal_sym.lapic_events, cpu);
}

int hal_timer_check(void)
{
	int cpu;

	for_each_online_cpu(cpu) {
		const struct clock_event_device *dev = lapic_device(cpu);

		if ((clockevent_state_oneshot((struct clock_event_device *)dev) ||
		     clockevent_state_oneshot_stopped((struct clock_event_device *)dev)) &&
		    !strncmp(dev->name, "lapic", 5) && dev->mult && dev->event_handler)
			continue;
		pr_err("keel: CPU %d's tick is not a one-shot local APIC timer: boot without highres=off, nohz=off, nolapic_timer\n",
		       cpu);
		return -EOPNOTSUPP;
	}
	if (!strcmp(lapic_device(0)->name, "lapic-deadline"))
		static_branch_enable(&deadline_mode);
	else
		static_branch_disable(&deadline_mode);
	return 0;
}

void hal_timer_take(struct hal_cpu *hc)
{
	struct clock_event_device *dev = lapic_device(hc->fast.cpu);
	struct hal_timer *t = &hc->timer;
	struct hal_saved_clockevent *s = &t->saved;

	s->set_next_event = dev->set_next_event;
	s->set_state_periodic = dev->set_state_periodic;
	s->set_state_oneshot = dev->set_state_oneshot;
	s->set_state_oneshot_stopped = dev->set_state_oneshot_stopped;
	s->set_state_shutdown = dev->set_state_shutdown;
	s->tick_resume = dev->tick_resume;
	dev->set_next_event = linux_set_next_event;
	dev->set_state_periodic = linux_periodic;
	dev->set_state_oneshot = linux_oneshot;
	dev->set_state_oneshot_stopped = linux_stop;
	dev->set_state_shutdown = linux_stop;
	dev->tick_resume = linux_oneshot;

	/* Linux counts in 1/16 of the bus clock, or 1/8 of the TSC; Keel in whole ones. */
	t->mult = dev->mult;
	t->shift = dev->shift - (static_key_enabled(&deadline_mode) ? 3 : 4);
	t->inband = clockevent_state_oneshot(dev) ? ktime_to_ns(dev->next_event) : HAL_TIME_NEVER;
	t->longest = min_t(u64, COUNT_MAX_NS, ((u64)(U32_MAX - 1) << t->shift) / t->mult);
	t->linux_due = 0;
	t->hardware = HAL_TIME_NEVER;
	t->dev = dev;	/* oob stays: the nucleus may have timers from before */
	if (static_key_enabled(&deadline_mode)) {
		hal_apic_write(APIC_LVTT, APIC_LVT_TIMER_TSCDEADLINE | LOCAL_TIMER_VECTOR);
		asm volatile("mfence" : : : "memory");
	} else {
		hal_apic_write(APIC_LVTT, LOCAL_TIMER_VECTOR);
		hal_apic_write(APIC_TDCR, APIC_TDR_DIV_1);
	}
	timer_update(hc);
}

void hal_timer_release(struct hal_cpu *hc)
{
	struct hal_timer *t = &hc->timer;
	struct hal_saved_clockevent *s = &t->saved;
	struct clock_event_device *dev = t->dev;
	hal_time_t delta;

	t->dev = NULL;
	dev->set_next_event = s->set_next_event;
	dev->set_state_periodic = s->set_state_periodic;
	dev->set_state_oneshot = s->set_state_oneshot;
	dev->set_state_oneshot_stopped = s->set_state_oneshot_stopped;
	dev->set_state_shutdown = s->set_state_shutdown;
	dev->tick_resume = s->tick_resume;
	if (!clockevent_state_oneshot(dev) && !t->linux_due) {
		dev->set_state_shutdown(dev);
		return;
	}
	/* The state callback writes LVTT and the divider as Linux had them. */
	dev->set_state_oneshot(dev);
	delta = t->linux_due ? 0 : t->inband - hal_clock_now();
	if (t->linux_due || t->inband != HAL_TIME_NEVER) {
		delta = clamp_t(hal_time_t, delta, dev->min_delta_ns, dev->max_delta_ns);
		dev->set_next_event((unsigned long)((u64)delta * dev->mult >> dev->shift), dev);
	}
	t->linux_due = 0;
}
