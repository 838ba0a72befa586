// SPDX-License-Identifier: GPL-2.0
/*
 * posixprint turns END | many | file PATH | both | log: what threads print, for a libc alone and for one with the
 * skin: nothing here knows of Keel.
 *
 * turns: a real-time thread and the first one take turns to print numbered lines, each by another call, and
 * the real-time one brings the END: return, exit, fault, abort, kill; or with flush the file is looked at.
 * many: four real-time threads and the first one print at once. file: to a file of its own, with seeks. both:
 * standard output and standard error in turn. log: by turns to the system's log; killed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define LINES	60
#define MANY	170
#define THREADS	4

static sem_t turn[2];
static int next;

#define check(what)							\
	do {								\
		if (!(what))						\
			errx(2, "line %d: not so: %s", __LINE__, #what);	\
	} while (0)

static int by_list(FILE *f, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfprintf(f, format, args);
	va_end(args);
	return n;
}

/* Each kind of line by another call. */
static void line(FILE *f, int n)
{
	char text[2048];
	int size = sprintf(text, "line %d\n", n);

	switch (n % 6) {
	case 0:
		check(fprintf(f, "line %d\n", n) == size);
		break;
	case 1:
		check(fputs(text, f) >= 0);
		break;
	case 2:
		check(fwrite(text, 1, size, f) == (size_t)size);
		break;
	case 3:
		text[size - 1] = 0;
		if (f == stdout)
			check(puts(text) >= 0);
		else
			check(fprintf(f, "%s\n", text) == size);
		break;
	case 4:
		for (int i = 0; i < size; i++)
			check((i % 2 ? fputc(text[i], f) : putc(text[i], f)) == text[i]);
		break;
	default:
		check(by_list(f, "%1500s %d\n", "long", n) > 1500);
	}
}

static pthread_t start(void *(*fn)(void *), void *arg)
{
	struct sched_param param = { .sched_priority = 50 };
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	error = pthread_create(&thread, &attr, fn, arg);
	if (error) {
		errno = error;
		err(2, "pthread_create");
	}
	return thread;
}

/* ---- turns ---------------------------------------------------------------------------------------------- */

static void take_turns(FILE *f, int mine)
{
	for (int i = 0; i < LINES / 2; i++) {
		while (sem_wait(&turn[mine]))
			;
		line(f, next++);
		sem_post(&turn[!mine]);
	}
}

static void end(const char *how)
{
	if (!strcmp(how, "exit"))
		exit(0);
	if (!strcmp(how, "fault"))
		*(volatile int *)8 = 0;
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
}

static void *turns_thread(void *how)
{
	take_turns(stdout, 1);
	end(how);
	return NULL;
}

/* Who flushes finds all in the file. */
static void turns_flush(void)
{
	struct stat st;

	check(!fflush(stdout) && !fstat(STDOUT_FILENO, &st));
	printf("%ld bytes\n", (long)st.st_size);
}

static void turns(char *how)
{
	pthread_t thread;

	printf("first\n");
	thread = start(turns_thread, how);
	take_turns(stdout, 0);
	pthread_join(thread, NULL);
	if (!strcmp(how, "flush"))
		turns_flush();
}

/* ---- many ----------------------------------------------------------------------------------------------- */

static void *many_thread(void *arg)
{
	for (int i = 0; i < MANY; i++)
		printf("%s %d %0*d\n", (char *)arg, i, i % 50 ? 60 : 1200, i);
	return NULL;
}

