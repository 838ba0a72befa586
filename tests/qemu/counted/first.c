// SPDX-License-Identifier: GPL-2.0
/*
 * Linked first: where the compiler's list of counted files begins. It ends in arcs.c, linked last.
 */
#include "counted.h"

const struct arcs_file *const arcs_first[0] __section(".gcov_info");
