// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages between tasks, by a channel of the receiver's. It is made when it is first needed, by whoever
 * comes first; in a session all have its name. On the channel a message and a reply are a head and the data.
 */
#include <stdlib.h>
#include <string.h>
#include <keel/message.h>
#include "tasks.h"

#define FLOWS		ALCHEMY_FLOWS
#define SIZE		KEEL_MESSAGE_SIZE
#define SMALL		2048	/* on the stack */
#define PART		'c'
#define CHANNEL(t)	(&(struct keel_channel){ __atomic_load_n(&(t)->channel, __ATOMIC_RELAXED) })

struct head {
	int opcode;
	int error;		/* of a reply: there is none, but this; of a message: room for its reply */
};

#define DATA_MAX	(SIZE - (ssize_t)sizeof(struct head))
#define SMALL_MAX	(SMALL - (ssize_t)sizeof(struct head))

/* ---- channels ------------------------------------------------------------------------------------------ */

static int channel_open_locked(struct alchemy_task *t)
{
	int err;

	if (t->ended)
		return -EIDRM;
	err = alchemy_part_create(&t->o, PART, KEEL_CHANNEL, FLOWS, SIZE, &t->channel);
	if (err == -EEXIST)
		err = alchemy_part_bind(&t->o, PART, KEEL_CHANNEL, &t->channel);
	return err;
}

