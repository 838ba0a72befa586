// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Message queues. They are Keel's as soon as Keel serves the process, and then for all its threads; a
 * descriptor is a file of Keel's that refers to the queue. Without O_CREAT a queue that Keel does not have
 * may still be one of Linux's.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include "file.h"

#define NOW	0	/* in place of a deadline */

static int fail(int err)
{
	errno = err;
	return -1;
}

/* ---- open --------------------------------------------------------------------------------------- */

static int name_check(const char *name)
{
	const char *rest = name + 1;

	if (name[0] != '/')
		return EINVAL;
	if (!rest[0])
		return ENOENT;
	if (strlen(rest) > NAME_MAX)
		return ENAMETOOLONG;
	return strchr(rest, '/') || !strcmp(rest, ".") || !strcmp(rest, "..") ? EACCES : 0;
}

static unsigned int limited(long value, long most)
{
	return value > 0 && value <= most ? value : 0;
}

static int queue_create(struct keel_name *req, unsigned int mode, const struct mq_attr *attr)
{
	req->args[0] = attr ? limited(attr->mq_maxmsg, KEEL_QUEUE_COUNT) : 10;
	req->args[1] = attr ? limited(attr->mq_msgsize, KEEL_MESSAGE_SIZE) : 8192;
	req->mode = posix_masked(mode) | KEEL_NAME_KEPT;
	return libkeel_ioctl(KEEL_IOC_NAME_CREATE, req);
}

static int queue_bind(struct keel_name *req, int flags)
{
	static const unsigned int needs[] = { [O_RDONLY] = 4, [O_WRONLY] = 2, [O_RDWR] = 6 };

	req->args[0] = 0;
	req->args[1] = 0;
	req->mode = needs[flags & O_ACCMODE];
	return libkeel_ioctl(KEEL_IOC_NAME_BIND, req);
}

/* Whoever unlinks it in between makes another round. */
static int queue_open(struct keel_name *req, int flags, unsigned int mode, const struct mq_attr *attr)
{
	int err;

	do {
		err = flags & O_CREAT ? queue_create(req, mode, attr) : -EEXIST;
		if (err == -EEXIST && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
			err = queue_bind(req, flags);
	} while (err == -ENOENT && (flags & O_CREAT));
	return err;
}

/* A descriptor for the queue with that id. */
static int descriptor_for(const struct keel_name *req, int flags)
{
	struct keel_file file = { .id = req->id, .flags = flags & (O_ACCMODE | O_NONBLOCK) };
	struct posix_file f = {
		.type = POSIX_MQ,
		.mq = { .queue.id = req->id, .flags = file.flags, .count = req->args[0],
			.size = req->args[1] },
	};
	int err = libkeel_ioctl(KEEL_IOC_FILE_CREATE, &file);

	if (!err) {
		err = posix_file_add(file.fd, &f);
		if (!err)
			return file.fd;
		libkeel_syscall(SYS_close, file.fd, 0, 0);	/* no cancellation point */
	}
	libkeel_object_delete(KEEL_QUEUE, req->id);
	return err;
}

static mqd_t mq_open_core(const char *name, int flags, unsigned int mode, const struct mq_attr *attr)
{
	struct keel_name req = { .type = KEEL_QUEUE };
	int err = name_check(name);

	if (!err && (flags & O_ACCMODE) == O_ACCMODE)
		err = EINVAL;
	if (err)
		return fail(err);
	posix_name(req.name, name + 1);
	err = queue_open(&req, flags, mode, attr);
	if (!err)
		err = descriptor_for(&req, flags);
	if (err == -ENOENT)	/* it may be Linux's */
		return REAL(mq_open)(name, flags);
	return err < 0 ? fail(-err) : err;
}

static mqd_t open_as(enum posix_call call, const char *name, int flags, unsigned int mode,
		     const struct mq_attr *attr)
{
	if (posix_core_ready()) {
		posix_me()->counts.core[call]++;
		return mq_open_core(name, flags, mode, attr);
	}
	posix_me()->counts.glibc[call]++;
	return flags & O_CREAT ? REAL(mq_open)(name, flags, mode, attr) : REAL(mq_open)(name, flags);
}

mqd_t __wrap_mq_open(const char *name, int flags, ...)
{
	const struct mq_attr *attr = NULL;
	unsigned int mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		attr = va_arg(args, const struct mq_attr *);
		va_end(args);
	}
	return open_as(POSIX_CALL_mq_open, name, flags, mode, attr);
}
EXPORT(mq_open);

