// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU around the pipeline. Interrupts of the controller are taken in take(), whenever
 * the CPU is open and the class of the highest request is above the highest in service.
 *
 * The bare machine is the same CPU with V open for ever: cli and sti change H, a handler begins
 * with H closed, and its end of interrupt goes straight to the controller.
 */
#include <check.h>
#include <string.h>

#include "tests/unit/irq_model.h"

static int highest(const unsigned char *set)
{
	unsigned long eight;

	for (int base = PIPELINE_VECTORS - 8; base >= 0; base -= 8) {
		memcpy(&eight, set + base, sizeof(eight));
		if (eight)
			return base + (63 - __builtin_clzl(eight)) / 8;
	}
	return -1;
}

/* Called millions of times: the library writes a note for each of its own assertions. */
#define must(what, ...)						\
	do {							\
		if (!(what))					\
			ck_abort_msg(__VA_ARGS__);		\
	} while (0)

static struct irq_frame *top_frame(struct irq_model *m)
{
	return &m->frame[m->handling - 1];
}

static void sound(const struct irq_model *m)
{
	int top = highest(m->isr);
	/* An oob thread runs open whatever Linux's V says; what comes meanwhile is logged. */
	int broken = pipeline_check(&m->p, m->state, !m->open || m->oob);

	must(!broken, "invariant I%d is broken", broken);
	must(top < 0 || !m->through[top], "0x%x stays in service", top);
}

static void line_asks(struct irq_model *m, unsigned int v)
{
	if (!m->line[v] || m->unacked[v])
		return;
	m->unacked[v] = 1;
	m->irr[v] = 1;
	m->tmr[v] = 1;
}

static void apic_eoi(struct irq_model *m)
{
	int v = highest(m->isr);

	must(v >= 0, "end of interrupt with nothing in service");
	must(m->through[v], "end of interrupt hits 0x%x", v);
	m->eois++;
	m->isr[v] = 0;
	m->through[v] = 0;
	if (m->tmr[v]) {
		m->retired[v]++;
		m->unacked[v] = 0;
		line_asks(m, v);
	}
}

/* What interrupts are open for, the frame of the port's, if any, will open H. */
static void handler_begin(struct irq_model *m, unsigned int v)
{
	struct irq_frame *f = &m->frame[m->handling];

	must(m->handling < IRQ_MODEL_DEPTH, "handlers nest too deep");
	must(!m->handling || top_frame(m)->opened, "0x%x interrupts the handler of 0x%x",
		      v, top_frame(m)->vector);
	must(m->tmr[v] ? m->line[v] : m->wanted[v], "0x%x is delivered twice", v);
	for (int i = 0; i < PIPELINE_WORDS; i++)
		must(!m->p.log.word[i], "0x%x overtakes what is logged", v);
	m->wanted[v] = 0;
	m->runs[v]++;
	*f = (struct irq_frame){ .vector = v, .native = m->bare || m->native[v],
				 .outer = m->p.outer };
	if (++m->handling > m->deepest)
		m->deepest = m->handling;
	if (f->native)
		m->open = 0;
	else
		m->state |= PIPELINE_STALLED;
}

static void arrive_bare(struct irq_model *m, unsigned int v)
{
	m->irr[v] = 0;
	m->isr[v] = 1;
	m->taken[v] += m->tmr[v];
	handler_begin(m, v);
}

static void arrive(struct irq_model *m, unsigned int v)
{
	m->irr[v] = 0;
	m->isr[v] = 1;
	m->taken[v] += m->tmr[v];
	if (m->tmr[v]) {
		pipeline_hold(&m->p, v);
	} else {
		m->through[v] = 1;
		apic_eoi(m);
	}
	if (pipeline_arrive(&m->p, &m->state, m->oob, v) == PIPELINE_DELIVER)
		handler_begin(m, v);
	sound(m);
}

static void take(struct irq_model *m)
{
	int v;

	while (m->open && (v = highest(m->irr)) >= 0 && v / 16 > highest(m->isr) / 16) {
		if (m->bare)
			arrive_bare(m, v);
		else
			arrive(m, v);
	}
}

static void replay(struct irq_model *m)
{
	int v, raise, last = PIPELINE_VECTORS;
	unsigned int eois;

	must(!m->open, "the log is given back with H open");
	while ((v = pipeline_next(&m->p, &m->state, &eois, &raise)) >= 0) {
		must(v < last, "0x%x comes back behind 0x%x", v, last);
		last = v;
		must(raise == !m->isr[v], "0x%x comes back, in service %d", v, m->isr[v]);
		m->through[v] = m->isr[v];
		while (eois--)
			apic_eoi(m);
		m->irr[v] |= raise;
	}
	sound(m);
}

void irq_model_init(struct irq_model *m)
{
	memset(m, 0, sizeof(*m));
	m->open = 1;
}

void irq_model_message(struct irq_model *m, unsigned int vector)
{
	m->wanted[vector] = 1;
	m->irr[vector] = 1;
	take(m);
}