static void many(void)
{
	static char *const names[THREADS] = { "a", "b", "c", "d" };
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		threads[i] = start(many_thread, names[i]);
	many_thread("linux");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* ---- a file --------------------------------------------------------------------------------------------- */

static void *file_thread(void *f)
{
	take_turns(f, 1);
	return NULL;
}

static void file(const char *path)
{
	FILE *f = fopen(path, "w+");
	pthread_t thread;
	char text[16];
	long end_at;

	check(f);
	fprintf(f, "first\n");
	thread = start(file_thread, f);
	take_turns(f, 0);
	pthread_join(thread, NULL);
	end_at = ftell(f);
	check(!fseek(f, 0, SEEK_SET) && fgets(text, sizeof(text), f) && !strcmp(text, "first\n"));
	check(!fseek(f, 0, SEEK_END) && ftell(f) == end_at);
	fprintf(f, "%ld bytes\n", end_at);
	check(!fclose(f));
}

/* ---- both ----------------------------------------------------------------------------------------------- */

static void *both_thread(void *arg)
{
	for (int i = 0; i < LINES; i++) {
		printf("out %d\n", i);
		fprintf(stderr, "err %d\n", i);
	}
	errno = ENOENT;
	perror("error");
	return arg;
}

/* ---- descriptors ---------------------------------------------------------------------------------------- */

/* Standard output becomes another file, and itself again; what goes by descriptors comes in between. */
static void *moved_thread(void *path)
{
	int saved = dup(1), fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);

	check(saved >= 0 && fd >= 0);
	check(printf("one\n") == 4 && !fflush(stdout));
	check(dprintf(1, "two %d\n", 2) == 6);
	check(dup2(-1, 1) < 0 && errno == EBADF && dup2(1, 1) == 1);
	check(printf("three\n") == 6 && !fflush(stdout));
	check(dup2(fd, 1) == 1);
	check(printf("four\n") == 5 && !fflush(stdout));
	/* Not by fd: that is Linux's, and may overtake what is on its way. */
	check(dprintf(1, "five\n") == 5 && dprintf(1, "%s\n", "six") == 4);
	check(fputs_unlocked("seven\n", stdout) >= 0 && fwrite_unlocked("eight\n", 1, 6, stdout) == 6);
	check((putchar_unlocked)('9') == '9' && (fputc_unlocked)('\n', stdout) == '\n' && !fflush(stdout));
	check(dup3(saved, 1, 0) == 1);
	check(printf("ten\n") == 4 && !fflush(stdout));
	check(!close(1) && dup(fd) == 1);
	check(printf("eleven\n") == 7 && !fflush(stdout));
	check(dup2(saved, 1) == 1 && !close(saved) && !close(fd));
	check((putc_unlocked)('+', stdout) == '+' && !fflush(stdout));
	return NULL;
}

/* ---- the log -------------------------------------------------------------------------------------------- */

static void log_turns(int mine)
{
	for (int i = 0; i < LINES / 2; i++) {
		while (sem_wait(&turn[mine]))
			;
		errno = ENOENT;
		syslog(i % 2 ? LOG_WARNING : LOG_LOCAL3 | LOG_NOTICE, "line %d: %m", next++);
		sem_post(&turn[!mine]);
	}
}

static void *log_thread(void *arg)
{
	syslog(LOG_DEBUG, "not wanted");
	log_turns(1);
	kill(getpid(), SIGKILL);
	return arg;
}

static void log_all(void)
{
	openlog("posixprint", LOG_PERROR, LOG_DAEMON);
	setlogmask(LOG_UPTO(LOG_NOTICE));
	start(log_thread, NULL);
	log_turns(0);
	pause();
}

int main(int argc, char **argv)
{
	check(argc > 1);
	sem_init(&turn[0], 0, 1);
	sem_init(&turn[1], 0, 0);
	if (!strcmp(argv[1], "turns") && argc == 3)
		turns(argv[2]);
	else if (!strcmp(argv[1], "file") && argc == 3)
		file(argv[2]);
	else if (!strcmp(argv[1], "many"))
		many();
	else if (!strcmp(argv[1], "both"))
		pthread_join(start(both_thread, NULL), NULL);
	else if (!strcmp(argv[1], "moved") && argc == 3)
		pthread_join(start(moved_thread, argv[2]), NULL);
	else if (!strcmp(argv[1], "log"))
		log_all();
	else
		errx(2, "usage: see the source");
	return 0;
}
