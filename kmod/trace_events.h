/* SPDX-License-Identifier: GPL-2.0 */
/*
 * events/keel: the formats. Threads have the number of their Linux task; what stands in a line's
 * head, before the event, is the task that Linux had on the CPU.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM keel

#if !defined(KMOD_TRACE_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define KMOD_TRACE_EVENTS_H

#include <linux/tracepoint.h>
#include "nucleus/thread.h"

/* The first that watches any of them switches all on, see trace.c. */
int trace_on(void);
void trace_off(void);

/* Programs that read a trace know numbers only: Linux writes these into the formats. */
TRACE_DEFINE_ENUM(NK_READY);
TRACE_DEFINE_ENUM(NK_RUNNING);
TRACE_DEFINE_ENUM(NK_BLOCKED);
TRACE_DEFINE_ENUM(NK_INBAND);
TRACE_DEFINE_ENUM(NK_DEAD);

#define keel_states \
	{ NK_READY, "ready" }, { NK_RUNNING, "running" }, { NK_BLOCKED, "waiting" }, \
	{ NK_INBAND, "in-band" }, { NK_DEAD, "dead" }

TRACE_EVENT_FN(keel_switch,
	TP_PROTO(const struct nk_thread *prev, const struct nk_thread *next, int state),
	TP_ARGS(prev, next, state),
	TP_STRUCT__entry(
		__array(char, prev_comm, NK_NAME_LEN)
		__field(int, prev_pid)
		__field(int, prev_prio)
		__field(int, prev_state)
		__array(char, next_comm, NK_NAME_LEN)
		__field(int, next_pid)
		__field(int, next_prio)
	),
	TP_fast_assign(
		memcpy(__entry->prev_comm, prev->name, NK_NAME_LEN);
		__entry->prev_pid = prev->tid;
		__entry->prev_prio = prev->eprio;
		__entry->prev_state = state;
		memcpy(__entry->next_comm, next->name, NK_NAME_LEN);
		__entry->next_pid = next->tid;
		__entry->next_prio = next->eprio;
	),
	TP_printk("prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s ==> next_comm=%s next_pid=%d next_prio=%d",
		  __entry->prev_comm, __entry->prev_pid, __entry->prev_prio,
		  __print_symbolic(__entry->prev_state, keel_states), __entry->next_comm,
		  __entry->next_pid, __entry->next_prio),
	trace_on, trace_off);

TRACE_EVENT_FN(keel_wake,
	TP_PROTO(const struct nk_thread *t, int how, int prio),
	TP_ARGS(t, how, prio),
	TP_STRUCT__entry(
		__array(char, comm, NK_NAME_LEN)
		__field(int, pid)
		__field(int, prio)
		__field(int, target_cpu)
		__field(int, how)
	),
	TP_fast_assign(
		memcpy(__entry->comm, t->name, NK_NAME_LEN);
		__entry->pid = t->tid;
		__entry->prio = prio;
		__entry->target_cpu = t->cpu;
		__entry->how = how;
	),
	TP_printk("comm=%s pid=%d prio=%d target_cpu=%d how=%d", __entry->comm, __entry->pid,
		  __entry->prio, __entry->target_cpu, __entry->how),
	trace_on, trace_off);

TRACE_EVENT_FN(keel_timer,
	TP_PROTO(const struct nk_thread *t, s64 deadline, s64 now),
	TP_ARGS(t, deadline, now),
	TP_STRUCT__entry(
		__field(int, pid)
		__field(s64, deadline)
		__field(s64, late)
	),
	TP_fast_assign(
		__entry->pid = t ? t->tid : 0;
		__entry->deadline = deadline;
		__entry->late = now - deadline;
	),
	TP_printk("pid=%d deadline=%lld late=%lld", __entry->pid, __entry->deadline, __entry->late),
	trace_on, trace_off);

DECLARE_EVENT_CLASS(keel_vector,
	TP_PROTO(int vector),
	TP_ARGS(vector),
	TP_STRUCT__entry(__field(int, vector)),
	TP_fast_assign(__entry->vector = vector;),
	TP_printk("vector=%d", __entry->vector));

DEFINE_EVENT_FN(keel_vector, keel_irq, TP_PROTO(int vector), TP_ARGS(vector), trace_on, trace_off);
DEFINE_EVENT_FN(keel_vector, keel_log, TP_PROTO(int vector), TP_ARGS(vector), trace_on, trace_off);
DEFINE_EVENT_FN(keel_vector, keel_replay, TP_PROTO(int vector), TP_ARGS(vector), trace_on, trace_off);

