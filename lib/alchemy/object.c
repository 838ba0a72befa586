// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles, names, and what processes of a session share. internal.h has the design; who looks for a name: bind.c.
 *
 * The table's lock is the C library's: while nobody contends for it a hard thread takes it without a system
 * call, else it goes in-band to wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <keel/name.h>
#include "internal.h"

#define PAGE_SIZE	4096

struct alchemy_place alchemy_places[ALCHEMY_PLACES];

static struct {
	pthread_mutex_t lock;
	unsigned int used;
	struct alchemy_object *free[ALCHEMY_TYPES];
	struct alchemy_object *there[ALCHEMY_TYPES];
	unsigned int numbers[ALCHEMY_TYPES];	/* of names made up */
} table = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static const char *const type_names[ALCHEMY_TYPES] = {
	[ALCHEMY_TASK] = "task", [ALCHEMY_SEM] = "sem", [ALCHEMY_MUTEX] = "mutex",
	[ALCHEMY_COND] = "cond", [ALCHEMY_EVENT] = "event", [ALCHEMY_QUEUE] = "queue",
	[ALCHEMY_BUFFER] = "buffer", [ALCHEMY_HEAP] = "heap", [ALCHEMY_PIPE] = "pipe",
	[ALCHEMY_ALARM] = "alarm",
};

static void fork_prepare(void)
{
	pthread_mutex_lock(&table.lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&table.lock);
}

/* Keel's objects stayed with the parent. */
static void fork_child(void)
{
	memset(alchemy_places, 0, sizeof(alchemy_places));
	memset(table.free, 0, sizeof(table.free));
	memset(table.there, 0, sizeof(table.there));
	table.used = 0;
	pthread_mutex_unlock(&table.lock);
}

