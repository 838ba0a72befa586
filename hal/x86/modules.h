/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slots in the text of other modules.
 */
#ifndef HAL_X86_MODULES_H
#define HAL_X86_MODULES_H

#include <linux/types.h>

struct module;

/* Add the slots of all modules. 0 or -ENOMEM. Context: module_mutex and hal_att.lock held. */
int modules_scan(void);

/* One is on its way out. Context: module_mutex held. */
bool modules_going(void);

/* Call @fn with the text of each that runs or is about to. Context: as modules_scan(). */
void modules_each_text(void (*fn)(void *arg, unsigned long start, unsigned long end), void *arg);

/* Whether @addr, in the text of @mod, is in a function: what alternatives bring in lies there too,
 * and is only copied from. Context: as modules_scan(). */
bool module_runs(const struct module *mod, unsigned long addr);

/* From now on those that come are changed before they run, when attached. 0 or -errno. */
int modules_watch(void);
void modules_unwatch(void);

#endif
