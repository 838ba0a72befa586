# SPDX-License-Identifier: GPL-2.0
# Test program: the tests and the simulated machine. Makefile.am includes it.
unit_SOURCES = tests/unit/main.c tests/unit/unit.c tests/unit/actors.c tests/unit/pipes.c tests/unit/waiters.c tests/unit/irq_model.c \
	tests/unit/abi_print.c \
	tests/unit/check_abi.c \
	tests/unit/check_barrier.c \
	tests/unit/check_buffer.c \
	tests/unit/check_class.c \
	tests/unit/check_class_edges.c tests/unit/check_class_other.c \
	tests/unit/check_class_rules.c \
	tests/unit/check_limit.c \
	tests/unit/check_channel.c \
	tests/unit/check_channel_end.c \
	tests/unit/check_cond.c \
	tests/unit/check_cond_leave.c \
	tests/unit/check_copy.c \
	tests/unit/check_event.c \
	tests/unit/check_gravity.c \
	tests/unit/check_heap.c \
	tests/unit/check_init.c \
	tests/unit/check_list.c \
	tests/unit/check_lock.c \
	tests/unit/check_mutex.c \
	tests/unit/check_mutex_kind.c \
	tests/unit/check_mutex_race.c \
	tests/unit/check_pi.c \
	tests/unit/check_pi_race.c \
	tests/unit/check_pipe.c \
	tests/unit/check_pipe_race.c \
	tests/unit/check_pipeline.c \
	tests/unit/check_pipeline_apic.c \
	tests/unit/check_pipeline_random.c \
	tests/unit/check_preempt.c tests/unit/check_queue.c \
	tests/unit/check_runq.c \
	tests/unit/check_rwlock.c \
	tests/unit/check_sched.c \
	tests/unit/check_sem.c \
	tests/unit/check_service.c \
	tests/unit/check_share.c \
	tests/unit/check_share_short.c \
	tests/unit/check_signal.c \
	tests/unit/check_sim.c \
	tests/unit/check_snapshot.c \
	tests/unit/check_sporadic.c \
	tests/unit/check_stage.c \
	tests/unit/check_suspend.c \
	tests/unit/check_sweep.c \
	tests/unit/check_thread.c \
	tests/unit/check_timer.c \
	tests/unit/check_timer_move.c \
	tests/unit/check_timer_real.c \
	tests/unit/check_tree.c \
	tests/unit/check_trace.c \
	tests/unit/check_value.c \
	tests/unit/check_wait.c \
	tests/unit/check_watch.c \
	tests/unit/check_watchdog.c \
	tests/unit/check_word.c \
	hal/sim/fiber.c hal/sim/port.c hal/sim/sim.c
