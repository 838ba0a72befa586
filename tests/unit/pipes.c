// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes to test: see pipes.h.
 */
#include "tests/unit/pipes.h"

#include <string.h>

#include "nucleus/sched.h"
#include "tests/unit/unit.h"

struct nk_pipe pipe_in, pipe_out;
struct hal_work pipe_in_work, pipe_out_work;
static char areas[2][1024] __attribute__((aligned(8)));
nk_time_t pipe_deadline;

void pipes_setup(void)
{
	unit_setup();
	pipe_in_work = pipe_out_work = (struct hal_work){ 0 };
	nk_pipe_init(&pipe_in, areas[0], PIPE_PLACES, PIPE_SIZE, 0, &pipe_in_work);
	nk_pipe_init(&pipe_out, areas[1], PIPE_PLACES, PIPE_SIZE, 1, &pipe_out_work);
	pipe_deadline = NK_TIME_NEVER;
}

void pipes_teardown(void)
{
	nk_pipe_close(&pipe_in);
	nk_pipe_close(&pipe_out);
	sim_settle();
	ck_assert_int_eq(nk_waitq_destroy(&pipe_in.wq), 0);
	ck_assert_int_eq(nk_waitq_destroy(&pipe_out.wq), 0);
	unit_teardown();
}

int pipe_push(struct nk_pipe *p, char c)
{
	struct nk_parcel *parcel;
	int ret = nk_pipe_place(p, 0, &parcel);

	if (ret)
		return ret;
	memset(parcel->data, c, PIPE_SIZE);
	parcel->size = PIPE_SIZE;
	nk_pipe_send(p, parcel);
	return 0;
}

int pipe_pull(struct nk_pipe *p)
{
	struct nk_parcel *parcel;
	int c, ret = nk_pipe_take(p, PIPE_SIZE, 0, &parcel);

	if (ret)
		return ret;
	c = parcel->data[PIPE_SIZE - 1];
	nk_pipe_free(p, parcel);
	return c;
}

int pipe_room(struct nk_pipe *p)
{
	struct nk_list *l;
	int n = 0;

	for (l = p->free.next; l != &p->free; l = l->next)
		n++;
	return n;
}

void pipe_reads(struct unit_thread *u)
{
	char text[PIPE_SIZE];

	u->ret = (int)nk_pipe_read(&pipe_in, text, sizeof(text), pipe_deadline);
	if (u->ret == PIPE_SIZE)
		unit_mark(text[PIPE_SIZE - 1]);
}

void pipe_writes(struct unit_thread *u)
{
	char text[PIPE_SIZE];

	memset(text, *(char *)u->arg, PIPE_SIZE);
	u->ret = nk_pipe_write(&pipe_out, text, PIPE_SIZE, pipe_deadline);
}

void pipe_reads_little(struct unit_thread *u)
{
	char text[PIPE_SIZE - 1];

	u->ret = (int)nk_pipe_read(&pipe_in, text, sizeof(text), pipe_deadline);
}
