// SPDX-License-Identifier: GPL-2.0
/*
 * Other modules: their slots when Keel attaches, and modules that come and go while it is.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include "attach.h"
#include "attached.h"
#include "compat.h"
#include "modules.h"
#include "probes.h"
#include "symbols.h"
#include "user.h"

/* kvm itself, and kvm_amd and kvm_intel, which need it: it comes first and goes last. */
static bool is_kvm(const struct module *mod)
{
	return !strncmp(mod->name, "kvm", 3);
}

/* Guests leave their system call entry in registers: no thread is hard from now on. */
static void kvm_coming(const struct module *mod)
{
	if (!hal_att.kvm)
		pr_notice("keel: module %s is loaded: until kvm is unloaded no thread becomes hard\n",
			  mod->name);
	WRITE_ONCE(hal_att.kvm, 1);
}

static int module_scan(const struct module *mod, bool with_init)
{
	struct module_text t = module_text_get(mod);
	int err = sites_scan(&hal_att.sites, t.start, t.start + t.size);

	if (!err && with_init && t.init_size)
		err = sites_scan(&hal_att.sites, t.init_start, t.init_start + t.init_size);
	return err;
}

/* THIS_MODULE leads to the others in the kernel's list, whose head lies in the kernel's data. Ours has
 * no slots that may be changed. */
#define for_each_other_module(mod)				\
	list_for_each_entry(mod, &THIS_MODULE->list, list)	\
		if ((unsigned long)(mod) >= MODULES_VADDR &&	\
		    (mod)->state != MODULE_STATE_UNFORMED)

const struct module *hal_module_of(unsigned long addr)
{
	const struct module *mod, *found = NULL;

	for_each_other_module(mod) {
		struct module_text t = module_text_get(mod);

		if (addr - t.start < t.size || addr - t.init_start < t.init_size)
			found = mod;
	}
	return found;
}

int modules_scan(void)
{
	const struct module *mod;
	int err = 0;

	hal_att.kvm = 0;
	for_each_other_module(mod) {
		if (is_kvm(mod))
			kvm_coming(mod);
		if (!err)
			err = module_scan(mod, mod->state == MODULE_STATE_COMING);
	}
	return err;
}

void modules_each_text(void (*fn)(void *arg, unsigned long start, unsigned long end), void *arg)
{
	const struct module *mod;

	for_each_other_module(mod) {
		struct module_text t = module_text_get(mod);

		if (mod->state != MODULE_STATE_GOING)
			fn(arg, t.start, t.start + t.size);
	}
}

bool module_runs(const struct module *mod, unsigned long addr)
{
	const struct mod_kallsyms *k = rcu_dereference_raw(mod->kallsyms);
	const Elf_Sym *found = NULL;

	for (unsigned int i = 1; i < k->num_symtab; i++) {
		const Elf_Sym *s = &k->symtab[i];

		if (s->st_shndx != SHN_UNDEF && s->st_value <= addr &&
		    (!found || s->st_value > found->st_value ||
		     (s->st_value == found->st_value && s->st_size > found->st_size)))
			found = s;
	}
	/* Assembly without a size gets the benefit of the doubt. */
	return !found || !found->st_size || addr - found->st_value < found->st_size;
}

bool modules_going(void)
{
	const struct module *mod;
	bool going = false;

	for_each_other_module(mod)
		going |= mod->state == MODULE_STATE_GOING;
	return going;
}

/* ---- modules that come and go ------------------------------------------------------------------------ */

/* Add the changes in @fresh, written already, to those that detach undoes. */
static int text_adopt(const struct patch_set *fresh)
{
	unsigned int first = hal_att.text.count;

	for (unsigned int i = 0; i < fresh->count; i++) {
		const struct patch *p = &fresh->p[i];

		if (patch_add(&hal_att.text, (unsigned long)p->addr, p->old, p->new, p->len)) {
			hal_att.text.count = first;
			return -ENOMEM;
		}
		hal_att.text.p[hal_att.text.count - 1].applied = 1;
	}
	return 0;
}

static int module_change(struct patch_set *fresh)
{
	int err;

	mutex_lock(hal_sym.text_mutex);
	err = patch_verify(fresh, 0) ? -ENOEXEC : 0;
	if (!err) {
		patch_apply(fresh);	/* nobody runs it yet */
		err = text_adopt(fresh);
		if (err)
			patch_undo(fresh);
	}
	mutex_unlock(hal_sym.text_mutex);
	return err;
}

/*
 * A module whose slots cannot be changed must not run: a native sti of its would close a section that
 * a thunk of the kernel opened, and leave V stalled for ever.
 */
static int module_coming(struct module *mod)
{
	struct module_text t = module_text_get(mod);
	unsigned int from = hal_att.sites.count;
	struct patch_set fresh = { 0 };
	int err;

	if (sites_known(&hal_att.sites, t.start, t.size))
		return 0;	/* attach saw it on its way in */
	probes_lock();
	err = module_scan(mod, true);
	probes_unlock();
	if (!err)
		err = sites_patches(&hal_att.sites, from, &fresh);
	if (!err)
		err = module_change(&fresh);
	if (err) {
		pr_err("keel: the interrupt-flag places of module %s cannot be changed (error %d): not loaded; free memory, or 'keel stop' first\n",
		       mod->name, err);
		hal_att.sites.count = from;
	} else if (is_kvm(mod)) {
		kvm_coming(mod);
		shadow_send_home();
	}
	patch_free(&fresh);
	return err;
}

static void text_forget(unsigned long start, unsigned long size)
{
	if (!size)
		return;
	sites_forget(&hal_att.sites, start, size);
	patch_forget(&hal_att.text, start, size);
}

/* One whose init failed goes with its init text; else that is gone, and of no size. */
static void module_forget(const struct module_text *t)
{
	text_forget(t->start, t->size);
	text_forget(t->init_start, t->init_size);
}

/* Its exit code has run, or its init failed. */
static void module_gone(const struct module *mod, const struct module_text *t)
{
	module_forget(t);
	if (hal_att.kvm && !strcmp(mod->name, "kvm")) {
		WRITE_ONCE(hal_att.kvm, 0);
		pr_notice("keel: module kvm has gone: threads may be hard again\n");
	}
}

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;
	struct module_text t = module_text_get(mod);
	int err = 0;

	mutex_lock(&hal_att.lock);
	if (hal_att.on && event == MODULE_STATE_COMING)
		err = module_coming(mod);
	else if (hal_att.on && event == MODULE_STATE_LIVE)
		text_forget(t.init_start, t.init_size);
	else if (hal_att.on && event == MODULE_STATE_GOING)
		module_gone(mod, &t);
	mutex_unlock(&hal_att.lock);
	return notifier_from_errno(err);
}

/* First of all: probes that wait for a module are set by a notifier, and must find its slots changed. */
static struct notifier_block module_notifier = {
	.notifier_call = module_event,
	.priority = INT_MAX,
};

int modules_watch(void)
{
	return register_module_notifier(&module_notifier);
}

void modules_unwatch(void)
{
	unregister_module_notifier(&module_notifier);
}
