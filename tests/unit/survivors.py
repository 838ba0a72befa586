# SPDX-License-Identifier: GPL-2.0
"""Mutants that no unit test can catch, and why: (file, the line as changed): reason."""

COUNTER = "only ever compared with itself"
PAST = "any time that is past does"
ROUNDING = "a hundredth of a nanosecond, which rounding hides"

SURVIVORS = {
	("nucleus/barrier.c", "b->round = (1);"): COUNTER,
	("nucleus/wait.c", "wq->round = (1);"): COUNTER,
	("nucleus/pi.c", "int depth = (1);"):
		"the limit of a walk that runs in a ring closed by others, which the model explores",
	("nucleus/share.c", "rq->share.debt = (1);"): ROUNDING,
	("nucleus/class_set.c", "t->sched.deadline = (1);"): PAST,
	("nucleus/sporadic.c", "start_timer(t, (1));"): PAST,
	("nucleus/class.c", "if (by < (1) && !t->sched_locks) {"): "it is 1 or -1",
	("nucleus/rwlock.c", "no nk_sweep_cut_locked(wq);"):
		"the sweep lets nobody in any more, and goes on to no end but its own",
	("nucleus/timer_move.c", "for (n = (1); n < NK_TIMER_BATCH; n++) {"):
		"one less at a time, and then as many times more",
	("nucleus/heap.c", "no nk_sched();"):
		"who gives up lets those in that stood behind it, none of them of a higher priority",
	("nucleus/channel.c", "f->generation = f->generation % ID_GENERATIONS + (2);"):
		"another number than the last one's, all the same",
	("nucleus/channel.c", "nk_wait_wake_locked(&f->turn.wq, (1));"):
		"the state of the flow counts, which says that there is a reply",
	("nucleus/channel.c", "no nk_sched();"):
		"who replies or makes room gives way before, and a server that ends has the priority of its clients",
	("nucleus/rwlock.c", "return take_lock(l, &wants_write, 0, (1));"): "a try does not wait",
	("nucleus/rwlock.c", "return take_lock(l, &wants_read, 0, (1));"): "a try does not wait",
	("nucleus/init.c", "for (cpu = HAL_MAX_CPUS - (0); cpu >= 0; cpu--)"):
		"behind the last CPU, which only the sanitizers of make check see",
	("nucleus/cond.c", "no nk_sched();"):
		"who gives up lowers others, which makes nobody better than himself",
	("nucleus/rwlock.c", "no nk_sched();"):
		"who gives up lets those in that stood behind it, none of them of a higher priority",
	("nucleus/mutex.c", "m->owner_died = (1);"):
		"whoever lets go of it says anew whether an owner died, before anybody asks",
	("nucleus/mutex.c", "m->inconsistent = (1);"): "nobody owns what is beyond repair",
	("nucleus/mutex.c", "no nk_sched();"):
		"whom the walk lowers does not run here, and an interrupt in between switches by itself",
	("nucleus/word.c", "m->claimed = (2);"): "a truth value",
	("nucleus/word.c", "m->owner_died = (2);"): "a truth value",
}
