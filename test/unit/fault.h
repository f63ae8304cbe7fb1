/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAULT_H
#define FAULT_H

/**
 * @file
 * A mempool handler that fails when it is told to: a plain LIFO for one thread, which also sees
 * objects that are put back twice. While AddressSanitizer watches, objects in it may not be touched.
 */

#include <rte_mempool.h>

#define FAULT_OPS "fault"

/** Count gets from now on: the nth one (from 1; 0: none) and so many in all fail. */
void fault_arm(unsigned int nth, unsigned int times);

/** No more failures. @return how many gets failed since fault_arm(), told to or for want of objects. */
unsigned int fault_disarm(void);

/** What is done to objects that come back; NULL: nothing, and they may be touched. */
typedef void (*fault_put_t)(struct rte_mempool *mp, void *obj);
void fault_on_put(fault_put_t on_put);

/** From now on more objects are said to be there than are; rte_mempool_avail_count() then goes too far. */
void fault_say_more(unsigned int more);

/** Objects of a mempool with this handler that are out, with lcores 0 and 1 in use. */
unsigned int fault_out(struct rte_mempool *mp);

#endif
