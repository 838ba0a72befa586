// SPDX-License-Identifier: GPL-2.0
/*
 * include/uapi/keel as a program sees it, as text: sizes, places and numbers, in a line each.
 */
#include <stddef.h>
#include <stdio.h>

#include "keel/abi.h"
#include "tests/unit/unit.h"

#define SIZE(type) fprintf(out, "%s %zu\n", #type, sizeof(struct type))
#define FIELD(type, field) \
	fprintf(out, "%s.%s %zu %zu\n", #type, #field, offsetof(struct type, field), \
		sizeof(((struct type *)0)->field))
#define NUMBER(name) fprintf(out, "%s 0x%llx\n", #name, (unsigned long long)(name))

static void print_window(FILE *out)
{
	SIZE(keel_window);
	FIELD(keel_window, hard);
	FIELD(keel_window, last_reason);
	FIELD(keel_window, relaxes);
	FIELD(keel_window, hardens);
	FIELD(keel_window, switches);
	FIELD(keel_window, overruns);
	FIELD(keel_window, last_ip);
	FIELD(keel_window, last_fault);
	FIELD(keel_window, refusal);
	FIELD(keel_window, pad);
	FIELD(keel_window, signal_value);
	FIELD(keel_window, signal_timer);
	FIELD(keel_window, signal_overrun);
	NUMBER(KEEL_WINDOWS_SIZE);
}

static void print_requests(FILE *out)
{
	SIZE(keel_info);
	FIELD(keel_info, abi_base);
	FIELD(keel_info, abi_level);
	FIELD(keel_info, windows_size);
	FIELD(keel_info, attached);
	FIELD(keel_info, cpus);
	FIELD(keel_info, refusal);
	FIELD(keel_info, release);
	SIZE(keel_attach);
	FIELD(keel_attach, abi_level);
	FIELD(keel_attach, prio);
	FIELD(keel_attach, cpu);
	FIELD(keel_attach, index);
	FIELD(keel_attach, name);
	SIZE(keel_thread_set);
	FIELD(keel_thread_set, prio);
	FIELD(keel_thread_set, cpu);
	SIZE(keel_mutex_req);
	FIELD(keel_mutex_req, id);
	FIELD(keel_mutex_req, pad);
	SIZE(keel_object);
	FIELD(keel_object, type);
	FIELD(keel_object, id);
	FIELD(keel_object, args);
	FIELD(keel_object, data);
	FIELD(keel_object, pad);
	SIZE(keel_name);
	FIELD(keel_name, type);
	FIELD(keel_name, id);
	FIELD(keel_name, args);
	FIELD(keel_name, data);
	FIELD(keel_name, until);
	FIELD(keel_name, mode);
	FIELD(keel_name, pad);
	FIELD(keel_name, name);
	SIZE(keel_file);
	FIELD(keel_file, fd);
	FIELD(keel_file, id);
	FIELD(keel_file, flags);
	FIELD(keel_file, type);
	FIELD(keel_file, args);
	FIELD(keel_file, data);
	SIZE(keel_poll);
	FIELD(keel_poll, id);
	FIELD(keel_poll, events);
	FIELD(keel_poll, ready);
	SIZE(keel_word);
	FIELD(keel_word, word);
	FIELD(keel_word, id);
	SIZE(keel_control);
	FIELD(keel_control, command);
	FIELD(keel_control, pad);
}

static void print_latency(FILE *out)
{
	SIZE(keel_latency_start);
	FIELD(keel_latency_start, kind);
	FIELD(keel_latency_start, cpu);
	FIELD(keel_latency_start, prio);
	FIELD(keel_latency_start, pad);
	FIELD(keel_latency_start, period_ns);
	FIELD(keel_latency_start, samples);
	SIZE(keel_latency_read);
	FIELD(keel_latency_read, cells);
	FIELD(keel_latency_read, samples);
	FIELD(keel_latency_read, overruns);
	FIELD(keel_latency_read, min_ns);
	FIELD(keel_latency_read, max_ns);
	FIELD(keel_latency_read, sum_ns);
	NUMBER(KEEL_LATENCY_IRQ);
	NUMBER(KEEL_LATENCY_KTHREAD);
	NUMBER(KEEL_LATENCY_CELLS);
}

