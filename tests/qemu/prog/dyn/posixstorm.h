/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A row of posixrows.c: signals at every moment of real-time threads' lives. For that file alone.
 */
#ifndef POSIXSTORM_H
#define POSIXSTORM_H

#define STORM	3000

static sem_t storm_sem;
static int storm_over;

static void storm_handler(int sig)
{
	check(sig == SIGUSR1 && !sem_post(&storm_sem));
}

/* One signal is under way at a time: the next one needs its handler's post. */
static void *storm_sender(void *arg)
{
	for (int i = 0; i < STORM; i++) {
		struct timespec until = in_ms(CLOCK_REALTIME, 5000);

		check(!sem_timedwait(&storm_sem, &until));
		check(!kill(getpid(), SIGUSR1));
	}
	__atomic_store_n(&storm_over, 1, __ATOMIC_RELEASE);
	return arg;
}

static void *storm_thread(void *arg)
{
	sched_yield();
	return arg;
}

static void row_storm(void)
{
	struct sigaction action = { .sa_handler = storm_handler };
	pthread_t sender;
	sigset_t set;

	check(!sigaction(SIGUSR1, &action, NULL) && !sem_init(&storm_sem, 0, 1));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	check(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	check(!pthread_create(&sender, NULL, storm_sender, NULL));
	check(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	while (!__atomic_load_n(&storm_over, __ATOMIC_ACQUIRE))
		join(start(storm_thread, NULL));
	join(sender);
}

#endif