mqd_t __wrap___mq_open_2(const char *name, int flags)
{
	if (flags & O_CREAT)
		return REAL(__mq_open_2)(name, flags);	/* says what is wrong, and aborts */
	return open_as(POSIX_CALL___mq_open_2, name, flags, 0, NULL);
}
EXPORT(__mq_open_2);

int __wrap_mq_unlink(const char *name)
{
	struct keel_name req = { .type = KEEL_QUEUE, .mode = KEEL_NAME_UNLINK };
	int err = name_check(name);

	if (err || !posix_core_ready()) {
		GLIBC(mq_unlink);
		return REAL(mq_unlink)(name);
	}
	CORE(mq_unlink);
	posix_name(req.name, name + 1);
	err = libkeel_ioctl(KEEL_IOC_NAME_DELETE, &req);
	if (err == -ENOENT)
		return REAL(mq_unlink)(name);
	return err ? fail(-err) : 0;
}
EXPORT(mq_unlink);

/* ---- descriptors ---------------------------------------------------------------------------------- */

/* One that was inherited or handed over. */
static struct posix_file *adopt(int fd)
{
	struct keel_file file = { .fd = fd };
	struct posix_file f = { .type = POSIX_MQ };

	if (!posix_core_ready() || libkeel_ioctl(KEEL_IOC_FILE_BIND, &file))
		return NULL;
	f.mq.queue.id = file.id;
	f.mq.flags = file.flags;
	f.mq.count = file.args[0];
	f.mq.size = file.args[1];
	if (file.type != KEEL_QUEUE || posix_file_add(fd, &f)) {
		libkeel_object_delete(file.type, file.id);
		return NULL;
	}
	return posix_file_find(fd, POSIX_MQ);
}

static struct posix_mq *find(mqd_t d)
{
	struct posix_file *f = posix_file_find(d, POSIX_MQ);

	if (!f && posix_files_had)
		f = adopt(d);
	return f ? &f->mq : NULL;
}

int __wrap_mq_close(mqd_t d)
{
	if (posix_file_find(d, POSIX_MQ)) {
		CORE(mq_close);
		posix_file_drop(d);
	} else {
		GLIBC(mq_close);
	}
	return REAL(mq_close)(d);
}
EXPORT(mq_close);

static int flags_of(const struct posix_mq *mq)
{
	return __atomic_load_n(&mq->flags, __ATOMIC_RELAXED);
}

static int attr_get(struct posix_mq *mq, struct mq_attr *attr)
{
	int count = posix_enter();

	if (count)
		return count;
	count = keel_queue_count(&mq->queue);
	posix_leave();
	if (count < 0)
		return EBADF;
	memset(attr, 0, sizeof(*attr));
	attr->mq_flags = flags_of(mq) & O_NONBLOCK;
	attr->mq_maxmsg = mq->count;
	attr->mq_msgsize = mq->size;
	attr->mq_curmsgs = count;
	return 0;
}

int __wrap_mq_getattr(mqd_t d, struct mq_attr *attr)
{
	struct posix_mq *mq = find(d);
	int err;

	if (!mq) {
		GLIBC(mq_getattr);
		return REAL(mq_getattr)(d, attr);
	}
	CORE(mq_getattr);
	err = attr_get(mq, attr);
	return err ? fail(err) : 0;
}
EXPORT(mq_getattr);

/* The file has it as well, for a child. */
int __wrap_mq_setattr(mqd_t d, const struct mq_attr *attr, struct mq_attr *old)
{
	struct posix_mq *mq = find(d);
	int err, flags;

	if (!mq) {
		GLIBC(mq_setattr);
		return REAL(mq_setattr)(d, attr, old);
	}
	CORE(mq_setattr);
	if (attr->mq_flags & ~O_NONBLOCK)
		return fail(EINVAL);
	err = old ? attr_get(mq, old) : 0;
	if (err)
		return fail(err);
	flags = (flags_of(mq) & O_ACCMODE) | attr->mq_flags;
	__atomic_store_n(&mq->flags, flags, __ATOMIC_RELAXED);
	return fcntl(d, F_SETFL, attr->mq_flags);
}
EXPORT(mq_setattr);

int __wrap_mq_notify(mqd_t d, const struct sigevent *event)
{
	struct posix_mq *mq = find(d);
	int err = 0;

	if (!mq) {
		GLIBC(mq_notify);
		return REAL(mq_notify)(d, event);
	}
	CORE(mq_notify);
	posix_files_lock();
	if (event)
		err = posix_notice_start(mq, event);
	else
		posix_notice_stop(mq);
	posix_files_unlock();
	return err ? fail(err) : 0;
}
EXPORT(mq_notify);

/* ---- messages --------------------------------------------------------------------------------------- */