static void print_relaxes(FILE *out)
{
	SIZE(keel_relax_info);
	FIELD(keel_relax_info, pid);
	FIELD(keel_relax_info, tid);
	FIELD(keel_relax_info, uid);
	FIELD(keel_relax_info, reason);
	FIELD(keel_relax_info, ip);
	FIELD(keel_relax_info, count);
	FIELD(keel_relax_info, fault);
	FIELD(keel_relax_info, last_ns);
	FIELD(keel_relax_info, stack);
	FIELD(keel_relax_info, name);
	SIZE(keel_heap_info);
	FIELD(keel_heap_info, pid);
	FIELD(keel_heap_info, uid);
	FIELD(keel_heap_info, id);
	FIELD(keel_heap_info, pad);
	FIELD(keel_heap_info, size);
	FIELD(keel_heap_info, used);
	FIELD(keel_heap_info, largest);
	FIELD(keel_heap_info, name);
}

static void print_lists(FILE *out)
{
	SIZE(keel_mark);
	FIELD(keel_mark, number);
	FIELD(keel_mark, pad);
	FIELD(keel_mark, value);
	SIZE(keel_list);
	FIELD(keel_list, kind);
	FIELD(keel_list, size);
	FIELD(keel_list, room);
	FIELD(keel_list, count);
	FIELD(keel_list, data);
	FIELD(keel_list, pad);
	SIZE(keel_thread_info);
	FIELD(keel_thread_info, pid);
	FIELD(keel_thread_info, tid);
	FIELD(keel_thread_info, uid);
	FIELD(keel_thread_info, cpu);
	FIELD(keel_thread_info, base_prio);
	FIELD(keel_thread_info, prio);
	FIELD(keel_thread_info, state);
	FIELD(keel_thread_info, waits_type);
	FIELD(keel_thread_info, waits_id);
	FIELD(keel_thread_info, waits_owner);
	FIELD(keel_thread_info, holds);
	FIELD(keel_thread_info, last_reason);
	FIELD(keel_thread_info, run_ns);
	FIELD(keel_thread_info, switches);
	FIELD(keel_thread_info, mode_switches);
	FIELD(keel_thread_info, relaxes);
	FIELD(keel_thread_info, overruns);
	FIELD(keel_thread_info, until_ns);
	FIELD(keel_thread_info, period_ns);
	FIELD(keel_thread_info, release_ns);
	FIELD(keel_thread_info, name);
	FIELD(keel_thread_info, sched_class);
	FIELD(keel_thread_info, group);
	FIELD(keel_thread_info, budget_ns);
	FIELD(keel_thread_info, budget_period_ns);
	FIELD(keel_thread_info, budget_overruns);
	FIELD(keel_thread_info, budget_left_ns);
	FIELD(keel_thread_info, budget_of_ns);
	SIZE(keel_object_info);
	FIELD(keel_object_info, pid);
	FIELD(keel_object_info, uid);
	FIELD(keel_object_info, type);
	FIELD(keel_object_info, id);
	FIELD(keel_object_info, owner);
	FIELD(keel_object_info, value);
	FIELD(keel_object_info, limit);
	FIELD(keel_object_info, kind);
	SIZE(keel_timer_info);
	FIELD(keel_timer_info, type);
	FIELD(keel_timer_info, cpu);
	FIELD(keel_timer_info, pid);
	FIELD(keel_timer_info, tid);
	FIELD(keel_timer_info, deadline_ns);
	FIELD(keel_timer_info, interval_ns);
	FIELD(keel_timer_info, name);
	SIZE(keel_cpu_info);
	FIELD(keel_cpu_info, cpu);
	FIELD(keel_cpu_info, prio);
	FIELD(keel_cpu_info, tid);
	FIELD(keel_cpu_info, hard);
	FIELD(keel_cpu_info, now_ns);
	FIELD(keel_cpu_info, run_ns);
	FIELD(keel_cpu_info, logged);
	FIELD(keel_cpu_info, leaks);
	FIELD(keel_cpu_info, flushes);
	FIELD(keel_cpu_info, slices);
	NUMBER(KEEL_LIST_THREADS);
	NUMBER(KEEL_LIST_OBJECTS);
	NUMBER(KEEL_LIST_TIMERS);
	NUMBER(KEEL_LIST_CPUS);
	NUMBER(KEEL_LIST_MAX);
	NUMBER(KEEL_STATE_NEW);
	NUMBER(KEEL_STATE_READY);
	NUMBER(KEEL_STATE_RUNNING);
	NUMBER(KEEL_STATE_WAITING);
	NUMBER(KEEL_STATE_INBAND);
	NUMBER(KEEL_TIMER_WAIT);
	NUMBER(KEEL_TIMER_SHARE);
	NUMBER(KEEL_TIMER_WATCHDOG);
	NUMBER(KEEL_TIMER_LINUX);
}

