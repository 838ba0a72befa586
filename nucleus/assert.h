/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks that cost nothing unless NK_DEBUG is defined. The expression is always compiled, so
 * that it cannot rot; it must have no side effect.
 */
#ifndef NUCLEUS_ASSERT_H
#define NUCLEUS_ASSERT_H

#include "nucleus/types.h"

#ifdef NK_DEBUG
#define NK_DEBUG_ON 1
#else
#define NK_DEBUG_ON 0
#endif

#define nk_assert(cond)							\
	do {								\
		if (NK_DEBUG_ON && !(cond))				\
			hal_panic(__FILE__, __LINE__, #cond);		\
	} while (0)

#define nk_assert_masked()	nk_assert(hal_oob_masked())

#endif
