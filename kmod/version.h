/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KMOD_VERSION_H
#define KMOD_VERSION_H

#define KEEL_VERSION "0.1.0"

#endif