#define keel_reasons \
	{ KEEL_RELAX_NONE, "none" }, { KEEL_RELAX_CALL, "call" }, { KEEL_RELAX_SYSCALL, "syscall" }, \
	{ KEEL_RELAX_FAULT, "fault" }, { KEEL_RELAX_SIGNAL, "signal" }, \
	{ KEEL_RELAX_WATCHDOG, "watchdog" }, { KEEL_RELAX_DETACH, "detach" }

TRACE_EVENT_FN(keel_stage,
	TP_PROTO(const struct nk_thread *t, bool hard, int reason),
	TP_ARGS(t, hard, reason),
	TP_STRUCT__entry(
		__array(char, comm, NK_NAME_LEN)
		__field(int, pid)
		__field(int, hard)
		__field(int, reason)
	),
	TP_fast_assign(
		memcpy(__entry->comm, t->name, NK_NAME_LEN);
		__entry->pid = t->tid;
		__entry->hard = hard;
		__entry->reason = reason;
	),
	TP_printk("comm=%s pid=%d to=%s reason=%s", __entry->comm, __entry->pid,
		  __print_symbolic(__entry->hard, { 0, "in-band" }, { 1, "hard" }),
		  __print_symbolic(__entry->reason, keel_reasons)),
	trace_on, trace_off);

TRACE_EVENT_FN(keel_lock,
	TP_PROTO(const struct nk_thread *t, const struct nk_thread *owner, unsigned long lock, int how),
	TP_ARGS(t, owner, lock, how),
	TP_STRUCT__entry(
		__array(char, comm, NK_NAME_LEN)
		__field(int, pid)
		__field(unsigned long, lock)
		__field(int, waits)
		__field(int, owner)
		__field(int, how)
	),
	TP_fast_assign(
		memcpy(__entry->comm, t->name, NK_NAME_LEN);
		__entry->pid = t->tid;
		__entry->lock = lock;
		__entry->waits = owner != NULL;
		__entry->owner = owner ? owner->tid : 0;
		__entry->how = how;
	),
	TP_printk("comm=%s pid=%d lock=%lx %s owner=%d how=%d", __entry->comm, __entry->pid,
		  __entry->lock, __print_symbolic(__entry->waits, { 0, "ends" }, { 1, "waits" }),
		  __entry->owner, __entry->how),
	trace_on, trace_off);

TRACE_EVENT_FN(keel_boost,
	TP_PROTO(const struct nk_thread *t, int before, int now),
	TP_ARGS(t, before, now),
	TP_STRUCT__entry(
		__array(char, comm, NK_NAME_LEN)
		__field(int, pid)
		__field(int, oldprio)
		__field(int, newprio)
	),
	TP_fast_assign(
		memcpy(__entry->comm, t->name, NK_NAME_LEN);
		__entry->pid = t->tid;
		__entry->oldprio = before;
		__entry->newprio = now;
	),
	TP_printk("comm=%s pid=%d oldprio=%d newprio=%d", __entry->comm, __entry->pid,
		  __entry->oldprio, __entry->newprio),
	trace_on, trace_off);

TRACE_EVENT_FN(keel_attach,
	TP_PROTO(bool attached),
	TP_ARGS(attached),
	TP_STRUCT__entry(__field(int, attached)),
	TP_fast_assign(__entry->attached = attached;),
	TP_printk("%s", __print_symbolic(__entry->attached, { 0, "detached" }, { 1, "attached" })),
	trace_on, trace_off);

TRACE_EVENT_FN(keel_mark,
	TP_PROTO(const struct nk_thread *t, u32 number, s64 value),
	TP_ARGS(t, number, value),
	TP_STRUCT__entry(
		__array(char, comm, NK_NAME_LEN)
		__field(int, pid)
		__field(u32, number)
		__field(s64, value)
	),
	TP_fast_assign(
		memcpy(__entry->comm, t->name, NK_NAME_LEN);
		__entry->pid = t->tid;
		__entry->number = number;
		__entry->value = value;
	),
	TP_printk("comm=%s pid=%d number=%u value=%lld", __entry->comm, __entry->pid,
		  __entry->number, __entry->value),
	trace_on, trace_off);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH kmod
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace_events
#include <trace/define_trace.h>