struct message {
	int send;
	void *at;
	size_t size;
	unsigned int prio;
	unsigned int *prio_to;
};

static long call_core(struct posix_mq *mq, struct message *m, int64_t until)
{
	if (m->send)
		return keel_queue_clocksend(&mq->queue, m->at, m->size, m->prio, CLOCK_REALTIME, until);
	return keel_queue_clockreceive(&mq->queue, m->at, m->size, m->prio_to, CLOCK_REALTIME, until);
}

/* At once if that can be; else as often as it takes. */
static long wait_core(struct posix_mq *mq, struct message *m, const struct timespec *until)
{
	int64_t ns = posix_ns(until);
	long id = libkeel_id_on(CLOCK_REALTIME, mq->queue.id), ret;

	do
		ret = posix_wait_call(m->send ? KEEL_CALL_QUEUE_SEND : KEEL_CALL_QUEUE_RECEIVE, id, (long)m->at,
				      m->size | (long)m->prio << 32, ns > 0 ? ns : 1, 0);
	while (ret < 0 && ret != -EINTR && posix_again(ret));
	if (m->send || ret < 0)
		return ret;
	if (m->prio_to)
		*m->prio_to = ret >> 32;
	return (uint32_t)ret;
}

static long message_core(struct posix_mq *mq, struct message *m, const struct timespec *until)
{
	long ret;

	pthread_testcancel();
	if (until && (!posix_time_ok(until) || until->tv_sec < 0))	/* as Linux has it */
		return fail(EINVAL);
	if ((flags_of(mq) & O_ACCMODE) == (m->send ? O_RDONLY : O_WRONLY))
		return fail(EBADF);
	ret = -posix_enter();
	if (ret)
		return fail(-ret);
	/* To send is mostly done at once, and then is no matter of cancellation. */
	ret = m->send || flags_of(mq) & O_NONBLOCK ? call_core(mq, m, NOW) : -EWOULDBLOCK;
	if (ret == -EWOULDBLOCK && !(flags_of(mq) & O_NONBLOCK))
		ret = wait_core(mq, m, until);
	posix_leave();
	if (ret >= 0)
		return ret;
	return fail(ret == -EIDRM || (ret == -EINVAL && m->prio < KEEL_QUEUE_PRIOS) ? EBADF : -ret);
}
static int do_send(enum posix_call call, mqd_t d, const char *at, size_t size, unsigned int prio,
		   const struct timespec *until)
{
	struct posix_mq *mq = find(d);
	struct message m = { .send = 1, .at = (void *)at, .size = size, .prio = prio };
	unsigned int raised = posix_notices_raised();
	int signals, ret;

	if (!mq) {
		posix_me()->counts.glibc[call]++;
		return REAL(mq_timedsend)(d, at, size, prio, until);
	}
	posix_me()->counts.core[call]++;
	signals = __atomic_load_n(&mq->signals, __ATOMIC_SEQ_CST);
	ret = message_core(mq, &m, until);
	if (!ret && signals && !posix_is_rt())
		posix_notice_await(mq, raised);
	return ret;
}

static ssize_t do_receive(enum posix_call call, mqd_t d, char *at, size_t size, unsigned int *prio,
			  const struct timespec *until)
{
	struct posix_mq *mq = find(d);
	struct message m = { .at = at, .size = size, .prio_to = prio };

	if (!mq) {
		posix_me()->counts.glibc[call]++;
		return REAL(mq_timedreceive)(d, at, size, prio, until);
	}
	posix_me()->counts.core[call]++;
	if (m.size > UINT32_MAX)
		m.size = UINT32_MAX;
	return message_core(mq, &m, until);
}

int __wrap_mq_send(mqd_t d, const char *at, size_t size, unsigned int prio)
{
	return do_send(POSIX_CALL_mq_send, d, at, size, prio, NULL);
}
EXPORT(mq_send);

int __wrap_mq_timedsend(mqd_t d, const char *at, size_t size, unsigned int prio,
			const struct timespec *until)
{
	return do_send(POSIX_CALL_mq_timedsend, d, at, size, prio, until);
}
EXPORT(mq_timedsend);

ssize_t __wrap_mq_receive(mqd_t d, char *at, size_t size, unsigned int *prio)
{
	return do_receive(POSIX_CALL_mq_receive, d, at, size, prio, NULL);
}
EXPORT(mq_receive);

ssize_t __wrap_mq_timedreceive(mqd_t d, char *at, size_t size, unsigned int *prio,
			       const struct timespec *until)
{
	return do_receive(POSIX_CALL_mq_timedreceive, d, at, size, prio, until);
}
EXPORT(mq_timedreceive);
