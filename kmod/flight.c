// SPDX-License-Identifier: GPL-2.0
/*
 * The flight recorder. A CPU writes its own ring, hard masked; who prints one reads it while it may be
 * written: the newest lines may be torn then, on a machine that is broken.
 */
#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>
#include "flight.h"
#include "nucleus/thread.h"

#define QUIET	(2 * HZ)	/* an oops and its panic print once */

struct flight_ring __percpu *flight_rings;

static const char *const names[HAL_TRACE_EVENTS] = {
	"switch", "wake", "timer", "irq", "log", "replay", "harden", "relax", "lock-wait", "lock-end",
	"boost", "attach", "detach", "watchdog", "mark", "ran",
};

/* ---- printing ------------------------------------------------------------------------------ */

static void print_cpu(int cpu)
{
	const struct flight_ring *ring = per_cpu_ptr(flight_rings, cpu);
	unsigned int next = READ_ONCE(ring->next);

	for (unsigned int i = next - FLIGHT_EVENTS; i != next; i++) {
		const struct flight_event *r = &ring->events[i % FLIGHT_EVENTS];

		if (r->ns && r->event < HAL_TRACE_EVENTS)
			pr_emerg("keel: CPU %d %lld.%09lld %s tid %d %lx %lx\n", cpu,
				 r->ns / NSEC_PER_SEC, r->ns % NSEC_PER_SEC, names[r->event],
				 r->tid, r->a, r->b);
	}
}

static void print_all(void)
{
	static unsigned long printed;
	unsigned long before = READ_ONCE(printed), now = jiffies ?: 1;
	int cpu;

	if ((before && time_before(now, before + QUIET)) || cmpxchg(&printed, before, now) != before)
		return;
	pr_emerg("keel: the last events of each CPU, with the time each was recorded:\n");
	for_each_possible_cpu(cpu)	/* in a panic the others are offline by now */
		print_cpu(cpu);
}

static int on_panic(struct notifier_block *nb, unsigned long event, void *unused)
{
	print_all();
	return NOTIFY_DONE;
}

static struct notifier_block panic_notifier = { .notifier_call = on_panic };

static int on_die(struct notifier_block *nb, unsigned long event, void *unused)
{
	if (event == DIE_OOPS)
		print_all();
	return NOTIFY_DONE;
}

static struct notifier_block die_notifier = { .notifier_call = on_die };

/* The console is slow, so not from the interrupt. */
static void print_later(struct work_struct *work)
{
	print_all();
}

static DECLARE_WORK(print_work, print_later);

static void queue_print(struct irq_work *work)
{
	schedule_work(&print_work);
}

static struct irq_work watchdog_work = IRQ_WORK_INIT_HARD(queue_print);

void flight_print(void)
{
	irq_work_queue(&watchdog_work);
}

void hal_trace_ran(const struct hal_context *who, hal_time_t ran, int state, hal_time_t now)
{
	flight_record(HAL_TRACE_RAN, container_of(who, struct nk_thread, ctx)->tid, ran, state, now);
}

int flight_init(void)
{
	flight_rings = alloc_percpu(struct flight_ring);
	if (!flight_rings)
		return -ENOMEM;
	register_die_notifier(&die_notifier);
	atomic_notifier_chain_register(&panic_notifier_list, &panic_notifier);
	return 0;
}

void flight_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_notifier);
	unregister_die_notifier(&die_notifier);
	irq_work_sync(&watchdog_work);
	flush_work(&print_work);
	free_percpu(flight_rings);
}
