/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of places that keep the real interrupt flag, each with its reason.
 */
#ifndef HAL_X86_HARD_PLACES_H
#define HAL_X86_HARD_PLACES_H

/* 1 when the slot of @kind (enum site_kind) in function @name stays native. Context: any. */
int hard_place(const char *name, int kind);

#endif
