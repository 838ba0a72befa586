/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBKEEL_ALCHEMY_MUTEX_H
#define LIBKEEL_ALCHEMY_MUTEX_H

#include <alchemy/mutex.h>

/* Keel's mutex of @mutex, or NULL. Context: any; no system call. */
struct keel_mutex *alchemy_mutex_find(const RT_MUTEX *mutex);

#endif
