/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What processes do, with hard threads in them, a row each. "Some" hard threads are one in each
 * state: working by periods on each CPU, asleep, waiting for a mutex and its owner.
 */
#ifndef LIVES_H
#define LIVES_H

/* some.c: before a fork, some_share() lets the parent see how they do. */
void some_share(void);
void some_start(void);
int some_ready(void);

/* What all of them have done. */
long some_points(void);

/* All that work by periods make progress, and are hard. */
void some_check(void);

/* A hard thread runs @fn and ends. */
void hard_run(void (*fn)(void));

/* process.c */
void process_exit(void);
void process_exit_owners(void);
void process_create_cancelled(void);
void process_vfork(void);
void process_clone_vm(void);
void process_spawn(void);
void process_exec_sibling(void);
void process_exec_hard(void);
void process_system(void);
void process_daemon(void);

/* rights.c */
void rights_setuid(void);
void rights_memlock(void);
void rights_nothing(void);
void rights_limit(void);
void rights_opener(void);
void rights_own_file(void);
void rights_others_file(void);
void limit_cpu(void);
void limit_rttime(void);

/* cgroup.c */
void cgroup_freeze_v2(void);
void cgroup_freeze_v1(void);
void cgroup_cpuset(void);
void cgroup_oom(void);
void affinity_change(void);

#endif
