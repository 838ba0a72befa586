/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What programs ask of the Xenomai that they are built for: its version, and the period that its samplers begin with.
 * Neither CONFIG_XENO_COBALT nor CONFIG_XENO_MERCURY is defined: what is for one core only is left out.
 */
#ifndef XENO_CONFIG_H
#define XENO_CONFIG_H

#define CONFIG_XENO_VERSION_MAJOR	3
#define CONFIG_XENO_VERSION_MINOR	2
#define CONFIG_XENO_REVISION_LEVEL	0
#define CONFIG_XENO_VERSION_STRING	"3.2.0"

#define CONFIG_XENO_DEFAULT_PERIOD	100000	/* ns */

#endif