static void print_classes(FILE *out)
{
	SIZE(keel_sched);
	FIELD(keel_sched, sched_class);
	FIELD(keel_sched, prio);
	FIELD(keel_sched, low_prio);
	FIELD(keel_sched, max_repl);
	FIELD(keel_sched, group);
	FIELD(keel_sched, tid);
	FIELD(keel_sched, budget_ns);
	FIELD(keel_sched, period_ns);
	FIELD(keel_sched, run_ns);
	FIELD(keel_sched, switches);
	FIELD(keel_sched, mode_switches);
	FIELD(keel_sched, budget_overruns);
	SIZE(keel_thread_change);
	FIELD(keel_thread_change, tid);
	FIELD(keel_thread_change, what);
	FIELD(keel_thread_change, cpu);
	FIELD(keel_thread_change, pad);
	FIELD(keel_thread_change, sched);
	NUMBER(KEEL_CHANGE_PRIO);
	NUMBER(KEEL_CHANGE_CPU);
	NUMBER(KEEL_CHANGE_CLASS);
	NUMBER(KEEL_CHANGE_SUSPEND);
	NUMBER(KEEL_CHANGE_RESUME);
	NUMBER(KEEL_CHANGE_UNBLOCK);
	SIZE(keel_thread_state);
	FIELD(keel_thread_state, cpu);
	FIELD(keel_thread_state, base_prio);
	FIELD(keel_thread_state, state);
	FIELD(keel_thread_state, waits);
	FIELD(keel_thread_state, run_ns);
	FIELD(keel_thread_state, switches);
	FIELD(keel_thread_state, until_ns);
	SIZE(keel_group);
	FIELD(keel_group, cpu);
	FIELD(keel_group, group);
	FIELD(keel_group, budget_ns);
	FIELD(keel_group, period_ns);
	SIZE(keel_frame_window);
	FIELD(keel_frame_window, partition);
	FIELD(keel_frame_window, pad);
	FIELD(keel_frame_window, length_ns);
	SIZE(keel_frame);
	FIELD(keel_frame, cpu);
	FIELD(keel_frame, count);
	FIELD(keel_frame, windows);
	NUMBER(KEEL_CLASS_FIFO);
	NUMBER(KEEL_CLASS_RR);
	NUMBER(KEEL_CLASS_EDF);
	NUMBER(KEEL_CLASS_SPORADIC);
	NUMBER(KEEL_CLASS_QUOTA);
	NUMBER(KEEL_CLASS_TP);
	NUMBER(KEEL_CLASS_WEAK);
	NUMBER(KEEL_CLASSES);
	NUMBER(KEEL_GROUPS);
	NUMBER(KEEL_PARTITIONS);
	NUMBER(KEEL_WINDOWS_MAX);
	NUMBER(KEEL_REPL_MAX);
	NUMBER(KEEL_BUDGET_MIN_NS);
}