static __attribute__((noinline)) int channel_make(struct alchemy_task *t)
{
	unsigned int id;
	int err = 0;

	keel_relax();
	pthread_mutex_lock(&alchemy_task_lock);
	id = t->channel;
	if (!id) {
		err = channel_open_locked(t);
		id = t->channel;
		t->channel = 0;
		if (!err)
			__atomic_store_n(&t->channel, id, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&alchemy_task_lock);
	return err;
}

static int channel_of(struct alchemy_task *t)
{
	return __atomic_load_n(&t->channel, __ATOMIC_ACQUIRE) ? 0 : channel_make(t);
}

void alchemy_task_channel_end(struct alchemy_task *t)
{
	if (t->channel)
		alchemy_part_delete(&t->o, PART, KEEL_CHANNEL, t->channel);
	t->channel = 0;
	free(t->inbox);
	t->inbox = NULL;
}

/* ---- send ---------------------------------------------------------------------------------------------- */

static int send_error(long err)
{
	switch (err) {
	case -EMSGSIZE:
		return -ENOBUFS;	/* the reply: what is sent was looked at before */
	case -EOWNERDEAD:
	case -EINVAL:
		return -EIDRM;
	case -ECANCELED:
		return -EINTR;
	default:
		return err;
	}
}

static ssize_t room_of(const RT_TASK_MCB *mcb_r)
{
	ssize_t room = mcb_r ? mcb_r->size : 0;

	return room < DATA_MAX ? room : DATA_MAX;
}

/* What came, @got bytes of it at @reply. */
static ssize_t reply_take(const struct head *reply, long got, RT_TASK_MCB *mcb_r)
{
	if (got < (long)sizeof(*reply))
		return 0;
	if (reply->error)
		return reply->error;
	if (!mcb_r)
		return 0;
	got -= sizeof(*reply);
	mcb_r->opcode = reply->opcode;
	mcb_r->size = got;
	memcpy(mcb_r->data, reply + 1, got);
	return got;
}

static ssize_t send_by(struct alchemy_task *t, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r, char *message,
		       char *reply, int64_t until)
{
	struct head *head = (struct head *)message;
	size_t size = sizeof(*head) + mcb_s->size, room = sizeof(*head) + room_of(mcb_r);
	long got;

	*head = (struct head){ .opcode = mcb_s->opcode, .error = (int)room_of(mcb_r) };
	memcpy(head + 1, mcb_s->data, mcb_s->size);
	got = ALCHEMY_WAIT(keel_channel_clocksend(CHANNEL(t), message, size, reply, room, CLOCK_MONOTONIC,
						  until));
	return got < 0 ? send_error(got) : reply_take((struct head *)reply, got, mcb_r);
}

static ssize_t send_large(struct alchemy_task *t, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r, int64_t until)
{
	char *buffers = malloc(2 * SIZE);
	ssize_t ret = -ENOMEM;

	if (!buffers)
		return ret;
	pthread_cleanup_push(free, buffers);
	ret = send_by(t, mcb_s, mcb_r, buffers, buffers + SIZE, until);
	pthread_cleanup_pop(1);
	return ret;
}

static int mcb_is_bad(const RT_TASK_MCB *mcb)
{
	return mcb->size < 0 || (mcb->size && !mcb->data);
}

/* Who does not want to wait for the receiver waits for the reply all the same. */
static ssize_t send_until(RT_TASK *task, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r, int64_t until)
{
	char message[SMALL] __attribute__((aligned(8))), reply[SMALL] __attribute__((aligned(8)));
	int err = -EINVAL;
	struct alchemy_task *t = task ? alchemy_task_of(task, &err) : NULL;

	if (!alchemy_self.task)
		return -EPERM;
	if (!t || until < 0 || mcb_is_bad(mcb_s) || (mcb_r && mcb_is_bad(mcb_r)))
		return -EINVAL;
	if (mcb_s->size > DATA_MAX)
		return -ENOMEM;
	if (until == ALCHEMY_POLL && !__atomic_load_n(&t->known->receiving, __ATOMIC_ACQUIRE))
		return -EWOULDBLOCK;
	err = channel_of(t);
	if (err)
		return err;
	if (until == ALCHEMY_POLL)
		until = KEEL_FOREVER;
	if (mcb_s->size <= SMALL_MAX && room_of(mcb_r) <= SMALL_MAX)
		return send_by(t, mcb_s, mcb_r, message, reply, until);
	return send_large(t, mcb_s, mcb_r, until);
}

ssize_t rt_task_send(RT_TASK *task, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r, RTIME timeout)
{
	return send_until(task, mcb_s, mcb_r, alchemy_rel(timeout));
}

ssize_t rt_task_send_until(RT_TASK *task, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r, RTIME timeout)
{
	return send_until(task, mcb_s, mcb_r, alchemy_abs(timeout));
}

ssize_t rt_task_send_timed(RT_TASK *task, RT_TASK_MCB *mcb_s, RT_TASK_MCB *mcb_r,
			   const struct timespec *abs_timeout)
{
	return send_until(task, mcb_s, mcb_r, alchemy_timespec(abs_timeout));
}

/* ---- receive and reply ------------------------------------------------------------------------------------ */

static int inbox_make(struct alchemy_task *t)
{
	keel_relax();
	t->inbox = malloc(SIZE);
	return t->inbox ? 0 : -ENOMEM;
}

static int message_take(struct alchemy_task *t, unsigned int flow, long got, RT_TASK_MCB *mcb_r)
{
	const struct head *head = (struct head *)t->inbox;
	struct head refusal = { .error = -ENOBUFS };

	got -= sizeof(*head);
	if (got < 0 || got > mcb_r->size) {
		keel_channel_reply(CHANNEL(t), flow, &refusal, sizeof(refusal));
		return -ENOBUFS;
	}
	t->rooms[flow % FLOWS] = head->error;
	mcb_r->flowid = flow;
	mcb_r->opcode = head->opcode;
	mcb_r->size = got;
	memcpy(mcb_r->data, head + 1, got);
	return flow;
}

static int receive_until(RT_TASK_MCB *mcb_r, int64_t until)
{
	struct alchemy_task *t = alchemy_self.task;
	unsigned int flow = 0;
	long got;
	int err;

	if (!t)
		return -EPERM;
	if (until < 0 || mcb_is_bad(mcb_r))
		return -EINVAL;
	err = channel_of(t);
	if (!err && !t->inbox)
		err = inbox_make(t);
	if (err)
		return err;
	__atomic_store_n(&t->known->receiving, 1, __ATOMIC_RELEASE);
	got = ALCHEMY_WAIT(keel_channel_clockreceive(CHANNEL(t), t->inbox, SIZE, &flow, CLOCK_MONOTONIC, until));
	__atomic_store_n(&t->known->receiving, 0, __ATOMIC_RELEASE);
	return got < 0 ? got : message_take(t, flow, got, mcb_r);
}

int rt_task_receive(RT_TASK_MCB *mcb_r, RTIME timeout)
{
	return receive_until(mcb_r, alchemy_rel(timeout));
}

int rt_task_receive_until(RT_TASK_MCB *mcb_r, RTIME timeout)
{
	return receive_until(mcb_r, alchemy_abs(timeout));
}

int rt_task_receive_timed(RT_TASK_MCB *mcb_r, const struct timespec *abs_timeout)
{
	return receive_until(mcb_r, alchemy_timespec(abs_timeout));
}

/* The room is that of whoever used the place last: if it was not @flowid, there is nothing to reply to. */
static int reply_send(struct alchemy_task *t, int flowid, const RT_TASK_MCB *mcb_s, size_t size)
{
	struct head *head = (struct head *)t->inbox;
	int err, fits = size <= (size_t)t->rooms[flowid % FLOWS];

	*head = (struct head){ .opcode = mcb_s ? mcb_s->opcode : 0, .error = fits ? 0 : -ENOBUFS };
	if (!fits)
		size = 0;
	if (size)
		memcpy(head + 1, mcb_s->data, size);
	err = ALCHEMY_CALL(keel_channel_reply(CHANNEL(t), flowid, head, sizeof(*head) + size));
	if (err == -ECANCELED || err == -EINVAL)
		return -ENXIO;
	return err || fits ? err : -ENOBUFS;
}

/* In the inbox: what was in it has been taken. Who has none has received nothing. */
int rt_task_reply(int flowid, RT_TASK_MCB *mcb_s)
{
	struct alchemy_task *t = alchemy_self.task;
	size_t size = mcb_s ? mcb_s->size : 0;

	if (!t)
		return -EPERM;
	if (flowid <= 0)
		return -EINVAL;
	if (!t->inbox)
		return -ENXIO;
	return mcb_s && mcb_is_bad(mcb_s) ? -EINVAL : reply_send(t, flowid, mcb_s, size);
}
