/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBKEEL_ALCHEMY_SELF_H
#define LIBKEEL_ALCHEMY_SELF_H

#include "internal.h"

struct alchemy_task;

struct alchemy_self {
	struct alchemy_task *task;	/* NULL: it is none */
	int weak;			/* attached, but not for itself */
};

extern __thread struct alchemy_self alchemy_self __attribute__((tls_model("initial-exec")));

#endif
