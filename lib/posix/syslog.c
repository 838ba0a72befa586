// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The system's log: from the first message of a real-time thread on, all of the process go by a proxy to the
 * socket of the log, one a datagram, as glibc sends them.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/syslog.h>
#include <sys/un.h>
#include "out.h"
#include "print.h"

extern int __vsnprintf_chk(char *to, size_t size, int flag, size_t room, const char *format, va_list args);

/* What openlog() and setlogmask() say. */
static const char *ident;
static int options, facility = LOG_USER, mask = 0xff;

static struct libkeel_out out;
static int is_open;		/* (a) */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* who opens and closes it */

void posix_log_child(void)
{
	is_open = 0;
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

static int connect_log(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		REAL(close)(fd);
		fd = -1;
	}
	return fd;
}

/* With the lock. */
static void close_out(void)
{
	if (!is_open)
		return;
	__atomic_store_n(&is_open, 0, __ATOMIC_RELEASE);
	libkeel_out_drain(&out);
	libkeel_out_close(&out);
}

/* What has the time reads its zone now. */
static void open_out(void)
{
	struct libkeel_out fresh;
	int fd, cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);	/* not with the lock */
	REAL(pthread_mutex_lock)(&lock);
	posix_me()->inside++;
	close_out();
	tzset();
	fd = connect_log();
	if (fd >= 0 && !libkeel_out_open(&fresh, fd)) {
		out = fresh;
		__atomic_store_n(&is_open, 1, __ATOMIC_RELEASE);
	}
	if (fd >= 0)
		REAL(close)(fd);
	posix_me()->inside--;
	REAL(pthread_mutex_unlock)(&lock);
	pthread_setcancelstate(cancel, NULL);
}

/* Who reads the log may have begun anew: then it is connected again. */
static int is_ready(void)
{
	if (!posix_is_active())
		return 0;
	if (!posix_is_rt())
		return __atomic_load_n(&is_open, __ATOMIC_ACQUIRE);
	if (!__atomic_load_n(&is_open, __ATOMIC_ACQUIRE) || keel_proxy_lost(&out.proxy) > 0)
		open_out();
	return __atomic_load_n(&is_open, __ATOMIC_ACQUIRE);
}

/* "<priority>date name[pid]: ", and where the name begins. */
static int header(char *to, size_t size, int priority, int *name)
{
	static const char months[][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	};
	time_t now = time(NULL);
	struct tm tm;
	int n;

	localtime_r(&now, &tm);
	*name = snprintf(to, size, "<%d>%s %2d %02d:%02d:%02d ", priority, months[tm.tm_mon], tm.tm_mday,
			 tm.tm_hour, tm.tm_min, tm.tm_sec);
	n = *name + snprintf(to + *name, size - *name, "%.200s", ident ? ident : program_invocation_short_name);
	if (options & LOG_PID)
		n += snprintf(to + n, size - n, "[%d]", posix_me()->pid);
	return n + snprintf(to + n, size - n, ": ");
}

static void core_log(int priority, const char *text, int size, int name)
{
	if (options & LOG_PERROR) {
		char line[LIBKEEL_PIECE + 1];
		int n = size - name;

		memcpy(line, text + name, n);
		if (line[n - 1] != '\n')
			line[n++] = '\n';
		fwrite(line, 1, n, stderr);
	}
	if (posix_out_write(&out, text, size) < (size_t)size)
		REAL(syslog)(priority, "%.*s", size - name, text + name);
}

static void message(enum posix_call call, int priority, int flag, const char *format, va_list args)
{
	char text[LIBKEEL_PIECE];
	int err = errno, n, name;	/* %m */

	if (!is_ready() || (priority & ~(LOG_PRIMASK | LOG_FACMASK))) {
		posix_me()->counts.glibc[call]++;
		errno = err;
		if (flag)
			REAL(__vsyslog_chk)(priority, flag, format, args);
		else
			REAL(vsyslog)(priority, format, args);
		return;
	}
	posix_me()->counts.core[call]++;
	if (!(LOG_MASK(LOG_PRI(priority)) & mask))
		return;
	if (!(priority & LOG_FACMASK))
		priority |= facility;
	n = header(text, sizeof(text), priority, &name);
	errno = err;
	err = __vsnprintf_chk(text + n, sizeof(text) - n, flag, sizeof(text) - n, format, args);
	if (err < 0)
		return;
	n = (size_t)err < sizeof(text) - n ? n + err : (int)sizeof(text) - 1;
	core_log(priority, text, n, name);
}

/* ---- calls ---------------------------------------------------------------------------------------------- */

void __wrap_syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(POSIX_CALL_syslog, priority, 0, format, args);
	va_end(args);
}
EXPORT(syslog);

void __wrap_vsyslog(int priority, const char *format, va_list args)
{
	message(POSIX_CALL_vsyslog, priority, 0, format, args);
}
EXPORT(vsyslog);

void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(POSIX_CALL___syslog_chk, priority, flag, format, args);
	va_end(args);
}
EXPORT(__syslog_chk);

void __wrap___vsyslog_chk(int priority, int flag, const char *format, va_list args)
{
	message(POSIX_CALL___vsyslog_chk, priority, flag, format, args);
}
EXPORT(__vsyslog_chk);

void __wrap_openlog(const char *name, int how, int what)
{
	ident = name;
	options = how;
	if (what && !(what & ~LOG_FACMASK))
		facility = what;
	GLIBC(openlog);
	REAL(openlog)(name, how, what);
}
EXPORT(openlog);

void __wrap_closelog(void)
{
	REAL(pthread_mutex_lock)(&lock);
	close_out();
	REAL(pthread_mutex_unlock)(&lock);
	ident = NULL;
	GLIBC(closelog);
	REAL(closelog)();
}
EXPORT(closelog);

int __wrap_setlogmask(int to)
{
	if (to)
		mask = to;
	GLIBC(setlogmask);
	return REAL(setlogmask)(to);
}
EXPORT(setlogmask);

__attribute__((destructor)) static void end(void)
{
	if (is_open)
		libkeel_out_drain(&out);
}
