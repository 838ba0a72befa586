// SPDX-License-Identifier: GPL-2.0
/*
 * Send, receive, reply. Each flow has a mutex which the server owns and the client stands on: so the
 * walk of pi.c does all that there is to do for priorities, and finds rings.
 *
 *	state	turn.owner	who brings it on
 *	FREE	none		client: send				-> QUEUED
 *	QUEUED	server, if any	server: receive				-> SERVED
 *				client gives up: off the list		-> FREE
 *	SERVED	server		server: reply				-> DONE
 *				client gives up				-> ORPHAN
 *	ORPHAN	server		server: reply				-> FREE
 *	DONE	none		client: has the reply			-> FREE
 *	ENDED	any		client: has its error			-> FREE
 *	QUEUED, SERVED		server ends, channel goes		-> ENDED
 *	ORPHAN			the same				-> FREE
 *
 * C1 the state changes with the channel and the flow's turn locked, in this order;
 * C2 a flow is freed by one side only: the client, but for ORPHAN;
 * C3 who takes the turn from a server that may itself wait sees to the chain first: once nobody
 *    stands on the turn it boosts nobody (nk_pi_follow()), and then it is taken;
 *    The client does this for its own flow, or once it has been freed another's turn would be taken;
 * C4 a thread gets a turn only while it is the channel's server, and nk_channel_bereave() ends that
 *    before it is destroyed. What it has by then goes with nk_mutex_abandon_all(), if the clients are
 *    not faster.
 *
 *	reply, CPU 0				deadline of the client, CPU 1
 *						lock rq; wait ended; unlock
 *	lock; SERVED
 *	end its wait: lost; DONE; unlock
 *						lock: DONE: the reply counts
 */
#include "nucleus/channel.h"
#include "nucleus/copy.h"
#include "nucleus/flow.h"
#include "nucleus/pi.h"
#include "nucleus/sched.h"

#define ID_FLOWS	256u
#define ID_GENERATIONS	(1u << 22)

struct delivery {
	struct nk_flow *flow;
};

int nk_channel_init(struct nk_channel *c, struct nk_flow *flows, struct nk_slot *slots, char *area,
		    unsigned int count, unsigned int size)
{
	unsigned int i;

	if (count > NK_CHANNEL_FLOWS || nk_queue_init(&c->pool, slots, area, count, size))
		return -NK_EINVAL;
	nk_waitq_init(&c->wq);
	nk_lock_init(&c->wq.lock, NK_RANK_COND);
	nk_plist_init(&c->queued);
	c->flows = flows;
	c->server = NULL;
	for (i = 0; i < count; i++) {
		flows[i] = (struct nk_flow){ .generation = 1 };
		nk_mutex_init(&flows[i].turn);
	}
	return 0;
}

static char *flow_area(const struct nk_channel *c, const struct nk_flow *f)
{
	return c->pool.area + (unsigned long)(f - c->flows) * c->pool.stride;
}

static unsigned long flow_id(const struct nk_channel *c, const struct nk_flow *f)
{
	return f->generation * (unsigned long)ID_FLOWS + (unsigned long)(f - c->flows);
}

static void flow_lock(struct nk_channel *c, struct nk_flow *f)
{
	nk_lock_acquire(&c->wq.lock);
	nk_lock_acquire(&f->turn.wq.lock);
}

static void flow_unlock(struct nk_channel *c, struct nk_flow *f)
{
	nk_lock_release(&f->turn.wq.lock);
	nk_lock_release(&c->wq.lock);
}

/* The server of @c gets the turn. Both locks are held. */
static void flow_own(struct nk_channel *c, struct nk_flow *f)
{
	nk_lock_acquire(&c->server->lock);
	nk_pi_own_locked(&f->turn, c->server);
	nk_lock_release(&c->server->lock);
}

static void flow_free(struct nk_channel *c, struct nk_flow *f)
{
	f->generation = f->generation % ID_GENERATIONS + 1;
	f->state = NK_FLOW_FREE;
	nk_queue_free(&c->pool, c, (unsigned int)(f - c->flows));
}

