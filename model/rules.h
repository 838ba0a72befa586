/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RULE(name, condition) asserts a rule where it must hold, NEVER(name, broken) is for a process that
 * looks on: it can only be taken when the rule is broken, and so adds no states. Both assertions
 * have the rule's name in the text that spin prints. Names are always 0.
 */
#ifndef MODEL_RULES_H
#define MODEL_RULES_H

#define RULE(name, condition)	assert(name || (condition))
#define NEVER(name, broken)	atomic { broken -> assert(name) }

hidden byte M1, M2, M3, M4, M5, M6, M7, M8, M9, M10, M11;
hidden byte I1, I2, I3;
hidden byte E1, E2, E3, D1, D2, D3;
hidden byte T1, T2;
hidden byte B1, B2, B3, B4, B5, B6;
hidden byte S1, S2, S3, O1, O2;

#endif
