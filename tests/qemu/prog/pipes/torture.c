// SPDX-License-Identifier: GPL-2.0
/*
 * A pipe with eight of Linux's processes that write and eight that read, against hard threads that do
 * the same; each message has its sender, a number and a hash. Processes are killed at random and
 * started anew, in another sender's name. Nothing is torn; what one sender sends comes once, in order,
 * and without a gap, but for the end of one that was killed. The process with the hard threads forks
 * nobody: its memory stays there, so that no reader has to put a message back.
 */
#include <sys/wait.h>
#include "pipes.h"

#define WORKERS		8	/* of a kind */
#define SENDERS		4096	/* names */
#define DEPTH		16
#define HARD		2	/* threads of a kind */

struct message {
	uint32_t sender;
	uint32_t number;	/* from 1 on */
	uint64_t hash;
	uint32_t size;		/* of all */
	uint8_t fill[76];
};

#define HEAD	offsetof(struct message, fill)

/* Shared by all processes. */
static struct {
	uint32_t next_sender;
	uint32_t sent[SENDERS];		/* by Linux's: whose write() has returned */
	uint32_t seen[SENDERS];		/* the last that hard threads got */
	uint32_t read_count, torn, spoilt;
	uint32_t got[HARD];		/* of hard senders' messages: how many came, and */
	uint64_t sum[HARD];		/* the sum of their numbers */
	int number;			/* of the pipe, and 1 */
	int stop, finish;
} *all;

static struct keel_pipe rtp;
static uint32_t per_thread;

static uint64_t hash(const struct message *m)
{
	uint64_t h = m->sender * 0x9e3779b97f4a7c15ul ^ m->number;

	for (uint32_t i = 0; i < m->size - HEAD; i++)
		h = (h ^ m->fill[i]) * 0x100000001b3ul;
	return h;
}

static uint32_t make(struct message *m, uint32_t sender, uint32_t number)
{
	m->sender = sender;
	m->number = number;
	m->size = HEAD + (sender + number) * 7 % sizeof(m->fill);
	for (uint32_t i = 0; i < m->size - HEAD; i++)
		m->fill[i] = sender + number + i;
	m->hash = hash(m);
	return m->size;
}

static int is_whole(const struct message *m, int size)
{
	return size >= (int)HEAD && (uint32_t)size == m->size && hash(m) == m->hash;
}

static uint32_t add(uint32_t *to, uint32_t n)
{
	return __atomic_add_fetch(to, n, __ATOMIC_SEQ_CST);
}

/* ---- Linux's side ------------------------------------------------------------------------------- */

static void writer(void)
{
	uint32_t me = add(&all->next_sender, 1) - 1;
	int fd = rtp_open(&rtp, O_WRONLY);
	struct message m;

	check(me < SENDERS);
	for (uint32_t i = 1; !flag_get(&all->stop); i++) {
		ssize_t n = write(fd, &m, make(&m, me, i));

		if (n < 0 && errno == EPIPE)
			break;
		check(n == (ssize_t)m.size);
		add(&all->sent[me], 1);
	}
	_exit(0);
}

/* A reader that is killed may have one that it has not counted yet. */
static void reader(void)
{
	int fd = rtp_open(&rtp, O_RDONLY);
	struct message m;
	ssize_t n;

	while ((n = read(fd, &m, sizeof(m))) > 0) {
		if (!is_whole(&m, n) || m.sender >= HARD) {
			add(&all->torn, 1);
			continue;
		}
		__atomic_add_fetch(&all->sum[m.sender], m.number, __ATOMIC_SEQ_CST);
		add(&all->got[m.sender], 1);
	}
	check(n == 0);
	_exit(0);
}

static pid_t start(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid == 0)
		fn();
	check(pid > 0);
	return pid;
}

/* ---- the hard side ------------------------------------------------------------------------------ */

/* Two hard threads take messages of one sender: in order as far as one sees it. */
static void *hard_reader(void *arg)
{
	static uint32_t last[HARD][SENDERS];
	uint32_t *mine = last[(long)arg];
	struct message m;
	int size;

	while ((size = keel_pipe_read(&rtp, &m, sizeof(m))) > 0) {
		if (!is_whole(&m, size) || m.sender >= SENDERS) {
			add(&all->torn, 1);
			continue;
		}
		if (m.number <= mine[m.sender])
			add(&all->spoilt, 1);
		mine[m.sender] = m.number;
		add(&all->seen[m.sender], 1);
		add(&all->read_count, 1);
	}
	check(size == -EIDRM);
	return NULL;
}