/* C3: the turn of @f, on which nobody stands any more, is taken from the server. */
static void flow_disown(struct nk_channel *c, struct nk_flow *f, hal_flags_t flags)
{
	nk_lock_acquire(&f->turn.wq.lock);
	nk_pi_follow(&f->turn.wq, NULL, flags);
	flow_lock(c, f);
	if (f->turn.owner)
		nk_pi_disown(&f->turn);
	flow_unlock(c, f);
}

/* ---- client ----------------------------------------------------------------------------------- */

/* To the server if it waits, else queued. Both locks are held. */
static void deliver(struct nk_channel *c, struct nk_flow *f, int prio)
{
	struct nk_plist_node *n = nk_plist_first(&c->wq.waiters);
	struct nk_thread *t;

	if (c->server)
		flow_own(c, f);
	f->state = NK_FLOW_SERVED;
	if (n) {
		t = nk_container_of(n, struct nk_thread, wait_node);
		((struct delivery *)t->wait_data)->flow = f;
		if (nk_wait_wake_this_locked(&c->wq, t, 0))
			return;
	}
	f->state = NK_FLOW_QUEUED;
	nk_plist_add(&c->queued, &f->node, prio);
	nk_watch_notify_locked(&c->wq);
}

/* @f is sent: stand on its turn until the reply. */
static int await_reply(struct nk_channel *c, struct nk_flow *f, nk_time_t deadline,
		       hal_flags_t flags)
{
	struct nk_thread *t = nk_thread_current();
	int ret;

	flow_lock(c, f);
	ret = c->wq.closed ? -NK_EIDRM : nk_wait_enter_locked(&f->turn.wq, t);
	if (ret) {
		f->state = NK_FLOW_ENDED;
		flow_unlock(c, f);
		return ret;
	}
	deliver(c, f, t->eprio);
	nk_lock_release(&c->wq.lock);
	ret = nk_pi_follow(&f->turn.wq, t, flags);
	if (!ret)
		return nk_thread_wait_commit(t, deadline, -NK_ETIMEDOUT);
	nk_thread_wake(t, ret);
	return t->wait_error;
}

/* The wait has ended with @ret, and not by a reply: off the turn. Returns what counts: -EINTR may make
 * a caller send again, which it must not once the server has the message. */
static int give_up_reply(struct nk_channel *c, struct nk_flow *f, int ret, hal_flags_t flags)
{
	struct nk_thread *t = nk_thread_current();

	flow_lock(c, f);
	if (t->wait_on)
		nk_wait_leave_locked(&f->turn.wq, t);
	if (f->state == NK_FLOW_DONE) {
		ret = 0;
	} else if (f->state == NK_FLOW_SERVED) {
		f->state = NK_FLOW_ORPHAN;
		nk_lock_release(&c->wq.lock);
		nk_pi_follow(&f->turn.wq, NULL, flags);
		return ret == -NK_EINTR ? -NK_ECANCELED : ret;
	} else if (f->state == NK_FLOW_QUEUED) {
		nk_plist_del(&c->queued, &f->node);
		f->state = NK_FLOW_ENDED;
	}
	flow_unlock(c, f);
	flow_disown(c, f, flags);
	if (ret)
		flow_free(c, f);
	return ret;
}

static long take_reply(struct nk_channel *c, struct nk_flow *f, void *to, unsigned int room)
{
	unsigned int size = f->size;
	int err = -NK_EMSGSIZE;

	if (size <= room)
		err = nk_copy_out(to, flow_area(c, f), size);
	flow_free(c, f);
	return err ? err : (long)size;
}

static long channel_send(struct nk_channel *c, const void *from, unsigned int size, void *to,
			 unsigned int room, nk_time_t deadline, hal_flags_t flags)
{
	int i = nk_queue_alloc(&c->pool, c, deadline), ret;
	struct nk_flow *f;

	if (i < 0)
		return i;
	f = &c->flows[i];
	f->size = size;
	ret = nk_copy_in(flow_area(c, f), from, size);
	if (ret) {
		flow_free(c, f);
		return ret;
	}
	ret = await_reply(c, f, deadline, flags);
	if (ret)
		ret = give_up_reply(c, f, ret, flags);
	return ret ? ret : take_reply(c, f, to, room);
}

