/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a machine and its kernel must be like.
 */
#ifndef HAL_X86_MACHINE_H
#define HAL_X86_MACHINE_H

/* 0, or -EOPNOTSUPP after one line that says why. @no_paravirt: for tests, act as on a kernel
 * without CONFIG_PARAVIRT_XXL. Context: in-band. */
int machine_check(int no_paravirt);

#endif