static void print_ioctls(FILE *out)
{
	NUMBER(KEEL_IOC_SCHED_SET);
	NUMBER(KEEL_IOC_SCHED_GET);
	NUMBER(KEEL_IOC_GROUP_SET);
	NUMBER(KEEL_IOC_FRAME_SET);
	NUMBER(KEEL_IOC_GROUP_ADD);
	NUMBER(KEEL_IOC_GROUP_GET);
	NUMBER(KEEL_IOC_FRAME_GET);
	NUMBER(KEEL_IOC_INFO);
	NUMBER(KEEL_IOC_ATTACH);
	NUMBER(KEEL_IOC_DETACH);
	NUMBER(KEEL_IOC_THREAD_SET);
	NUMBER(KEEL_IOC_MUTEX_CREATE);
	NUMBER(KEEL_IOC_MUTEX_DELETE);
	NUMBER(KEEL_IOC_LATENCY_START);
	NUMBER(KEEL_IOC_LATENCY_READ);
	NUMBER(KEEL_IOC_LATENCY_STOP);
	NUMBER(KEEL_IOC_CONTROL);
	NUMBER(KEEL_IOC_OBJECT_CREATE);
	NUMBER(KEEL_IOC_OBJECT_DELETE);
	NUMBER(KEEL_IOC_LIST);
	NUMBER(KEEL_IOC_NAME_CREATE);
	NUMBER(KEEL_IOC_NAME_BIND);
	NUMBER(KEEL_IOC_NAME_DELETE);
	NUMBER(KEEL_IOC_TRACE_MARK);
	NUMBER(KEEL_IOC_FILE_CREATE);
	NUMBER(KEEL_IOC_FILE_BIND);
	NUMBER(KEEL_IOC_THREAD_CHANGE);
	NUMBER(KEEL_IOC_PROXY_DRAIN);
	NUMBER(KEEL_CONTROL_STOP);
	NUMBER(KEEL_CONTROL_START);
}

