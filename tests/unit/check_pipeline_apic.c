// SPDX-License-Identifier: GPL-2.0
/*
 * hal/pipeline.c on a CPU with a local APIC: sequences that went wrong in other designs.
 * 0x31, 0x41 and so on are devices' vectors, 0xec and 0xfd the system's.
 */
#include "tests/unit/irq_model.h"
#include "tests/unit/unit.h"

static struct irq_model m;

static void fresh(void)
{
	irq_model_init(&m);
}

/* ---- level lines ------------------------------------------------------------------ */

START_TEST(a_level_line_stays_in_service_until_its_handler_is_through)
{
	irq_model_assert(&m, 0x31);
	ck_assert_int_eq(m.handling, 1);
	ck_assert_uint_eq(m.isr[0x31], 1);
	irq_model_serve(&m);
	ck_assert_uint_eq(m.eois, 0);
	irq_model_eoi(&m);
	ck_assert_uint_eq(m.eois, 1);
	irq_model_return(&m);
	ck_assert_uint_eq(m.runs[0x31], 1);
	irq_model_settle(&m);
}
END_TEST

START_TEST(a_line_that_stays_asserted_runs_its_handler_again)
{
	irq_model_assert(&m, 0x31);
	irq_model_eoi(&m);
	/* It came again at once, and waits with V. */
	ck_assert_int_eq(irq_model_logged(&m, 0x31), 1);
	irq_model_return(&m);
	ck_assert_uint_eq(m.runs[0x31], 2);
	irq_model_settle(&m);
}
END_TEST

/* ---- sequences that would leak a mask -------------------------------------------- */

START_TEST(save_and_restore_with_H_closed_leave_V_open)
{
	int on;

	irq_model_close(&m);
	on = irq_model_save(&m);
	irq_model_cli(&m);
	irq_model_message(&m, 0x41);
	irq_model_restore(&m, on);
	ck_assert_int_eq(on, 0);
	ck_assert_uint_eq(m.runs[0x41], 0);
	irq_model_open(&m);
	ck_assert_uint_eq(m.runs[0x41], 1);
	ck_assert_uint_eq(m.p.logged, 0);
	irq_model_settle(&m);
}
END_TEST

START_TEST(a_hard_section_in_a_stall_ends_stalled)
{
	int on;

	irq_model_cli(&m);
	irq_model_message(&m, 0x41);
	irq_model_close(&m);
	on = irq_model_save(&m);
	irq_model_cli(&m);
	irq_model_message(&m, 0x51);
	irq_model_restore(&m, on);
	ck_assert_int_eq(m.open, 0);
	irq_model_open(&m);
	ck_assert_uint_eq(m.runs[0x41] + m.runs[0x51], 0);
	ck_assert_int_eq(irq_model_logged(&m, 0x41) + irq_model_logged(&m, 0x51), 2);
	irq_model_sti(&m);
	ck_assert_uint_eq(m.runs[0x51], 1);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0x41], 1);
}
END_TEST

/* The tails of Linux's ways out to user mode close H itself; that a task fell asleep before
 * Keel came makes no difference. */
START_TEST(on_the_way_out_to_user_mode_the_controller_keeps_what_comes)
{
	irq_model_cli(&m);
	irq_model_message(&m, 0xfd);
	irq_model_sti(&m);
	irq_model_handle(&m);
	irq_model_close(&m);
	irq_model_message(&m, 0xec);
	irq_model_assert(&m, 0x31);
	ck_assert_uint_eq(m.state, 0);
	ck_assert_uint_eq(m.runs[0xec], 0);
	irq_model_open(&m);
	ck_assert_uint_eq(m.runs[0xec], 1);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0x31], 1);
	ck_assert_uint_eq(m.runs[0xfd], 1);
}
END_TEST

START_TEST(detach_with_V_stalled_gives_back_the_log_and_opens_V)
{
	irq_model_cli(&m);
	irq_model_assert(&m, 0x31);
	irq_model_message(&m, 0x41);
	irq_model_assert(&m, 0x51);
	irq_model_message(&m, 0xfd);
	irq_model_detach(&m);
	ck_assert_uint_eq(m.state, 0);
	ck_assert_uint_eq(m.irr[0x41], 1);
	ck_assert_uint_eq(m.irr[0xfd], 1);
	/* Both lines ask again: on the bare machine their handlers will serve them. */
	ck_assert_uint_eq(m.irr[0x31], 1);
	ck_assert_uint_eq(m.irr[0x51], 1);
	ck_assert_uint_eq(m.eois, 4);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0x31] + m.runs[0x41] + m.runs[0x51] + m.runs[0xfd], 4);
}
END_TEST

