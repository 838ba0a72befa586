# SPDX-License-Identifier: GPL-2.0
# The one list of nucleus sources: Makefile.am and Kbuild include it.
nucleus_SOURCES = nucleus/barrier.c nucleus/buffer.c nucleus/cond.c nucleus/copy.c nucleus/event.c nucleus/heap.c nucleus/init.c nucleus/lock.c nucleus/mutex.c nucleus/pi.c nucleus/pipe.c nucleus/queue.c nucleus/rwlock.c nucleus/sched.c nucleus/sem.c nucleus/share.c nucleus/snapshot.c nucleus/stage.c nucleus/sweep.c nucleus/thread.c nucleus/timer.c nucleus/tree.c nucleus/wait.c nucleus/watch.c nucleus/watchdog.c nucleus/word.c