static void *hard_writer(void *arg)
{
	struct message m;

	for (uint32_t i = 1; i <= per_thread; i++)
		must(keel_pipe_write(&rtp, &m, make(&m, (long)arg, i)));
	return NULL;
}

/* ---- together ----------------------------------------------------------------------------------- */

/* Each killed one may have taken its last message with it. */
static void judge(uint32_t killed_readers)
{
	uint32_t missing = 0;

	check(!all->torn);
	check(!all->spoilt);
	for (uint32_t s = 0; s < all->next_sender; s++) {
		/* A killed one's last may have gone through without having been counted. */
		if (all->seen[s] != all->sent[s] && all->seen[s] != all->sent[s] + 1)
			fail("sender %u sent %u, %u came", s, all->sent[s], all->seen[s]);
	}
	for (int i = 0; i < HARD; i++) {
		uint64_t n = per_thread;

		check(all->got[i] <= n);
		missing += n - all->got[i];
		if (all->got[i] == n)
			check(all->sum[i] == n * (n + 1) / 2);
	}
	if (missing > killed_readers)
		fail("%u messages did not come, %u readers were killed", missing, killed_readers);
}

static int sent_in_all(void)
{
	int n = 0;

	for (uint32_t s = 0; s < all->next_sender; s++)
		n += all->sent[s];
	return n;
}

static void hard_side(void)
{
	pthread_t threads[2 * HARD];

	must(keel_open());
	must(keel_pipe_create(&rtp, -1, DEPTH, sizeof(struct message)));
	for (long i = 0; i < HARD; i++) {
		int cpu = i % get_nprocs();

		threads[i] = hard_create("reads", PRIO, cpu, hard_reader, (void *)i);
		threads[HARD + i] = hard_create("writes", PRIO - 1, cpu, hard_writer, (void *)i);
	}
	flag_set(&all->number, rtp.number + 1);
	for (int i = 0; i < HARD; i++)
		pthread_join(threads[HARD + i], NULL);
	while (!flag_get(&all->finish))
		sleep_ms(10);
	must(keel_pipe_delete(&rtp));
	for (int i = 0; i < HARD; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

static pid_t writers[WORKERS], readers[WORKERS];

static void kill_some(uint32_t kills, uint32_t seed)
{
	while (kills--) {
		int i = (seed = seed * 1664525 + 1013904223) >> 16 & (WORKERS - 1);

		sleep_ms(1 + (seed >> 24) % 20);
		kill(writers[i], SIGKILL);
		kill(readers[i], SIGKILL);
		check(waitpid(writers[i], NULL, 0) == writers[i]);
		check(waitpid(readers[i], NULL, 0) == readers[i]);
		writers[i] = start(writer);
		readers[i] = start(reader);
	}
}

static void wait_for_all(const pid_t *pids)
{
	int status;

	for (int i = 0; i < WORKERS; i++)
		check(waitpid(pids[i], &status, 0) == pids[i] && !status);
}

static void torture(uint32_t messages, uint32_t kills)
{
	int status;
	pid_t hard;

	per_thread = messages / 2 / HARD;
	all = shared_alloc(sizeof(*all));
	hard = start(hard_side);
	await(&all->number, 1, "the pipe");
	rtp.number = all->number - 1;
	for (int i = 0; i < WORKERS; i++) {
		writers[i] = start(writer);
		readers[i] = start(reader);
	}
	kill_some(kills, messages);
	while (flag_get((int *)&all->read_count) < (int)(messages / 2))
		sleep_ms(10);
	flag_set(&all->stop, 1);
	wait_for_all(writers);
	/* What is on the way to hard threads still comes. */
	while (flag_get((int *)&all->read_count) < sent_in_all())
		sleep_ms(10);
	flag_set(&all->finish, 1);
	wait_for_all(readers);
	check(waitpid(hard, &status, 0) == hard && !status);
	printf("%u messages to hard threads, %u from them, %u processes killed of each kind\n",
	       all->read_count, all->got[0] + all->got[1], kills);
	judge(kills);
}

void torture_short(void)
{
	torture(10000, 40);
}

void torture_long(void)
{
	torture(1000000, 1000);
}
