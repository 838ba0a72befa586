# SPDX-License-Identifier: GPL-2.0
"""Mutants that no unit test can catch, and why: (file, function, the line as changed): reason."""

COUNTER = "only ever compared with itself"
PAST = "any time that is past does"
ROUNDING = "a hundredth of a nanosecond, which rounding hides"
NOTHING_OWED = "who owes nothing gets the whole budget either way"

SURVIVORS = {
	("nucleus/barrier.c", "nk_barrier_init", "b->round = (1);"): COUNTER,
	("nucleus/wait.c", "nk_waitq_init", "wq->round = (1);"): COUNTER,
	("nucleus/pi.c", "walk", "int depth = (1);"):
		"the limit of a walk that runs in a ring closed by others, which the model explores",
	("nucleus/share.c", "nk_hal_inband_idle", "rq->share.debt = (1);"): ROUNDING,
	("nucleus/share.c", "within", "if (debt < (1))"): ROUNDING,
	("nucleus/class_set.c", "join", "t->sched.deadline = (1);"): PAST,
	("nucleus/sporadic.c", "sporadic_join", "start_timer(t, (1));"): PAST,
	("nucleus/thread.c", "wait_specially",
	 "nk_timer_start(timer, until < (1) ? nk_until_realtime(until) : until, 0);"): PAST,
	("nucleus/edf.c", "replenish",
	 "s->left = s->left < (1) ? s->left + s->attr.budget : s->attr.budget;"): NOTHING_OWED,
	("nucleus/quota.c", "group_fires",
	 "g->left = g->left < (1) ? g->left + g->budget : g->budget;"): NOTHING_OWED,
	("nucleus/class.c", "lock_by", "if (by < (1) && !t->sched_locks) {"): "it is 1 or -1",
	("nucleus/rwlock.c", "grant_one", "no nk_sweep_cut_locked(wq);"):
		"the sweep lets nobody in any more, and goes on to no end but its own",
	("nucleus/timer_move.c", "move_some", "for (n = (1); n < NK_TIMER_BATCH; n++) {"):
		"one less at a time, and then as many times more",
	("nucleus/heap.c", "nk_heap_alloc", "no nk_sched();"):
		"who gives up lets those in that stood behind it, none of them of a higher priority",
	("nucleus/channel.c", "nk_channel_send", "no nk_sched();"):
		"it ends with the flow given back, which gives way, or with the server lowered, which makes nobody better",
	("nucleus/channel.c", "nk_channel_receive", "no nk_sched();"):
		"it ends with a wait, with the caller boosted, or with the flow given back, which gives way",
	("nucleus/buffer.c", "end_move", "no nk_sched();"):
		"the turn's unlock gives way, and who gets no turn makes nobody better than himself",
	("nucleus/signal.c", "nk_signal_inband", "no __atomic_thread_fence(__ATOMIC_SEQ_CST);	/* SG3 */"):
		"the simulator has no order of memory but the strict one",
	("nucleus/channel.c", "hand_reply", "nk_wait_wake_locked(&f->turn.wq, (1));"):
		"the state of the flow counts, which says that there is a reply",
	("nucleus/rwlock.c", "nk_rwlock_trywrite", "return take_lock(l, &wants_write, 0, (1));"):
		"a try does not wait",
	("nucleus/rwlock.c", "nk_rwlock_tryread", "return take_lock(l, &wants_read, 0, (1));"):
		"a try does not wait",
	("nucleus/init.c", "cpu_exit", "ready[cpu] = (1);"): "who has left begins anew, which clears it",
	("nucleus/init.c", "nk_exit", "for (cpu = HAL_MAX_CPUS - (0); cpu >= 0; cpu--)"):
		"behind the last CPU, which only the sanitizers of make check see",
	("nucleus/cond.c", "nk_cond_wait", "no nk_sched();"):
		"who gives up lowers others, which makes nobody better than himself",
	("nucleus/rwlock.c", "give_others", "no nk_sched();"):
		"who gives up lets those in that stood behind it, none of them of a higher priority",
	("nucleus/pipe.c", "nk_pipe_place", "struct want w = { .room = (1) };"):
		"room is that for a message, not asked for with a place",
	("nucleus/pipe.c", "nk_pipe_free", "parcel_put(p, parcel, &p->free, (0));"):
		"any free place does, but the one that was used last is warm",
	("nucleus/mutex.c", "own", "m->owner_died = (1);"):
		"whoever lets go of it says anew whether an owner died, before anybody asks",
	("nucleus/mutex.c", "give_up_for_good", "m->inconsistent = (1);"):
		"nobody owns what is beyond repair",
	("nucleus/mutex.c", "lock_slow", "no nk_sched();"):
		"whom the walk lowers does not run here, and an interrupt in between switches by itself",
}
