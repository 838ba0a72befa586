// SPDX-License-Identifier: GPL-2.0
/*
 * Two-stage interrupt log.
 *
 *	arrives		V open		V stalled	oob thread has the CPU
 *	edge, system	EOI, deliver	EOI, log	EOI, log
 *	level		hold, deliver	hold, log	hold, log
 *
 * Edge and system vectors are finished with the controller on arrival, when the vector is
 * certainly the highest in service; so nothing Linux does later can retire the wrong one. A
 * level line would fire again at once, so it stays in service ("held"). The controller
 * retires the highest vector in service with each EOI, hence:
 *
 *	handler of 0x31 (level) runs, H open	ISR 31
 *	0x41 (level) arrives, logged		ISR 41 31
 *	handler of 0x31: EOI			must not retire 0x41 in its place
 *
 * pipeline_finish() marks 0x31 done and writes nothing; when 0x41 is finished (given back to the
 * line, or handled) both EOIs leave, highest first.
 *
 * Which vector an EOI of Linux's is for is known by the handler that runs. A handler may open V
 * itself, so handlers nest, and each has its own:
 *
 *	handler of 0x31 (level) runs, V opened	serving 31
 *	0x41 arrives, delivered			serving 41, outer 31
 *	its handler: EOI, returns		serving 31 again
 *	handler of 0x31: EOI			is 0x31's; with the 41 of a single variable
 *						0x31 would stay in service for ever
 *
 * The port keeps ->outer in the frame that opens H around the handler. A handler without such
 * a frame runs with H closed throughout and sends one EOI: that puts ->outer back.
 *
 * The log goes back to the controller, not to a handler: what was logged is raised again on this CPU
 * and arrives like any interrupt, with true frames, context tracking and
 * rescheduling, as soon as H opens.
 */
#include "pipeline.h"

static void set_add(struct pipeline_set *s, unsigned int v)
{
	s->word[v / 64] |= 1ul << (v % 64);
}

static void set_del(struct pipeline_set *s, unsigned int v)
{
	s->word[v / 64] &= ~(1ul << (v % 64));
}

static int set_has(const struct pipeline_set *s, unsigned int v)
{
	return (s->word[v / 64] >> (v % 64)) & 1;
}

static int set_highest(const struct pipeline_set *s)
{
	for (int i = PIPELINE_WORDS - 1; i >= 0; i--)
		if (s->word[i])
			return i * 64 + 63 - __builtin_clzl(s->word[i]);
	return -1;
}

enum pipeline_verdict pipeline_arrive(struct pipeline *p, unsigned int *state, int oob,
				      unsigned int vector)
{
	if (!oob && !(*state & PIPELINE_STALLED)) {
		pipeline_deliver(p, vector);
		return PIPELINE_DELIVER;
	}
	set_add(&p->log, vector);
	*state |= PIPELINE_PENDING;
	p->logged++;
	return PIPELINE_LOG;
}

void pipeline_hold(struct pipeline *p, unsigned int vector)
{
	set_add(&p->held, vector);
}

unsigned int pipeline_finish(struct pipeline *p, unsigned int vector)
{
	unsigned int eois = 0;
	int top;

	if (!set_has(&p->held, vector))
		return 0;
	set_add(&p->done, vector);
	while ((top = set_highest(&p->held)) >= 0 && set_has(&p->done, top)) {
		set_del(&p->held, top);
		set_del(&p->done, top);
		eois++;
	}
	return eois;
}

unsigned int pipeline_eoi(struct pipeline *p, int masked)
{
	unsigned int eois = pipeline_finish(p, p->serving);

	if (masked)
		p->serving = p->outer;
	return eois;
}

int pipeline_next(struct pipeline *p, unsigned int *state, unsigned int *eois, int *raise)
{
	int v = set_highest(&p->log);

	*eois = 0;
	*raise = 0;
	if (v < 0) {
		*state &= ~PIPELINE_PENDING;
		return -1;
	}
	set_del(&p->log, v);
	if (set_has(&p->held, v))
		*eois = pipeline_finish(p, v);
	else
		*raise = 1;
	return v;
}

int pipeline_check(const struct pipeline *p, unsigned int state, int masked)
{
	unsigned long logged = 0;

	for (int i = 0; i < PIPELINE_WORDS; i++) {
		logged |= p->log.word[i];
		if (p->done.word[i] & ~p->held.word[i])
			return 2;
	}
	if (!!logged != !!(state & PIPELINE_PENDING))
		return 1;
	if (!masked && logged && !(state & PIPELINE_STALLED))
		return 3;
	return 0;
}
