// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU around the pipeline. Interrupts of the controller are taken in take(), whenever
 * the CPU is open and the class of the highest request is above the highest in service.
 */
#include <check.h>
#include <string.h>

#include "tests/unit/irq_model.h"

static int highest(const unsigned char *set)
{
	for (int v = PIPELINE_VECTORS - 1; v >= 0; v--)
		if (set[v])
			return v;
	return -1;
}

static void sound(const struct irq_model *m)
{
	int top = highest(m->isr);

	/* An oob thread runs open whatever Linux's V says; what comes meanwhile is logged. */
	ck_assert_int_eq(pipeline_check(&m->p, m->state, !m->open || m->oob), 0);
	ck_assert_msg(top < 0 || !m->through[top], "0x%x stays in service", top);
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

	ck_assert_msg(v >= 0, "end of interrupt with nothing in service");
	ck_assert_msg(m->through[v], "end of interrupt hits 0x%x", v);
	m->eois++;
	m->isr[v] = 0;
	m->through[v] = 0;
	if (m->tmr[v]) {
		m->unacked[v] = 0;
		line_asks(m, v);
	}
}

static void handler_begin(struct irq_model *m, unsigned int v)
{
	ck_assert_msg(!m->handling, "0x%x interrupts the handler of 0x%x", v, m->vector);
	ck_assert_msg(m->tmr[v] ? m->line[v] : m->wanted[v], "0x%x is delivered twice", v);
	m->wanted[v] = 0;
	m->runs[v]++;
	m->vector = v;
	m->handling = 1;
	m->finished = 0;
	m->state |= PIPELINE_STALLED;
}

static void arrive(struct irq_model *m, unsigned int v)
{
	m->irr[v] = 0;
	m->isr[v] = 1;
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

	while (m->open && (v = highest(m->irr)) >= 0 && v / 16 > highest(m->isr) / 16)
		arrive(m, v);
}

static void replay(struct irq_model *m)
{
	int v, raise, last = PIPELINE_VECTORS;
	unsigned int eois;

	ck_assert_int_eq(m->open, 0);
	while ((v = pipeline_next(&m->p, &m->state, &eois, &raise)) >= 0) {
		ck_assert_int_lt(v, last);
		last = v;
		ck_assert_int_eq(raise, !m->isr[v]);
		m->through[v] = m->isr[v];
		while (eois--)
			apic_eoi(m);
		m->irr[v] |= raise;
	}
	ck_assert_int_eq(m->state & PIPELINE_PENDING, 0);
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
	if (m->open)
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

	m->open = 0;
	unstall(m);
	woken = highest(m->irr) >= 0;
	irq_model_open(m);
	return woken;
}

void irq_model_serve(struct irq_model *m)
{
	m->line[m->vector] = 0;
}

void irq_model_eoi(struct irq_model *m)
{
	unsigned int n;

	m->finished = 1;
	if (m->isr[m->vector])
		m->through[m->vector] = 1;
	n = pipeline_finish(&m->p, m->vector);
	while (n--)
		apic_eoi(m);
	sound(m);
	take(m);
}

void irq_model_return(struct irq_model *m)
{
	m->handling = 0;
	m->open = 0;
	unstall(m);
	irq_model_open(m);
}

void irq_model_handle(struct irq_model *m)
{
	if (!m->finished) {
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
}

void irq_model_settle(struct irq_model *m)
{
	if (m->oob)
		irq_model_oob_leave(m);
	if (!m->handling)
		irq_model_sti(m);
	while (m->handling)
		irq_model_handle(m);
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
