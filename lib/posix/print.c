// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What real-time threads print. To format is user space's affair; the text then goes through a proxy of
 * Keel's to a thread of Linux that writes it, and comes out whatever becomes of the process. So that all
 * comes out in the order in which it was printed:
 *
 * P1 A real-time thread that first prints to a stream takes it over: with the stream's own lock it sends
 *    what glibc has in its buffer ahead.
 * P2 From then on all threads print by the proxy. One that is ordinary looks with the stream's lock, so what
 *    it has glibc put in the buffer is sent ahead too:
 *
 *	ordinary thread			real-time thread
 *	locks; not taken over
 *					locks: waits
 *	glibc's buffer; unlocks
 *					sends that ahead; taken over; unlocks; prints
 *	locks; taken over: unlocks;
 *	prints by the proxy
 *
 * P3 What is longer than a message goes in several, in one's turn.
 * P4 Who flushes, other than a real-time thread, waits until all is written. Who moves about in the file
 *    gives the stream back to glibc first, for glibc knows where it is then.
 *
 * Standard output and standard error, when they are the same file, share a proxy. Both have theirs from the
 * first real-time thread on, so their first text finds it.
 */
#include <linux/kcmp.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <wchar.h>
#include "out.h"
#include "print.h"

#define STREAMS	16

struct posix_stream {
	FILE *f;			/* (a) NULL: free */
	int taken;			/* (a) with the stream's lock */
	struct libkeel_out *out;		/* its own, or of standard output */
	struct libkeel_out own;
};

static struct posix_stream streams[STREAMS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* who makes and ends them */

/* ---- proxies -------------------------------------------------------------------------------------------- */

size_t posix_out_write(struct libkeel_out *o, const char *data, size_t size)
{
	size_t done;

	if (posix_enter())
		return 0;
	done = libkeel_out_write(o, data, size);
	posix_leave();
	return done;
}

/* ---- streams -------------------------------------------------------------------------------------------- */

static struct posix_stream *find(FILE *f)
{
	for (int i = 0; i < STREAMS; i++)
		if (__atomic_load_n(&streams[i].f, __ATOMIC_ACQUIRE) == f)
			return &streams[i];
	return NULL;
}

static int is_taken(const struct posix_stream *s)
{
	return __atomic_load_n(&s->taken, __ATOMIC_ACQUIRE);
}

struct posix_stream *posix_print_core(FILE *f)
{
	struct posix_stream *s = find(f);

	return s && is_taken(s) ? s : NULL;
}

struct posix_stream *posix_print_of(int fd, int taken, FILE **f)
{
	for (int i = 0; i < STREAMS; i++) {
		*f = __atomic_load_n(&streams[i].f, __ATOMIC_ACQUIRE);
		if (*f && fileno(*f) == fd && (!taken || is_taken(&streams[i])))
			return &streams[i];
	}
	return NULL;
}

/* To write to one is to write to the other. */
static int same_file(int a, int b)
{
	struct stat x, y;

	if (fstat(a, &x) < 0 || fstat(b, &y) < 0 || x.st_dev != y.st_dev || x.st_ino != y.st_ino)
		return 0;
	return !S_ISREG(x.st_mode) || !syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);
}

/* With the lock. */
static struct posix_stream *add(FILE *f)
{
	struct posix_stream *out = f == stderr ? find(stdout) : NULL, *s = find(NULL);
	int fd = fileno(f);

	if (!s || fd < 0 || fwide(f, 0) > 0)
		return NULL;
	s->out = &s->own;
	if (out && same_file(fd, fileno(stdout)))
		s->out = out->out;
	else if (libkeel_out_open(&s->own, fd))
		return NULL;
	s->taken = 0;
	__atomic_store_n(&s->f, f, __ATOMIC_RELEASE);
	return s;
}

static struct posix_stream *find_or_add(FILE *f)
{
	struct posix_stream *s = find(f);

	if (s || fileno(f) < 0)
		return s;
	REAL(pthread_mutex_lock)(&lock);
	posix_me()->inside++;
	s = find(f);
	if (!s)
		s = add(f);
	posix_me()->inside--;
	REAL(pthread_mutex_unlock)(&lock);
	return s;
}

/* The first real-time thread is about to be. */
void posix_print_begin(void)
{
	find_or_add(stdout);
	find_or_add(stderr);
}