START_TEST(halt_with_H_closed_and_V_open_ends_with_V_open)
{
	irq_model_close(&m);
	irq_model_message(&m, 0x41);
	ck_assert_int_eq(irq_model_halt(&m), 1);
	ck_assert_uint_eq(m.runs[0x41], 1);
	irq_model_settle(&m);
	ck_assert_int_eq(irq_model_halt(&m), 0);
	ck_assert_uint_eq(m.state, 0);
}
END_TEST

START_TEST(halt_in_a_stall_sleeps_over_no_logged_interrupt)
{
	irq_model_cli(&m);
	irq_model_message(&m, 0x41);
	ck_assert_int_eq(irq_model_halt(&m), 1);
	ck_assert_uint_eq(m.runs[0x41], 1);
	irq_model_settle(&m);
	irq_model_cli(&m);
	irq_model_assert(&m, 0x31);
	ck_assert_int_eq(irq_model_halt(&m), 1);
	irq_model_settle(&m);
	irq_model_cli(&m);
	ck_assert_int_eq(irq_model_halt(&m), 0);
	ck_assert_uint_eq(m.state, 0);
}
END_TEST

START_TEST(sti_where_a_native_cli_closed_H_opens_both)
{
	irq_model_close(&m);
	irq_model_message(&m, 0x41);
	irq_model_sti(&m);
	ck_assert_int_eq(irq_model_save(&m), 0);	/* its handler runs */
	irq_model_handle(&m);
	ck_assert_int_eq(irq_model_save(&m), 1);
	ck_assert_uint_eq(m.runs[0x41], 1);
	irq_model_settle(&m);
}
END_TEST

/* sti; mwait in the raw opens H only: idle comes there with a native cli, hence V open. */
START_TEST(a_raw_sti_before_mwait_delivers)
{
	irq_model_close(&m);
	ck_assert_uint_eq(m.state, 0);
	irq_model_message(&m, 0xfd);
	irq_model_open(&m);
	ck_assert_uint_eq(m.runs[0xfd], 1);
	irq_model_settle(&m);
}
END_TEST

START_TEST(what_an_oob_thread_kept_out_comes_when_it_leaves)
{
	irq_model_oob_enter(&m);
	irq_model_message(&m, 0x41);
	irq_model_assert(&m, 0x31);
	ck_assert_int_eq(m.handling, 0);
	irq_model_oob_leave(&m);
	ck_assert_uint_eq(m.runs[0x41], 1);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0x31], 1);
}
END_TEST

START_TEST(an_oob_thread_that_leaves_in_a_stall_keeps_the_log)
{
	irq_model_cli(&m);
	irq_model_oob_enter(&m);
	irq_model_message(&m, 0x41);
	irq_model_oob_leave(&m);
	ck_assert_uint_eq(m.runs[0x41], 0);
	ck_assert_int_eq(irq_model_logged(&m, 0x41), 1);
	irq_model_sti(&m);
	ck_assert_uint_eq(m.runs[0x41], 1);
	irq_model_settle(&m);
}
END_TEST

/* ---- sequences that would retire the wrong vector -------------------------------- */

START_TEST(a_handlers_eoi_spares_a_logged_level_line)
{
	irq_model_assert(&m, 0x31);
	irq_model_assert(&m, 0x41);
	ck_assert_int_eq(irq_model_in_service(&m), 2);
	irq_model_serve(&m);
	irq_model_eoi(&m);
	ck_assert_int_eq(irq_model_in_service(&m), 2);
	/* Given back, 0x41 takes 0x31 with it; its line asks again and is delivered. */
	irq_model_return(&m);
	ck_assert_uint_eq(m.eois, 2);
	ck_assert_uint_eq(m.runs[0x41], 1);
	irq_model_handle(&m);
	ck_assert_int_eq(irq_model_in_service(&m), 0);
	irq_model_message(&m, 0x32);
	ck_assert_uint_eq(m.runs[0x32], 1);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0x31], 1);
	ck_assert_uint_eq(m.runs[0x41], 1);
}
END_TEST

START_TEST(messages_to_a_stalled_cpu_leave_no_vector_in_service)
{
	irq_model_message(&m, 0x31);
	irq_model_message(&m, 0x41);
	irq_model_message(&m, 0x41);
	ck_assert_int_eq(irq_model_in_service(&m), 0);
	irq_model_handle(&m);
	ck_assert_uint_eq(m.eois, 4);	/* two, the second 0x41, and the log's 0x41 */
	ck_assert_uint_eq(m.runs[0x41], 1);
	irq_model_handle(&m);
	irq_model_message(&m, 0x21);
	ck_assert_uint_eq(m.runs[0x21], 1);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0x41], 1);
}
END_TEST

