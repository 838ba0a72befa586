/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of posixrows.c that say what calls return, as those of posixvalues.h: message queues, time and scheduling.
 * For that file alone.
 */
#ifndef POSIXTELL_H
#define POSIXTELL_H

/* ---- message queues ------------------------------------------------------------------------------------------- */

static void *mq_values(void *arg)
{
	struct sigevent bad_signal = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65 };
	mqd_t d = queue_new(O_RDWR, 2, 8), n;
	unsigned int prio = 7;
	struct mq_attr attr;
	char text[8] = "";

	say(mq_timedreceive(d, text, 8, &prio, &long_ago));
	say(mq_timedreceive(d, text, 8, &prio, &before_all));
	say(mq_timedreceive(d, text, 8, &prio, &bad_time));
	say(mq_timedreceive(d, text, 0, &prio, &long_ago));
	say(mq_timedsend(d, text, 8, 3, &long_ago));
	say(mq_timedsend(d, text, 8, 4, &bad_time));
	say(mq_timedsend(d, text, 8, MQ_PRIO_MAX, &long_ago));
	say(mq_send(d, text, 8, MQ_PRIO_MAX - 1));
	say(mq_timedsend(d, text, 8, 4, &no_time));
	say(mq_timedsend(d, text, 8, 4, &before_all));
	say(mq_timedsend(d, text, 9, 4, &long_ago));
	say(mq_getattr(d, &attr));
	say(attr.mq_curmsgs);
	say(mq_timedreceive(d, text, 8, &prio, &no_time));
	say(prio == MQ_PRIO_MAX - 1);
	say(mq_timedreceive(d, text, 9, &prio, &bad_time));
	say(mq_notify(d, &bad_signal));
	say(mq_notify(d, NULL));
	say(mq_send(-1, text, 1, 1));
	say(mq_receive(1 << 20, text, 8, NULL));
	say(mq_send(0, text, 1, 1));
	n = mq_open(QUEUE, O_RDONLY | O_NONBLOCK);
	check(n >= 0);
	attr.mq_flags = 0;
	say(mq_setattr(n, &attr, NULL));
	say(mq_timedreceive(n, text, 8, &prio, &long_ago));
	say(mq_receive(n, text, 8, &prio));
	say(mq_timedreceive(n, text, 8, &prio, &long_ago));
	say(mq_close(n));
	say(mq_close(n));
	queue_end(d);
	return arg;
}

static void row_mq_values(void)
{
	values_of(mq_values);
}

static void *waits_for_message(void *arg)
{
	char text[8];

	check(mq_receive(to_hard, text, 8, NULL) == 1);
	return arg;
}

/* Who waits for a message gets it, and the notice stays for another one; another process has none. */
static void row_mq_notice_values(void)
{
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	pthread_t thread;
	int status;

	to_hard = queue_new(O_RDWR, 2, 8);
	for (int i = 0; i < 2; i++) {
		say(mq_notify(to_hard, &none));
		thread = start(waits_for_message, NULL);
		ms_sleep(30);
		say(mq_send(to_hard, "a", 1, 0));
		join(thread);
		say(mq_notify(to_hard, &none));
		fflush(stdout);
		if (!fork()) {
			say(mq_notify(to_hard, &none));
			say(mq_notify(to_hard, NULL));
			fflush(stdout);
			_exit(0);
		}
		check(wait(&status) > 0 && !status);
		say(mq_notify(to_hard, &none));
		say(mq_send(to_hard, "b", 1, 0));
		say(mq_notify(to_hard, &none));
		say(mq_notify(to_hard, NULL));
		waits_for_message(NULL);
	}
	queue_end(to_hard);
}

/* ---- timers and time -------------------------------------------------------------------------------------------- */