/* What glibc has in its buffer goes, with the stream's lock: 1. */
static int send_ahead(struct posix_stream *s, FILE *f)
{
	size_t pending = __fpending(f);

	if (pending && posix_out_write(s->out, f->_IO_write_base, pending) != pending)
		return 0;
	if (pending)
		__fpurge(f);
	return 1;
}

/* P1: 1: it is taken over. What glibc has read ahead it gives back. */
static int take(struct posix_stream *s, FILE *f)
{
	flockfile(f);
	if (!is_taken(s)) {
		if (__freading(f))
			REAL(fflush)(f);
		if (send_ahead(s, f))
			__atomic_store_n(&s->taken, 1, __ATOMIC_RELEASE);
	}
	funlockfile(f);
	return is_taken(s);
}

/* A header's putc_unlocked() puts it there all the same. */
void posix_print_ahead(struct posix_stream *s, FILE *f)
{
	if (__builtin_expect(!__fpending(f), 1))
		return;
	flockfile(f);
	send_ahead(s, f);
	funlockfile(f);
}

struct posix_stream *posix_print_hold(FILE *f, struct posix_hold *h)
{
	struct posix_stream *s;

	h->f = NULL;
	if (!posix_is_active())
		return NULL;
	if (posix_is_rt()) {
		s = find_or_add(f);
		if (!s || !(is_taken(s) || take(s, f)))
			return NULL;
		posix_print_ahead(s, f);
		return s;
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &h->cancel);
	flockfile(f);
	h->f = f;
	s = find(f);
	if (!s || !is_taken(s))
		return NULL;
	posix_print_ahead(s, f);
	posix_print_release(h);
	return s;
}

void posix_print_release(struct posix_hold *h)
{
	if (!h->f)
		return;
	funlockfile(h->f);
	pthread_setcancelstate(h->cancel, NULL);
	h->f = NULL;
}

/* P4. Where it is glibc finds out anew. */
static void settle(struct posix_stream *s, FILE *f)
{
	flockfile(f);
	if (is_taken(s)) {
		libkeel_out_drain(s->out);
		f->_offset = -1;
		__atomic_store_n(&s->taken, 0, __ATOMIC_RELEASE);
	}
	funlockfile(f);
}

/* When Keel is stopped glibc prints what is left. */
void posix_print(struct posix_stream *s, FILE *f, const char *data, size_t size)
{
	size_t done = posix_out_write(s->out, data, size);

	if (done == size)
		return;
	settle(s, f);
	REAL(fwrite)(data + done, 1, size - done, f);
}

int posix_print_drain(FILE *f)
{
	int lost = 0;

	for (int i = 0; i < STREAMS; i++) {
		FILE *at = __atomic_load_n(&streams[i].f, __ATOMIC_ACQUIRE);

		if (at && (!f || f == at) && is_taken(&streams[i]))
			lost |= libkeel_out_drain(streams[i].out);
	}
	return lost;
}

void posix_print_settle(FILE *f)
{
	struct posix_stream *s = find(f);

	if (s)
		settle(s, f);
}

/* Who shares its proxy gets one of its own later. */
static void forget(struct posix_stream *s)
{
	settle(s, s->f);
	if (s->out == &s->own) {
		for (int i = 0; i < STREAMS; i++)
			if (&streams[i] != s && streams[i].f && streams[i].out == &s->own)
				forget(&streams[i]);
		libkeel_out_close(&s->own);
	}
	__atomic_store_n(&s->f, NULL, __ATOMIC_RELEASE);
}

void posix_print_forget(FILE *f)
{
	struct posix_stream *s;

	if (!f || !find(f))
		return;
	REAL(pthread_mutex_lock)(&lock);
	s = find(f);
	if (s)
		forget(s);
	REAL(pthread_mutex_unlock)(&lock);
}

void posix_print_gone(int fd)
{
	FILE *f;

	while (posix_print_of(fd, 0, &f))
		posix_print_forget(f);
}

/* What was printed before comes out before what the child prints; it has no proxies. */
void posix_print_prepare(void)
{
	posix_print_drain(NULL);
}

void posix_print_child(void)
{
	memset(streams, 0, sizeof(streams));
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

/* After the program's own handlers of exit(); glibc flushes what is printed later. */
__attribute__((destructor)) static void end(void)
{
	for (int i = 0; i < STREAMS; i++)
		if (streams[i].f)
			settle(&streams[i], streams[i].f);
}