static void print_calls(FILE *out)
{
	NUMBER(KEEL_PARK_HARDEN);
	NUMBER(KEEL_CALL_RELAX);
	NUMBER(KEEL_CALL_SLEEP_UNTIL);
	NUMBER(KEEL_SLEEP_SIGNAL);
	NUMBER(KEEL_CALL_PERIOD_SET);
	NUMBER(KEEL_CALL_PERIOD_WAIT);
	NUMBER(KEEL_CALL_MUTEX_LOCK);
	NUMBER(KEEL_CALL_MUTEX_TRYLOCK);
	NUMBER(KEEL_CALL_MUTEX_UNLOCK);
	NUMBER(KEEL_CALL_PRIORITY_SET);
	NUMBER(KEEL_CALL_CLOCK);
	NUMBER(KEEL_CALL_YIELD);
	NUMBER(KEEL_CALL_MUTEX_CONSISTENT);
	NUMBER(KEEL_CALL_MUTEX_CEILING);
	NUMBER(KEEL_CALL_COND_WAIT);
	NUMBER(KEEL_CALL_COND_SIGNAL);
	NUMBER(KEEL_CALL_COND_BROADCAST);
	NUMBER(KEEL_CALL_SEM_WAIT);
	NUMBER(KEEL_CALL_SEM_TRYWAIT);
	NUMBER(KEEL_CALL_SEM_POST);
	NUMBER(KEEL_CALL_SEM_BROADCAST);
	NUMBER(KEEL_CALL_SEM_FLUSH);
	NUMBER(KEEL_CALL_SEM_COUNT);
	NUMBER(KEEL_CALL_EVENT_WAIT);
	NUMBER(KEEL_CALL_EVENT_TRYWAIT);
	NUMBER(KEEL_CALL_EVENT_POST);
	NUMBER(KEEL_CALL_EVENT_BROADCAST);
	NUMBER(KEEL_CALL_EVENT_CLEAR);
	NUMBER(KEEL_CALL_RWLOCK_READ);
	NUMBER(KEEL_CALL_RWLOCK_WRITE);
	NUMBER(KEEL_CALL_RWLOCK_TRYREAD);
	NUMBER(KEEL_CALL_RWLOCK_TRYWRITE);
	NUMBER(KEEL_CALL_RWLOCK_UNLOCK);
	NUMBER(KEEL_CALL_BARRIER_WAIT);
	NUMBER(KEEL_CALL_SET_WAIT);
	NUMBER(KEEL_CALL_CLOCK_SLEEP);
	NUMBER(KEEL_CALL_QUEUE_SEND);
	NUMBER(KEEL_CALL_QUEUE_RECEIVE);
	NUMBER(KEEL_CALL_QUEUE_ALLOC);
	NUMBER(KEEL_CALL_QUEUE_PASS);
	NUMBER(KEEL_CALL_QUEUE_TAKE);
	NUMBER(KEEL_CALL_QUEUE_FREE);
	NUMBER(KEEL_CALL_QUEUE_NOTIFY);
	NUMBER(KEEL_CALL_QUEUE_COUNT);
	NUMBER(KEEL_CALL_BUFFER_WRITE);
	NUMBER(KEEL_CALL_BUFFER_READ);
	NUMBER(KEEL_CALL_BUFFER_COUNT);
	NUMBER(KEEL_CALL_CHANNEL_SEND);
	NUMBER(KEEL_CALL_CHANNEL_RECEIVE);
	NUMBER(KEEL_CALL_CHANNEL_REPLY);
	NUMBER(KEEL_CALL_HEAP_ALLOC);
	NUMBER(KEEL_CALL_HEAP_FREE);
	NUMBER(KEEL_CALL_THREAD_UNBLOCK);
	NUMBER(KEEL_CALL_SCHED_LOCK);
	NUMBER(KEEL_CALL_SCHED_UNLOCK);
	NUMBER(KEEL_CALL_PIPE_WRITE);
	NUMBER(KEEL_CALL_PIPE_READ);
	NUMBER(KEEL_CALL_PIPE_FLUSH);
	NUMBER(KEEL_CALL_PROXY_WRITE);
	NUMBER(KEEL_CALL_PROXY_LOST);
	NUMBER(KEEL_CALL_EVENTFD_SIGNAL);
	NUMBER(KEEL_CALL_TRACE_MARK);
	NUMBER(KEEL_CALL_POLL);
	NUMBER(KEEL_CALL_MUTEX_CLOSE);
	NUMBER(KEEL_CALL_MUTEX_OWNER);
	NUMBER(KEEL_CALL_HEAP_USED);
	NUMBER(KEEL_CALL_WAITERS);
	NUMBER(KEEL_CALL_THREAD_SUSPEND);
	NUMBER(KEEL_CALL_THREAD_RESUME);
	NUMBER(KEEL_CALL_THREAD_PRIORITY);
	NUMBER(KEEL_CALL_THREAD_WARN);
	NUMBER(KEEL_CALL_SIGNAL_WAIT);
	NUMBER(KEEL_CALL_SIGNAL_SEND);
	NUMBER(KEEL_CALL_TIMER_SET);
	NUMBER(KEEL_CALL_TIMER_GET);
	NUMBER(KEEL_CALL_TIMER_OVERRUN);
	NUMBER(KEEL_CALL_TIMER_WAIT);
	NUMBER(KEEL_TIMER);
	NUMBER(KEEL_SIGNAL_CODE_SHIFT);
	NUMBER(KEEL_TIMER_NUMBER_SHIFT);
	NUMBER(KEEL_WARN_SWITCH);
	NUMBER(KEEL_WARN_SIGNAL);
	NUMBER(KEEL_WARN_OWNER);
	NUMBER(KEEL_WARNED);
	NUMBER(KEEL_WARNED_MEMORY);
	NUMBER(KEEL_WARNED_OWNER);
	NUMBER(KEEL_WARNED_UNLOCK);
	NUMBER(KEEL_CALL_THREAD_STATE);
	NUMBER(KEEL_CALL_COND_LEAVE);
	NUMBER(KEEL_CALL_POLL_ONE);
	NUMBER(KEEL_CALL_COUNT);
	NUMBER(KEEL_SEM_PULSE);
	NUMBER(KEEL_FIFO);
	NUMBER(KEEL_PIPE_URGENT);
	NUMBER(KEEL_PIPE_JOIN);
	NUMBER(KEEL_REALTIME);
	NUMBER(KEEL_FOREVER);
}

