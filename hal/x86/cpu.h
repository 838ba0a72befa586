/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the x86 port keeps per CPU. Owned by its CPU, touched hard masked, except what
 * says (a): atomic, any CPU.
 */
#ifndef HAL_X86_CPU_H
#define HAL_X86_CPU_H

#include <linux/build_bug.h>
#include <linux/percpu.h>
#include <linux/clockchips.h>
#include <asm/ptrace.h>
#include "hal/hal.h"
#include "hal/pipeline.h"

/* Linux's raw register state while a user thread of ours has the CPU. */
struct hal_root_state {
	unsigned long cr3;
	unsigned long cr4;		/* with dr7, cpu_dr7, dr_aside and io_bitmap_base: valid when odd */
	unsigned long fsbase, gsbase;
	unsigned long top_of_stack;
	unsigned long dr7, cpu_dr7;	/* the register, and Linux's own note of it */
	unsigned long dr[4];		/* valid when dr_aside */
	int dr_aside;
	int odd;			/* state that hard threads must not see was put aside */
	unsigned short ds, es, fs, gs;
	unsigned short io_bitmap_base;
	unsigned int pkru;
	void *xraw, *xstate;		/* allocation; 64-byte aligned start, XCR0 | XSS */
};

/* Linux's callbacks of the local APIC timer, put aside. */
struct hal_saved_clockevent {
	int (*set_next_event)(unsigned long evt, struct clock_event_device *dev);
	int (*set_state_periodic)(struct clock_event_device *dev);
	int (*set_state_oneshot)(struct clock_event_device *dev);
	int (*set_state_oneshot_stopped)(struct clock_event_device *dev);
	int (*set_state_shutdown)(struct clock_event_device *dev);
	int (*tick_resume)(struct clock_event_device *dev);
};

struct hal_timer {
	struct clock_event_device *dev;	/* Linux's; NULL: Linux still owns the hardware */
	struct hal_saved_clockevent saved;
	hal_time_t oob;			/* deadlines; HAL_TIME_NEVER: none */
	hal_time_t inband;
	hal_time_t hardware;		/* what was programmed last */
	unsigned int mult, shift;	/* ns to hardware ticks */
	hal_time_t longest;		/* that one count can last */
	int split;			/* the count ends before the deadline */
	int linux_due;			/* the tick that Linux must still see */
	hal_time_t last_now;		/* the last reading of the clock here, */
	unsigned long last_tsc;		/* and of the TSC then */
};

struct hal_cpu {
	struct hal_cpu_fast fast;	/* first: thunks.S */
	struct pipeline pipe;		/* second: thunks.S */
	struct hal_timer timer;
	struct hal_user *live;		/* whose user state is in the registers; NULL: Linux's */
	struct hal_root_state root;
	unsigned int kicked;		/* (a) an oob IPI is under way */
	hal_time_t left_at;		/* Linux lost the CPU last */
	int waits_told;			/* nk_hal_inband_waits() was called in this residence */
	int polling;			/* Linux's idle task polled, and was kept from it */
	unsigned long leaks;		/* V found stalled in user mode */
	const void *hard_mm;		/* (a) mm whose translations this CPU may hold */
	unsigned long flush_request, flush_done; /* (a) remote flushes asked and made */
};

/* As thunks.S and hal_port.h have them. */
static_assert(offsetof(struct hal_cpu, fast.state) == 0);
static_assert(offsetof(struct hal_cpu, fast.oob) == 4);
static_assert(offsetof(struct hal_cpu, fast.cpu) == 8);
static_assert(offsetof(struct hal_cpu, fast.local) == 16);
static_assert(offsetof(struct hal_cpu, pipe.serving) == 24);
static_assert(offsetof(struct hal_cpu, pipe.outer) == 32);
static_assert(offsetof(struct pt_regs, cs) == 136);
static_assert(offsetof(struct pt_regs, flags) == 144);

DECLARE_PER_CPU_ALIGNED(struct hal_cpu, hal_cpu_data);

#define hal_this() this_cpu_ptr(&hal_cpu_data)

#endif
