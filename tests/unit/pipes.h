/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pipe in each direction, and what threads and in-band do with them: messages are of one letter.
 */
#ifndef TESTS_UNIT_PIPES_H
#define TESTS_UNIT_PIPES_H

#include "nucleus/pipe.h"

struct unit_thread;

#define PIPE_PLACES	2
#define PIPE_SIZE	13

extern struct nk_pipe pipe_in, pipe_out;	/* to hard threads, to in-band */
extern struct hal_work pipe_in_work, pipe_out_work;
extern nk_time_t pipe_deadline;			/* of threads */

/* A fresh machine; and nobody waits any more, nor has anything. */
void pipes_setup(void);
void pipes_teardown(void);

/* In-band's ways: 0, the letter, or an error. */
int pipe_push(struct nk_pipe *p, char c);
int pipe_pull(struct nk_pipe *p);

/* Places that are free. */
int pipe_room(struct nk_pipe *p);

/* For threads: from in, and its letter is a mark; with less room than a message needs; to out, the
 * letter at arg. */
void pipe_reads(struct unit_thread *u);
void pipe_reads_little(struct unit_thread *u);
void pipe_writes(struct unit_thread *u);

#endif