void irq_model_assert(struct irq_model *m, unsigned int vector)
{
	m->line[vector] = 1;
	line_asks(m, vector);
	take(m);
}

void irq_model_close(struct irq_model *m)
{
	m->open = 0;
	sound(m);
}

void irq_model_open(struct irq_model *m)
{
	m->open = 1;
	sound(m);
	take(m);
}

void irq_model_cli(struct irq_model *m)
{
	if (m->handling)
		top_frame(m)->opened = 0;
	if (m->bare)
		m->open = 0;
	else if (m->open)
		m->state |= PIPELINE_STALLED;
	sound(m);
}

/* V open; the log goes back with H closed; then H opens. */
static void unstall(struct irq_model *m)
{
	m->state &= ~PIPELINE_STALLED;
	if (!m->state)
		return;
	m->open = 0;
	replay(m);
}

void irq_model_sti(struct irq_model *m)
{
	if (m->handling)
		top_frame(m)->opened = 1;
	unstall(m);
	irq_model_open(m);
}

int irq_model_save(const struct irq_model *m)
{
	return m->open && !(m->state & PIPELINE_STALLED);
}

void irq_model_restore(struct irq_model *m, int on)
{
	if (on)
		irq_model_sti(m);
}

int irq_model_halt(struct irq_model *m)
{
	int woken;

	if (m->handling)
		top_frame(m)->opened = 1;
	m->open = 0;
	unstall(m);
	woken = highest(m->irr) >= 0;
	irq_model_open(m);
	return woken;
}

void irq_model_serve(struct irq_model *m)
{
	m->line[top_frame(m)->vector] = 0;
}

void irq_model_eoi(struct irq_model *m)
{
	struct irq_frame *f = top_frame(m);
	unsigned int n = 1;

	f->finished = 1;
	/* Of an edge only the bare machine has it in service still. */
	if (m->bare || (m->tmr[f->vector] && m->isr[f->vector]))
		m->through[f->vector] = 1;
	if (!m->bare)
		n = pipeline_eoi(&m->p, !m->open);
	while (n--)
		apic_eoi(m);
	sound(m);
	take(m);
}

void irq_model_return(struct irq_model *m)
{
	struct irq_frame *f = top_frame(m);

	m->handling--;
	m->open = 0;
	if (!f->native) {
		m->p.serving = f->outer;
		unstall(m);
	}
	irq_model_open(m);
}

void irq_model_handle(struct irq_model *m)
{
	irq_model_cli(m);
	if (!top_frame(m)->finished) {
		irq_model_serve(m);
		irq_model_eoi(m);
	}
	irq_model_return(m);
}

void irq_model_oob_enter(struct irq_model *m)
{
	m->oob = 1;
}

void irq_model_oob_leave(struct irq_model *m)
{
	int open = m->open;

	m->open = 0;
	m->oob = 0;
	if (pipeline_due(m->state))
		replay(m);
	m->open = open;
	sound(m);
	take(m);
}

/* Linux will not be seen finishing what is held: all of it is retired now. */
void irq_model_detach(struct irq_model *m)
{
	m->open = 0;
	unstall(m);
	for (int v = PIPELINE_VECTORS - 1; v >= 0; v--) {
		unsigned int n;

		m->through[v] = m->isr[v];
		n = pipeline_finish(&m->p, v);
		while (n--)
			apic_eoi(m);
	}
	ck_assert_int_eq(irq_model_in_service(m), 0);
	m->bare = 1;
}

void irq_model_attach(struct irq_model *m)
{
	ck_assert_int_eq(irq_model_in_service(m), 0);
	memset(&m->p, 0, sizeof(m->p));
	m->state = 0;
	m->bare = 0;
}

void irq_model_settle(struct irq_model *m)
{
	if (m->oob)
		irq_model_oob_leave(m);
	if (!m->handling)
		irq_model_sti(m);
	while (m->handling)
		irq_model_handle(m);
	ck_assert_uint_eq(m->p.serving, 0);
	for (int v = 0; v < PIPELINE_VECTORS; v++)
		must(m->taken[v] == m->retired[v], "0x%x was taken %u times, retired %u", v,
		     m->taken[v], m->retired[v]);
	ck_assert_int_eq(highest(m->wanted), -1);
	ck_assert_int_eq(highest(m->line), -1);
	ck_assert_int_eq(highest(m->irr), -1);
	ck_assert_int_eq(highest(m->isr), -1);
	ck_assert_uint_eq(m->state, 0);
	for (int i = 0; i < PIPELINE_WORDS; i++)
		ck_assert_uint_eq(m->p.log.word[i] | m->p.held.word[i] | m->p.done.word[i], 0);
}

int irq_model_in_service(const struct irq_model *m)
{
	int n = 0;

	for (int v = 0; v < PIPELINE_VECTORS; v++)
		n += m->isr[v];
	return n;
}

int irq_model_logged(const struct irq_model *m, unsigned int vector)
{
	return (m->p.log.word[vector / 64] >> (vector % 64)) & 1;
}
