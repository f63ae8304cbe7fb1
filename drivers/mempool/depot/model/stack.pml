/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stack_push() and stack_pop() of stack.h. Every access to the top or to a link is a step of its
 * own, and so is every compare-and-swap.
 *
 * Shown: a pop returns the magazine that was pushed last, or none only when there is none, at the
 * step at which it takes effect, so the stack is linearizable; no magazine is lost or doubled.
 *
 * Bounds: THREADS threads, each of which pops or pushes OPS times in any order, and MAGAZINES
 * magazines, at most 3, which are on the stack at first. Memory is sequentially consistent; stack.h says why
 * weaker orders are enough. The tag does not wrap.
 *
 * Mutants:
 * NO_TAG      a push leaves the tag as it was
 * STALE_NEXT  a pop that tries again keeps the link that it read at first
 * LATE_LINK   a push stores the link after the swap
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 4
#endif
#ifndef MAGAZINES
#define MAGAZINES 3
#endif

#define INDEX(top) ((top) & 7)
#define TAG(top) ((top) >> 3)
#ifdef NO_TAG
#define NEW_TAG(top) TAG(top)
#else
#define NEW_TAG(top) (TAG(top) + 1)
#endif

short top; /* stack_top_t */
byte next[4]; /* struct stack_link */

/* What the stack should be, from the one pushed first; and whose the others are. */
byte model[4];
byte nb_model;
byte owner[4]; /* 0: on the stack */
byte nb_done;

inline stack_push(index)
{
	/* stack_push(): load top */
	old = top;
	do
	::
#ifndef LATE_LINK
		/* stack_push(): store links[index].next */
		next[index] = INDEX(old);
#endif
		/* stack_push(): compare and exchange top */
		if
		:: atomic {
			top == old ->
			top = (NEW_TAG(old) << 3) | index;
			owner[index] = 0;
			model[nb_model] = index;
			nb_model++;
		   }
#ifdef LATE_LINK
		   next[index] = INDEX(old);
#endif
		   break
		:: old = top /* also for no reason, the swap is a weak one */
		fi
	od
}

/* Where a load of the top finds none, there is none. */
#define LOAD_TOP \
	atomic { \
		old = top; \
		assert(INDEX(old) != 0 || nb_model == 0) \
	}

inline stack_pop(index)
{
	/* stack_pop(): load top */
	LOAD_TOP;
	if
	:: INDEX(old) != 0 ->
#ifdef STALE_NEXT
		below = next[INDEX(old)];
#endif
	:: else
	fi;
	do
	:: INDEX(old) == 0 ->
		index = 0;
		break
	:: else ->
#ifndef STALE_NEXT
		/* stack_pop(): load links[old].next */
		below = next[INDEX(old)];
#endif
		/* stack_pop(): compare and exchange top */
		if
		:: atomic {
			top == old ->
			top = (TAG(old) << 3) | below;
			index = INDEX(old);
			assert(nb_model > 0);
			nb_model--;
			assert(model[nb_model] == index);
			model[nb_model] = 0;
			assert(owner[index] == 0);
			owner[index] = _pid;
			below = 0;
		   }
		   break
		:: LOAD_TOP
		fi
	od
}

proctype thread()
{
	byte ops, index, below, chain;
	short old;

	do
	:: ops < OPS ->
		atomic {
			ops++;
			/* Push any that it has, or pop. */
			if
			:: owner[1] == _pid -> index = 1
			:: owner[2] == _pid -> index = 2
			:: owner[3] == _pid -> index = 3
			:: index = 0
			fi;
			if
			:: index != 0 && chain == index -> chain = 0
			:: else
			fi
		}
		if
		:: index != 0 -> stack_push(index)
		:: else ->
			stack_pop(index);
			if
			:: index != 0 ->
				/* chain_add() of depot.c: the link is now its owner's */
				if
				:: next[index] = chain;
				   chain = index
				:: skip
				fi
			:: else
			fi
		fi;
		atomic {
			old = 0;
			index = 0;
			below = 0
		}
	:: else -> break
	od;
	nb_done++
}

init
{
	byte i, index;

	atomic {
		for (i : 1 .. MAGAZINES) {
			next[i] = i - 1;
			model[i - 1] = i;
		}
		nb_model = MAGAZINES;
		top = MAGAZINES;
		for (i : 1 .. THREADS) {
			run thread();
		}
	}
	atomic {
		nb_done == THREADS ->
		index = INDEX(top);
		do
		:: nb_model > 0 ->
			nb_model--;
			assert(index == model[nb_model]);
			assert(owner[index] == 0);
			owner[index] = 255;
			index = next[index]
		:: else -> break
		od;
		assert(index == 0);
		for (i : 1 .. MAGAZINES) {
			assert(owner[i] != 0)
		}
	}
}