START_TEST(a_logged_ipis_eoi_retires_no_device)
{
	irq_model_cli(&m);
	irq_model_message(&m, 0xfd);
	irq_model_sti(&m);
	ck_assert_uint_eq(m.runs[0xfd], 1);
	irq_model_assert(&m, 0x51);
	ck_assert_uint_eq(m.isr[0x51], 1);
	irq_model_eoi(&m);
	ck_assert_uint_eq(m.isr[0x51], 1);
	irq_model_return(&m);
	ck_assert_uint_eq(m.runs[0x51], 1);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0x51], 1);
}
END_TEST

/* ---- handlers that open V --------------------------------------------------------- */

START_TEST(a_level_handler_that_opens_V_is_finished_behind_an_edge)
{
	irq_model_assert(&m, 0x31);
	irq_model_sti(&m);
	irq_model_message(&m, 0x41);
	ck_assert_int_eq(m.handling, 2);
	irq_model_handle(&m);
	ck_assert_uint_eq(m.isr[0x31], 1);
	irq_model_handle(&m);
	ck_assert_uint_eq(m.isr[0x31], 0);
	irq_model_assert(&m, 0x31);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0x31], 2);
	ck_assert_uint_eq(m.runs[0x41], 1);
}
END_TEST

/* Its end of interrupt comes first: it must not be taken for 0x31's. */
START_TEST(a_level_handler_that_opens_V_outlasts_one_with_H_closed)
{
	m.native[0xfd] = 1;
	irq_model_assert(&m, 0x31);
	irq_model_sti(&m);
	irq_model_message(&m, 0xfd);
	ck_assert_int_eq(irq_model_native(&m), 1);
	irq_model_eoi(&m);
	ck_assert_uint_eq(m.isr[0x31], 1);
	irq_model_return(&m);
	irq_model_message(&m, 0xfd);
	irq_model_handle(&m);
	ck_assert_uint_eq(m.isr[0x31], 1);
	irq_model_handle(&m);
	ck_assert_uint_eq(m.isr[0x31], 0);
	irq_model_settle(&m);
	ck_assert_uint_eq(m.runs[0xfd], 2);
}
END_TEST

START_TEST(level_handlers_nest_three_deep)
{
	irq_model_assert(&m, 0x31);
	irq_model_sti(&m);
	irq_model_assert(&m, 0x41);
	irq_model_sti(&m);
	irq_model_assert(&m, 0x51);
	ck_assert_int_eq(m.handling, 3);
	ck_assert_int_eq(irq_model_in_service(&m), 3);
	for (int left = 2; left >= 0; left--) {
		irq_model_handle(&m);
		ck_assert_int_eq(irq_model_in_service(&m), left);
	}
	irq_model_settle(&m);
}
END_TEST

Suite *pipeline_apic_suite(void)
{
	Suite *suite = suite_create("pipeline_apic");
	TCase *tc = unit_case(suite, "pipeline_apic");

	tcase_add_checked_fixture(tc, fresh, NULL);
	tcase_add_test(tc, a_level_line_stays_in_service_until_its_handler_is_through);
	tcase_add_test(tc, a_line_that_stays_asserted_runs_its_handler_again);
	tcase_add_test(tc, save_and_restore_with_H_closed_leave_V_open);
	tcase_add_test(tc, a_hard_section_in_a_stall_ends_stalled);
	tcase_add_test(tc, on_the_way_out_to_user_mode_the_controller_keeps_what_comes);
	tcase_add_test(tc, detach_with_V_stalled_gives_back_the_log_and_opens_V);
	tcase_add_test(tc, halt_with_H_closed_and_V_open_ends_with_V_open);
	tcase_add_test(tc, halt_in_a_stall_sleeps_over_no_logged_interrupt);
	tcase_add_test(tc, sti_where_a_native_cli_closed_H_opens_both);
	tcase_add_test(tc, a_raw_sti_before_mwait_delivers);
	tcase_add_test(tc, what_an_oob_thread_kept_out_comes_when_it_leaves);
	tcase_add_test(tc, an_oob_thread_that_leaves_in_a_stall_keeps_the_log);
	tcase_add_test(tc, a_handlers_eoi_spares_a_logged_level_line);
	tcase_add_test(tc, messages_to_a_stalled_cpu_leave_no_vector_in_service);
	tcase_add_test(tc, a_logged_ipis_eoi_retires_no_device);
	tcase_add_test(tc, a_level_handler_that_opens_V_is_finished_behind_an_edge);
	tcase_add_test(tc, a_level_handler_that_opens_V_outlasts_one_with_H_closed);
	tcase_add_test(tc, level_handlers_nest_three_deep);
	return suite;
}