static void print_objects(FILE *out)
{
	NUMBER(KEEL_MUTEX);
	NUMBER(KEEL_COND);
	NUMBER(KEEL_SEM);
	NUMBER(KEEL_EVENT);
	NUMBER(KEEL_RWLOCK);
	NUMBER(KEEL_BARRIER);
	NUMBER(KEEL_SET);
	NUMBER(KEEL_QUEUE);
	NUMBER(KEEL_BUFFER);
	NUMBER(KEEL_CHANNEL);
	NUMBER(KEEL_HEAP);
	NUMBER(KEEL_PIPE);
	NUMBER(KEEL_PROXY);
	NUMBER(KEEL_EVENTFD);
	NUMBER(KEEL_TYPES);
	NUMBER(KEEL_PIPE_MINORS);
	NUMBER(KEEL_PIPE_ANY);
	NUMBER(KEEL_PIPE_PLACES);
	NUMBER(KEEL_PIPE_SIZE);
	NUMBER(KEEL_PIPE_TO_LINUX);
	NUMBER(KEEL_PIPE_TO_RT);
	NUMBER(KEEL_EVENTFD_MAX);
	NUMBER(KEEL_IOC_PIPE_FLUSH);
	NUMBER(KEEL_MUTEX_ERRORCHECK);
	NUMBER(KEEL_MUTEX_RECURSIVE);
	NUMBER(KEEL_MUTEX_NORMAL);
	NUMBER(KEEL_MUTEX_ROBUST);
	NUMBER(KEEL_EVENT_ANY);
	NUMBER(KEEL_EVENT_ALL);
	NUMBER(KEEL_EVENT_EXACT);
	NUMBER(KEEL_EVENT_CONSUME);
	NUMBER(KEEL_NOTIFY_ASK);
	NUMBER(KEEL_SEM_MAX);
	NUMBER(KEEL_SET_MAX);
	NUMBER(KEEL_QUEUE_PRIOS);
	NUMBER(KEEL_NAME_KEPT);
	NUMBER(KEEL_NAME_UNLINK);
	NUMBER(KEEL_POLL_IN);
	NUMBER(KEEL_POLL_OUT);
	NUMBER(KEEL_POLL_GONE);
	NUMBER(KEEL_POLL_MAX);
	NUMBER(KEEL_QUEUE_COUNT);
	NUMBER(KEEL_MESSAGE_SIZE);
	NUMBER(KEEL_BUFFER_SIZE);
	NUMBER(KEEL_CHANNEL_FLOWS);
	NUMBER(KEEL_HEAP_UNIT);
	NUMBER(KEEL_AREA_OFFSET);
	NUMBER(KEEL_AREA_MAX);
	NUMBER(KEEL_HEAP_OFFSET);
	NUMBER(KEEL_HEAP_SIZE);
	NUMBER(KEEL_WORD_FREE);
	NUMBER(KEEL_WORD_OWNER);
	NUMBER(KEEL_WORD_KERNEL);
}

static void print_reasons(FILE *out)
{
	NUMBER(KEEL_RELAX_NONE);
	NUMBER(KEEL_RELAX_CALL);
	NUMBER(KEEL_RELAX_SYSCALL);
	NUMBER(KEEL_RELAX_FAULT);
	NUMBER(KEEL_RELAX_SIGNAL);
	NUMBER(KEEL_RELAX_WATCHDOG);
	NUMBER(KEEL_RELAX_DETACH);
	NUMBER(KEEL_RELAX_REASONS);
	NUMBER(KEEL_REFUSE_NONE);
	NUMBER(KEEL_REFUSE_32BIT);
	NUMBER(KEEL_REFUSE_LDT);
	NUMBER(KEEL_REFUSE_SINGLESTEP);
	NUMBER(KEEL_REFUSE_DEBUGREG);
	NUMBER(KEEL_REFUSE_IOPERM);
	NUMBER(KEEL_REFUSE_KVM);
	NUMBER(KEEL_REFUSE_CPU);
	NUMBER(KEEL_REFUSE_NOTSC);
	NUMBER(KEEL_REFUSE_DISPATCH);
}

void unit_abi_print(FILE *out)
{
	NUMBER(KEEL_ABI_BASE);
	NUMBER(KEEL_ABI_LEVEL);
	NUMBER(KEEL_MAX_THREADS);
	NUMBER(KEEL_MAX_MUTEXES);
	NUMBER(KEEL_MAX_OBJECTS);
	NUMBER(KEEL_PERIOD_MIN_NS);
	NUMBER(KEEL_PERIOD_MAX_NS);
	print_window(out);
	print_requests(out);
	print_latency(out);
	print_lists(out);
	print_relaxes(out);
	print_classes(out);
	print_ioctls(out);
	print_calls(out);
	print_objects(out);
	print_reasons(out);
}