long nk_channel_send(struct nk_channel *c, const void *from, unsigned int size, void *to,
		     unsigned int room, nk_time_t deadline)
{
	hal_flags_t flags;
	long ret;

	if (size > c->pool.size)
		return -NK_EMSGSIZE;
	flags = hal_oob_save();
	nk_assert_can_block();
	ret = channel_send(c, from, size, to, room, deadline ? deadline : 1, flags);
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

/* ---- server ----------------------------------------------------------------------------------- */

/* The caller is the server from now on: what is queued boosts it. */
static int become_server(struct nk_channel *c, struct nk_thread *t)
{
	struct nk_plist_node *n;
	struct nk_flow *f;

	if (c->wq.closed)
		return -NK_EIDRM;
	if (c->server)
		return c->server == t ? 0 : -NK_EBUSY;
	c->server = t;
	for (n = nk_plist_first(&c->queued); n; n = nk_plist_next(&c->queued, n)) {
		f = nk_container_of(n, struct nk_flow, node);
		nk_lock_acquire(&f->turn.wq.lock);
		flow_own(c, f);
		nk_lock_release(&f->turn.wq.lock);
	}
	return 0;
}

static int channel_take(struct nk_channel *c, struct nk_flow **flow, nk_time_t deadline)
{
	struct nk_thread *t = nk_thread_current();
	struct delivery d;
	int ret;

	nk_lock_acquire(&c->wq.lock);
	ret = become_server(c, t);
	if (!ret && !nk_plist_empty(&c->queued)) {
		d.flow = nk_container_of(nk_plist_first(&c->queued), struct nk_flow, node);
		nk_plist_del(&c->queued, &d.flow->node);
		nk_lock_acquire(&d.flow->turn.wq.lock);
		d.flow->state = NK_FLOW_SERVED;
		nk_lock_release(&d.flow->turn.wq.lock);
	} else if (!ret && !deadline) {
		ret = -NK_EWOULDBLOCK;
	} else if (!ret) {
		t->wait_data = &d;
		ret = nk_wait_block_locked(&c->wq, deadline);
		*flow = d.flow;
		return ret;
	}
	nk_lock_release(&c->wq.lock);
	*flow = d.flow;
	return ret;
}

/* Not replied to: the client's wait is over, or goes on in the queue. */
static void channel_take_back(struct nk_channel *c, struct nk_flow *f, hal_flags_t flags)
{
	enum nk_flow_state was;

	flow_lock(c, f);
	was = f->state;
	if (was == NK_FLOW_SERVED) {
		f->state = NK_FLOW_QUEUED;
		nk_plist_add_first(&c->queued, &f->node, nk_plist_top(&f->turn.wq.waiters));
	}
	flow_unlock(c, f);
	if (was == NK_FLOW_ORPHAN) {
		flow_disown(c, f, flags);
		flow_free(c, f);
	}
}

long nk_channel_receive(struct nk_channel *c, void *to, unsigned int room, unsigned int *size,
			nk_time_t deadline)
{
	struct nk_flow *f;
	hal_flags_t flags;
	long ret;

	if (room < c->pool.size)
		return -NK_EMSGSIZE;
	flags = hal_oob_save();
	nk_assert_can_block();
	ret = channel_take(c, &f, deadline);
	if (!ret) {
		*size = f->size;
		ret = (long)flow_id(c, f);
		if (nk_copy_out(to, flow_area(c, f), f->size)) {
			channel_take_back(c, f, flags);
			ret = -NK_EFAULT;
		}
	}
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

/* The flow that the caller serves under @id, or NULL. */
static struct nk_flow *served(struct nk_channel *c, unsigned long id)
{
	struct nk_flow *f = &c->flows[id % ID_FLOWS];

	if (id % ID_FLOWS >= c->pool.count || flow_id(c, f) != id ||
	    (f->state != NK_FLOW_SERVED && f->state != NK_FLOW_ORPHAN) ||
	    f->turn.owner != nk_thread_current())
		return NULL;
	return f;
}

/* @f has its reply. 1: nobody waits for it. */
static int hand_reply(struct nk_channel *c, struct nk_flow *f)
{
	int orphan;

	flow_lock(c, f);
	orphan = f->state == NK_FLOW_ORPHAN;
	if (f->state == NK_FLOW_SERVED) {
		nk_pi_disown(&f->turn);
		f->state = NK_FLOW_DONE;
		nk_wait_wake_locked(&f->turn.wq, 0);
	} else if (orphan) {
		nk_pi_disown(&f->turn);
	}
	flow_unlock(c, f);
	return orphan;
}

/* Only the caller brings a flow that it serves on; but the channel may go meanwhile. */
int nk_channel_reply(struct nk_channel *c, unsigned long id, const void *from, unsigned int size)
{
	hal_flags_t flags = hal_oob_save();
	struct nk_flow *f;
	int ret;

	nk_lock_acquire(&c->wq.lock);
	f = served(c, id);
	ret = c->wq.closed ? -NK_EIDRM : !f ? -NK_EINVAL : size > c->pool.size ? -NK_EMSGSIZE : 0;
	nk_lock_release(&c->wq.lock);
	if (!ret)
		ret = nk_copy_in(flow_area(c, f), from, size);
	if (!ret) {
		f->size = size;
		if (hand_reply(c, f)) {
			flow_free(c, f);
			ret = -NK_ECANCELED;
		}
	}
	nk_sched();
	hal_oob_restore(flags);
	return ret;
}

/* ---- the end ---------------------------------------------------------------------------------- */

/* @f will not be replied to. */
static void end_flow(struct nk_channel *c, struct nk_flow *f, int error, hal_flags_t flags)
{
	enum nk_flow_state was;

	flow_lock(c, f);
	was = f->state;
	if (was == NK_FLOW_QUEUED)
		nk_plist_del(&c->queued, &f->node);
	if (was == NK_FLOW_QUEUED || was == NK_FLOW_SERVED) {
		f->state = NK_FLOW_ENDED;
		nk_wait_wake_locked(&f->turn.wq, error);
	} else if (was == NK_FLOW_ORPHAN) {
		f->state = NK_FLOW_ENDED;
	}
	flow_unlock(c, f);
	if (was == NK_FLOW_ORPHAN) {
		flow_disown(c, f, flags);
		flow_free(c, f);
	}
}

static void end_all(struct nk_channel *c, int error, hal_flags_t flags)
{
	unsigned int i;

	for (i = 0; i < c->pool.count; i++) {
		end_flow(c, &c->flows[i], error, flags);
		nk_breathe(flags);
	}
}

void nk_channel_bereave(struct nk_channel *c, const struct nk_thread *t)
{
	hal_flags_t flags = hal_oob_save();
	int was;

	nk_lock_acquire(&c->wq.lock);
	was = c->server == t;
	if (was)
		c->server = NULL;
	nk_lock_release(&c->wq.lock);
	if (was)
		end_all(c, -NK_EOWNERDEAD, flags);
	nk_sched();
	hal_oob_restore(flags);
}

int nk_channel_destroy(struct nk_channel *c)
{
	hal_flags_t flags;
	unsigned int i;
	int err;

	nk_waitq_close(&c->wq);
	flags = hal_oob_save();
	end_all(c, -NK_EIDRM, flags);
	hal_oob_restore(flags);
	err = nk_queue_destroy(&c->pool);
	if (!err)
		err = nk_waitq_destroy(&c->wq);
	for (i = 0; !err && i < c->pool.count; i++)
		err = c->flows[i].turn.owner ? -NK_EBUSY : nk_waitq_destroy(&c->flows[i].turn.wq);
	return err;
}
