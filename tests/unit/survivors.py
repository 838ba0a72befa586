# SPDX-License-Identifier: GPL-2.0
"""Mutants that no unit test can catch, and why: (file, the line as changed): reason."""

COUNTER = "only ever compared with itself"
ROUNDING = "a hundredth of a nanosecond, which rounding hides"

SURVIVORS = {
	("nucleus/barrier.c", "b->round = (1);"): COUNTER,
	("nucleus/wait.c", "wq->round = (1);"): COUNTER,
	("nucleus/pi.c", "int depth = (1);"):
		"the limit of a walk that runs in a ring closed by others, which the model explores",
	("nucleus/share.c", "rq->share.debt = (1);"): ROUNDING,
	("nucleus/mutex.c", "no nk_sched();"):
		"whom the walk lowers does not run here, and an interrupt in between switches by itself",
	("nucleus/word.c", "m->claimed = (2);"): "a truth value",
	("nucleus/word.c", "m->owner_died = (2);"): "a truth value",
}
