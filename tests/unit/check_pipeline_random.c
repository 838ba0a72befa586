// SPDX-License-Identifier: GPL-2.0
/*
 * hal/pipeline.c on a CPU with a local APIC, in random orders: edges, level lines and system vectors
 * arrive with V open and stalled, handlers nest and open V, oob threads come and go, and so does Keel.
 * The assertions are the model's (irq_model.h).
 */
#include <stdlib.h>

#include "tests/unit/irq_model.h"
#include "tests/unit/unit.h"

static struct irq_model m;

#define LINES 12

static unsigned int vectors[LINES];
static int is_level[LINES];

/* A vector each; some share a class with a neighbour, half are level-triggered. */
static void draw_sources(void)
{
	for (int i = 0; i < LINES; i++) {
		vectors[i] = 0x20 + i * 18 + unit_random(18);
		if (i % 3 == 2)
			vectors[i] = vectors[i - 1] ^ 1;
		is_level[i] = unit_random(2);
		m.native[vectors[i]] = !is_level[i] && !unit_random(3);
	}
}

static void source_fires(void)
{
	int i = unit_random(LINES);

	if (is_level[i])
		irq_model_assert(&m, vectors[i]);
	else
		irq_model_message(&m, vectors[i]);
}

static void handler_ends(void)
{
	if (irq_model_finished(&m)) {
		irq_model_return(&m);
		return;
	}
	if (unit_random(4))
		irq_model_serve(&m);
	if (unit_random(3))
		source_fires();
	irq_model_eoi(&m);
}

/* Drivers may enable interrupts before their device is served, and disable them again. */
static void handler_goes_on(void)
{
	int may_open;

	/* A hard section of its own ends where it began. */
	if (!m.open && !irq_model_native(&m))
		irq_model_open(&m);
	may_open = m.bare || !irq_model_native(&m);
	if (may_open && m.handling < IRQ_MODEL_DEPTH - 1 && !unit_random(4)) {
		irq_model_sti(&m);
	} else {
		/* What comes in between is the innermost now, and has its turn. */
		irq_model_cli(&m);
		handler_ends();
	}
}

static void linux_goes_on(void)
{
	switch (unit_random(4)) {
	case 0:
		irq_model_cli(&m);
		break;
	case 1:
		irq_model_restore(&m, irq_model_save(&m));
		break;
	case 2:
		irq_model_halt(&m);
		break;
	default:
		irq_model_sti(&m);
	}
}

static void random_step(void)
{
	switch (unit_random(8)) {
	case 0:
		irq_model_close(&m);
		break;
	case 1:
		if (!irq_model_native(&m))
			irq_model_open(&m);
		break;
	case 2:
		if (m.oob)
			irq_model_oob_leave(&m);
		else if (m.open && !m.bare)
			irq_model_oob_enter(&m);
		break;
	case 3:
	case 4:
		if (!m.oob && m.handling)
			handler_goes_on();
		else if (!m.oob)
			linux_goes_on();
		break;
	default:
		source_fires();
	}
}

/* Keel goes, and comes again. */
static void detach_or_attach(void)
{
	if (m.handling || m.oob)
		return;
	if (m.bare)
		irq_model_attach(&m);
	else
		irq_model_detach(&m);
}

#define ORDERS 10000
#define STEPS  150

/* Which order it was, by what the machine went through. */
static unsigned long order_mark(unsigned long mark)
{
	unsigned int v = m.handling ? m.frame[m.handling - 1].vector : 0;
	unsigned long now = m.p.logged << 32 ^ m.eois << 16 ^ v << 8 ^ m.handling << 4 ^
			    m.state ^ m.oob << 1 ^ m.open << 2 ^ m.bare << 3;

	return (mark ^ now) * 0x9e3779b97f4a7c15ul;
}

static int compare(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return (x > y) - (x < y);
}

static unsigned long random_order(void)
{
	unsigned long mark = 0;

	irq_model_init(&m);
	draw_sources();
	for (int i = 0; i < STEPS; i++) {
		if (!unit_random(20))
			detach_or_attach();
		random_step();
		mark = order_mark(mark);
	}
	irq_model_settle(&m);
	return mark;
}

START_TEST(ten_thousand_random_orders_lose_nothing)
{
	static unsigned long marks[ORDERS];
	unsigned long runs = 0, logged = 0, nested = 0, bare = 0, distinct = 1;

	for (int i = 0; i < ORDERS; i++) {
		marks[i] = random_order();
		for (int v = 0; v < PIPELINE_VECTORS; v++)
			runs += m.runs[v];
		logged += m.p.logged;
		nested += m.deepest > 2;
		bare += m.bare;
	}
	qsort(marks, ORDERS, sizeof(marks[0]), compare);
	for (int i = 1; i < ORDERS; i++)
		distinct += marks[i] != marks[i - 1];
	/* Else the rounds would have tried nothing. */
	ck_assert_uint_eq(distinct, ORDERS);
	ck_assert_uint_gt(runs, 10 * ORDERS);
	ck_assert_uint_gt(logged, 10 * ORDERS);
	ck_assert_uint_gt(nested, ORDERS / 10);
	ck_assert_uint_gt(bare, ORDERS / 10);
}
END_TEST

Suite *pipeline_random_suite(void)
{
	Suite *suite = suite_create("pipeline_random");
	TCase *tc = unit_case(suite, "pipeline_random");

	tcase_add_test(tc, ten_thousand_random_orders_lose_nothing);
	return suite;
}