__attribute__((constructor)) static void begin(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* ---- handles ------------------------------------------------------------------------------------- */

static struct alchemy_object *take_locked(enum alchemy_type type, size_t size)
{
	struct alchemy_object *o = table.free[type];

	if (o) {
		table.free[type] = o->next;
		memset(o + 1, 0, size - sizeof(*o));
		return o;
	}
	o = table.used < ALCHEMY_PLACES ? calloc(1, size) : NULL;
	if (!o)
		return NULL;
	o->type = type;
	o->next_handle = ALCHEMY_USE + table.used * ALCHEMY_PLACE_SIZE;
	alchemy_places[table.used++].object = o;
	return o;
}

void *alchemy_object_new(enum alchemy_type type, size_t size, const char *name)
{
	struct alchemy_object *o;

	pthread_mutex_lock(&table.lock);
	o = take_locked(type, size);
	if (o) {
		o->named = name && *name;
		o->bound = 0;
		o->shared = NULL;
		o->next = NULL;
		if (o->named)
			snprintf(o->name, sizeof(o->name), "%s", name);
		else
			snprintf(o->name, sizeof(o->name), "%s@%u", type_names[type],
				 ++table.numbers[type]);
	}
	pthread_mutex_unlock(&table.lock);
	return o;
}

static struct alchemy_object *find_name_locked(enum alchemy_type type, const char *name)
{
	struct alchemy_object *o;

	for (o = table.there[type]; o; o = o->next)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

uintptr_t alchemy_object_named(enum alchemy_type type, const char *name)
{
	struct alchemy_object *o;
	uintptr_t handle;

	pthread_mutex_lock(&table.lock);
	o = find_name_locked(type, name);
	handle = o && alchemy_object_find(o->handle, type) ? o->handle : 0;
	pthread_mutex_unlock(&table.lock);
	return handle;
}

int alchemy_object_claim(struct alchemy_object *o)
{
	int err = 0;

	pthread_mutex_lock(&table.lock);
	if (find_name_locked(o->type, o->name)) {
		err = -EEXIST;
	} else {
		o->next = table.there[o->type];
		table.there[o->type] = o;
	}
	pthread_mutex_unlock(&table.lock);
	return err;
}

void alchemy_object_announce(struct alchemy_object *o)
{
	struct alchemy_place *p = alchemy_place_at(o->next_handle);
	struct alchemy_page *page = (void *)o->page.area;

	pthread_mutex_lock(&table.lock);
	p->id = o->word;
	p->none = (uint64_t)o->word << 32;
	p->at = o->word % KEEL_MAX_OBJECTS * sizeof(struct keel_word);
	__atomic_store_n(&o->handle, o->next_handle, __ATOMIC_RELEASE);
	__atomic_store_n(&p->key, o->handle + o->type, __ATOMIC_RELEASE);
	if (o->shared && !o->bound)
		__atomic_store_n(&page->magic, ALCHEMY_PAGE_MAGIC, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&table.lock);
	alchemy_bind_published();
}

int alchemy_object_publish(struct alchemy_object *o)
{
	int err = alchemy_object_claim(o);

	if (!err)
		alchemy_object_announce(o);
	return err;
}

void *alchemy_object_close(uintptr_t handle, enum alchemy_type type)
{
	struct alchemy_place *p = alchemy_place_at(handle);
	uintptr_t key = handle + type;

	return __atomic_compare_exchange_n(&p->key, &key, 0, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED) ? p->object : NULL;
}

void alchemy_object_reopen(struct alchemy_object *o)
{
	__atomic_store_n(&alchemy_place_at(o->handle)->key, o->handle + o->type, __ATOMIC_RELEASE);
}

static void page_free(struct alchemy_object *o)
{
	char name[KEEL_NAMED_LEN];

	if (!o->shared)
		return;
	if (!o->bound) {
		alchemy_part_name(o, '.', name);
		keel_name_delete(name, KEEL_HEAP);
	}
	keel_heap_delete(&(struct keel_heap){ o->page.id, o->page.size, o->page.area });
	o->shared = NULL;
}

void alchemy_object_free(struct alchemy_object *o)
{
	struct alchemy_object **at;

	pthread_mutex_lock(&table.lock);
	__atomic_store_n(&alchemy_place_at(o->next_handle)->key, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&o->handle, 0, __ATOMIC_RELEASE);
	for (at = &table.there[o->type]; *at && *at != o; at = &(*at)->next)
		;
	if (*at)
		*at = o->next;
	page_free(o);
	o->next_handle += ALCHEMY_USE;
	o->next = table.free[o->type];
	table.free[o->type] = o;
	pthread_mutex_unlock(&table.lock);
}

void alchemy_object_each(enum alchemy_type type, void (*fn)(struct alchemy_object *o, void *arg), void *arg)
{
	struct alchemy_object *o;

	pthread_mutex_lock(&table.lock);
	for (o = table.there[type]; o; o = o->next)
		fn(o, arg);
	pthread_mutex_unlock(&table.lock);
}

/* ---- sessions -------------------------------------------------------------------------------------- */

/* FNV-1a, of the parts with their ends. */
static uint64_t hash(uint64_t h, const char *s)
{
	do
		h = (h ^ (unsigned char)*s) * 0x100000001b3ULL;
	while (*s++);
	return h;
}

/* Keel's names have no blanks and are shorter than session and name: so the end is a hash, and the
 * beginning for people. */
void alchemy_part_name(const struct alchemy_object *o, char part, char *to)
{
	uint64_t h = hash(hash(0xcbf29ce484222325ULL, alchemy_settings.session), o->name);
	char head[8];
	int i;

	for (i = 0; i < 7 && o->name[i]; i++)
		head[i] = o->name[i] > ' ' && o->name[i] < 127 ? o->name[i] : '_';
	head[i] = 0;
	snprintf(to, KEEL_NAMED_LEN, "rt%d%c%s.%016llx", o->type, part, head, (unsigned long long)h);
}

struct alchemy_page *alchemy_page_set(struct alchemy_object *o, const struct keel_heap *heap)
{
	o->page.id = heap->id;
	o->page.size = heap->area_size;
	o->page.area = heap->area;
	return (struct alchemy_page *)heap->area;
}

int alchemy_object_share(struct alchemy_object *o, size_t size)
{
	char name[KEEL_NAMED_LEN];
	struct keel_heap heap;
	struct alchemy_page *page;
	int err;

	if (!o->named || !alchemy_settings.session)
		return 0;
	alchemy_part_name(o, '.', name);
	err = keel_heap_name_create(&heap, name, 0666, PAGE_SIZE);
	if (err)
		return err;
	page = alchemy_page_set(o, &heap);
	page->size = size;
	o->shared = page->data;
	return 0;
}

int alchemy_part_create(const struct alchemy_object *o, char part, uint32_t keel_type, uint32_t a,
			uint32_t b, unsigned int *id)
{
	struct keel_object req = { .type = keel_type, .args = { a, b } };
	char name[KEEL_NAMED_LEN];
	int err;

	if (o->shared) {
		alchemy_part_name(o, part, name);
		return keel_name_create(name, 0666, keel_type, a, b, id);
	}
	err = libkeel_ioctl(KEEL_IOC_OBJECT_CREATE, &req);
	*id = req.id;
	return err;
}

int alchemy_part_bind(const struct alchemy_object *o, char part, uint32_t keel_type, unsigned int *id)
{
	char name[KEEL_NAMED_LEN];

	alchemy_part_name(o, part, name);
	return keel_name_bind(name, keel_type, 0, id);
}

int alchemy_part_delete(const struct alchemy_object *o, char part, uint32_t keel_type, unsigned int id)
{
	struct keel_object req = { .type = keel_type, .id = id };
	char name[KEEL_NAMED_LEN];
	int err = 0;

	if (o->shared && !o->bound) {
		alchemy_part_name(o, part, name);
		err = keel_name_delete(name, keel_type);
	}
	return err ? err : libkeel_ioctl(KEEL_IOC_OBJECT_DELETE, &req);
}
