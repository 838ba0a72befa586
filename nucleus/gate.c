// SPDX-License-Identifier: GPL-2.0
/*
 * Gates: threads of a CPU that are held and let go together.
 */
#include "nucleus/sched.h"

void nk_gate_init(struct nk_gate *gate)
{
	gate->open = 0;
	nk_list_init(&gate->members);
}

int nk_gate_base(const struct nk_gate *gate, const struct nk_thread *t)
{
	return gate->open ? t->prio : NK_PRIO_ROOT;
}

void nk_gate_join(struct nk_gate *gate, struct nk_thread *t)
{
	nk_list_add_before(&t->sched.node, &gate->members);
}

void nk_gate_quit(struct nk_thread *t)
{
	nk_list_del(&t->sched.node);
}

/* Who was interrupted by the close goes on first of his equals. */
static void current_first(struct nk_gate *gate)
{
	struct nk_thread *t = nk_thread_current();
	struct nk_list *l = gate->members.next;

	for (; l != &gate->members; l = l->next) {
		if (l != &t->sched.node)
			continue;
		nk_list_del(l);
		nk_list_add_before(l, gate->members.next);
		return;
	}
}

/* At most KEEL_MAX_THREADS members of a process, each a step as long as nk_thread_set_prio(). */
void nk_gate_set(struct nk_gate *gate, int open)
{
	struct nk_list *l;

	if (gate->open == open)
		return;
	if (!open)
		current_first(gate);
	gate->open = open;
	for (l = gate->members.next; l != &gate->members; l = l->next)
		nk_class_rebase(nk_container_of(l, struct nk_thread, sched.node));
}