static void *timer_values(void *arg)
{
	struct itimerspec set = { .it_value.tv_sec = 100 }, got = { .it_value.tv_sec = 1 };
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	struct timespec left = { .tv_sec = 7 };
	timer_t id;

	say(timer_create(CLOCK_REALTIME, &event, &id));
	say(timer_gettime(id, &got));
	say(got.it_value.tv_sec + got.it_value.tv_nsec + got.it_interval.tv_sec);
	say(timer_settime(id, 0, &set, &got));
	say(got.it_value.tv_sec);
	say(timer_settime(id, TIMER_ABSTIME, &set, &got));
	say(got.it_value.tv_sec >= 98 && got.it_value.tv_sec <= 100);
	say(timer_gettime(id, &got));
	say(got.it_value.tv_sec);
	say(timer_getoverrun(id));
	set.it_interval.tv_nsec = -1;
	say(timer_settime(id, 0, &set, NULL));
	set = (struct itimerspec){ .it_value.tv_sec = -1 };
	say(timer_settime(id, 0, &set, NULL));
	set = (struct itimerspec){ .it_interval.tv_sec = 5 };
	say(timer_settime(id, 0, &set, NULL));
	say(timer_gettime(id, &got));
	say(got.it_value.tv_sec + got.it_value.tv_nsec);
	say(timer_delete(id));
	say(timer_settime(id, 0, &set, NULL));
	say(timer_gettime(id, &got));
	say(timer_getoverrun(id));
	say(nanosleep(&before_all, NULL));
	say(nanosleep(&bad_time, &left));
	say(left.tv_sec);
	say(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &long_ago, &left));
	say(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &before_all, NULL));
	say(clock_nanosleep(CLOCK_REALTIME, 0, &no_time, NULL));
	say(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &bad_time, NULL));
	say(clock_nanosleep(CLOCK_MONOTONIC, 77, &long_ago, NULL));
	return arg;
}

static void row_timer_values(void)
{
	values_of(timer_values);
}

/* ---- scheduling ------------------------------------------------------------------------------------------------- */

static void *sched_values(void *arg)
{
	struct sched_param param = { .sched_priority = 1000 };
	struct timespec slice;
	int policy = -1;

	say(sched_get_priority_min(SCHED_FIFO) + 1000 * sched_get_priority_max(SCHED_FIFO));
	say(sched_get_priority_max(SCHED_RR));
	say(sched_get_priority_min(77));
	say(sched_rr_get_interval(-1, &slice));
	say(sched_rr_get_interval(0, &slice));
	say(sched_setscheduler(0, SCHED_FIFO, &param));
	say(sched_setscheduler(0, 77, &param));
	say(sched_setscheduler(-1, SCHED_FIFO, &param));
	say(sched_setparam(0, &param));
	say(sched_getparam(0, &param));
	say(param.sched_priority);
	say(sched_getscheduler(0));
	say(pthread_getschedparam(pthread_self(), &policy, &param));
	say(policy * 1000 + param.sched_priority);
	param.sched_priority = -1;
	say(pthread_setschedparam(pthread_self(), SCHED_RR, &param));
	say(pthread_setschedparam(pthread_self(), 77, &param));
	say(pthread_setschedprio(pthread_self(), 100));
	say(sched_yield());
	say(pthread_kill(pthread_self(), 0));
	say(pthread_kill(pthread_self(), 1000));
	say(kill(getpid(), -2));
	say(sigqueue(getpid(), 65, (union sigval){ 0 }));
	return arg;
}

static void *its_policy(void *arg)
{
	struct sched_param param;
	int policy = -1;

	say(pthread_getschedparam(pthread_self(), &policy, &param));
	say(policy * 1000 + param.sched_priority);
	return arg;
}

/* Of a child whose attributes are to be explicit and name nothing, before anybody has asked for this thread's
 * policy by the C library, which hands that on from then, and after. */
static void row_sched_values(void)
{
	pthread_attr_t attr;
	struct sched_param param;
	pthread_t thread;
	int policy;

	pthread_attr_init(&attr);
	say(pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED));
	check(!pthread_create(&thread, NULL, nothing, NULL));
	join(thread);
	for (int i = 0; i < 2; i++) {
		check(!pthread_create(&thread, &attr, its_policy, NULL));
		join(thread);
		say(pthread_getschedparam(pthread_self(), &policy, &param));
	}
	values_of(sched_values);
}

#endif
