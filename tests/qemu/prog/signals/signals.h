/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals to hard threads, a row each.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

/* states.c: what the thread does when the signal comes, from each kind of sender */
void state_running(void);
void state_ready(void);
void state_sleep(void);
void state_period(void);
void state_mutex(void);
void state_crossing(void);

/* kinds.c */
void kind_nested(void);
void kind_queue(void);
void kind_sigwait(void);
void kind_signalfd(void);
void kind_timers(void);
void kind_handler_hard(void);
void kind_bus(void);
void kind_polling(void);

/* core.c: the core file has each thread's true registers */
void core_abort(void);
void core_fault(void);

#endif
