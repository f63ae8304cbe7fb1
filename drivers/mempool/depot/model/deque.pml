/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * deque_push(), deque_take() and deque_steal() of deque.h. Every access to an end or to a slot is a
 * step of its own, and so is every compare-and-swap.
 *
 * Shown: whoever moves an end has the magazine that is at that end, the owner the one pushed last,
 * thieves the one pushed first; none is had twice or lost; a slot is not written while what a thief
 * reads there may still count; and "none" is said only if there is none, or one that the owner is
 * taking.
 *
 * Bounds: MAGAZINES magazines, at most 3; an owner that pushes or takes OWNER_OPS times in any
 * order; THIEVES thieves that steal STEALS times each, and give back what they have stolen, so that
 * it is pushed again. With 8 operations the owner goes around the ring. Owners that come one after
 * the other are one here: the claim of the hand orders them (hand.pml). The ring may have any size,
 * to be small. Memory is sequentially consistent; deque.h says why weaker orders are enough. The
 * ends do not wrap.
 *
 * Mutants:
 * LAST_WITHOUT_SWAP  the owner takes the last one as it takes others
 * LATE_BOTTOM        the owner loads top before it stores bottom
 * LATE_SLOT          a thief reads the slot after its swap
 * EARLY_BOTTOM       a thief loads bottom before top
 * SMALL_RING         the ring has a slot less than there are magazines
 */

#ifndef OWNER_OPS
#define OWNER_OPS 8
#endif
#ifndef THIEVES
#define THIEVES 2
#endif
#ifndef STEALS
#define STEALS 2
#endif
#ifndef MAGAZINES
#define MAGAZINES 2
#endif

#ifdef SMALL_RING
#define RING (MAGAZINES - 1)
#else
#define RING (MAGAZINES + 1)
#endif

#define SLOT(i) slots[(i) % RING]

/* struct deque; the ends begin at 1, since take() goes one below. */
byte bottom = 1;
byte top = 1;
byte slots[RING];

/* What the deque should be: model[top] .. model[model_end - 1], without a ring. */
byte model[OWNER_OPS + 2];
byte model_end = 1;
bool taking; /* the owner has lowered bottom and does not know yet whether it has one */
bool is_free[4]; /* whether a magazine is on no deque and with no thread */
byte nb_done;

inline deque_push(index)
{
	/* deque_push(): load bottom */
	b = bottom;
	/* deque_push(): store slots[b] */
	SLOT(b) = index;
	/* deque_push(): store bottom */
	atomic {
		bottom = b + 1;
		assert(model_end == b);
		model[b] = index;
		model_end++
	}
}

/* The owner takes from the end of what should be there. */
#define TAKEN \
	assert(model_end == b + 1); \
	assert(model[b] == index); \
	model[b] = 0; \
	model_end--

inline deque_take(index)
{
	index = 0;
	/* deque_take(): load bottom, which only the owner stores */
	b = bottom;
	/* deque_take(): load top, relaxed */
	if
	:: atomic { b == top -> assert(model_end == top) }
	:: atomic { b != top -> b-- }
#ifdef LATE_BOTTOM
	   t = top;
#endif
	   /* deque_take(): store bottom */
	   atomic { bottom = b; taking = true }
	   /* deque_take(): load top, sequentially consistent; load slots[b], which only the owner
	    * stores, so the model is updated in one step with the load of top */
	   atomic {
#ifndef LATE_BOTTOM
		t = top;
#endif
		index = SLOT(b);
		if
#ifdef LAST_WITHOUT_SWAP
		:: t <= b -> TAKEN; taking = false
#else
		:: t < b -> TAKEN; taking = false
		:: t == b
#endif
		:: t > b -> assert(model_end == top); index = 0
		fi
	   }
	   if
	   :: !taking
	   :: else ->
		/* deque_take(): compare and exchange top */
		if
		:: index == 0
		:: index != 0 ->
			if
			:: atomic { top == t -> TAKEN; model_end++; top = t + 1 }
			:: atomic { top != t -> assert(model_end == top); index = 0 }
			fi
		fi;
		/* deque_take(): store bottom again */
		atomic { bottom = b + 1; taking = false }
	   fi
	fi
}

/* Nothing there, but for the one that the owner is taking. */
#define NONE_STOLEN assert(model_end <= top + taking)

inline deque_steal(index)
{
	do
	::
#ifdef EARLY_BOTTOM
		b = bottom;
#endif
		/* deque_steal(): load top */
		t = top;
		/* deque_steal(): load bottom */
		atomic {
#ifndef EARLY_BOTTOM
			b = bottom;
#endif
			if
			:: t >= b -> NONE_STOLEN; index = 0; break
			:: else
			fi
		}
#ifndef LATE_SLOT
		/* deque_steal(): load slots[t] */
		index = SLOT(t);
#endif
		/* deque_steal(): compare and exchange top */
		if
		:: atomic {
			top == t ->
			assert(t < model_end);
			stolen = model[t];
			model[t] = 0;
			top = t + 1
		   }
#ifdef LATE_SLOT
		   index = SLOT(t);
#endif
		   assert(index == stolen);
		   break
		:: atomic { top != t -> index = 0 }
		fi
	od
}

proctype owner()
{
	byte ops, index, b, t;

	do
	:: ops < OWNER_OPS ->
		atomic {
			ops++;
			/* Push one that is free, or take. */
			if
			:: is_free[1] -> index = 1
			:: is_free[2] && !is_free[1] -> index = 2
			:: is_free[3] && !is_free[2] && !is_free[1] -> index = 3
			:: index = 0
			fi;
			is_free[index] = false
		}
		if
		:: index != 0 -> deque_push(index)
		:: else ->
			deque_take(index);
			atomic {
				assert(!is_free[index]);
				is_free[index] = (index != 0)
			}
		fi;
		atomic { index = 0; b = 0; t = 0 }
	:: else -> break
	od;
	nb_done++
}

proctype thief()
{
	byte ops, index, b, t, stolen;

	do
	:: ops < STEALS ->
		ops++;
		deque_steal(index);
		atomic {
			assert(!is_free[index]);
			is_free[index] = (index != 0);
			index = 0;
			stolen = 0;
			b = 0;
			t = 0
		}
	:: else -> break
	od;
	nb_done++
}

init
{
	byte i;

	atomic {
		for (i : 1 .. MAGAZINES) {
			is_free[i] = true
		}
		run owner();
		for (i : 1 .. THIEVES) {
			run thief()
		}
	}
	atomic {
		nb_done == THIEVES + 1 ->
		assert(bottom == model_end);
		for (i : top .. model_end - 1) {
			assert(SLOT(i) == model[i]);
			assert(!is_free[model[i]]);
			is_free[model[i]] = true
		}
		for (i : 1 .. MAGAZINES) {
			assert(is_free[i])
		}
	}
}
