/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * filled_push() and filled_get() of filled.h, with magazines of two pointers. Every access to the top or to a link
 * is a step of its own, and so is every pointer that is copied. (empty_push() and empty_pop() are stack.pml.)
 *
 * Shown: a swap gives its thread pointers that are on the stack, those that it has copied or copies afterwards;
 * no pointer and no magazine is lost or doubled; all magazines on the stack are full but for the top one; and what
 * is below each is as its link says. Whoever goes on alone, while the others stand still anywhere in their calls for
 * ever, gets all that is on the stack, and repeats no step.
 *
 * Bounds: THREADS threads that push or get 1 to MOST pointers OPS times, and one, the survivor, that does the
 * same until it lets the others stop. Each has as many magazines of its own as it needs: which thread has which
 * is its affair. Memory is sequentially consistent. The tag does not wrap.
 *
 * Mutants:
 * NO_TAG       a push leaves the tag as it was
 * LATE_COPY    what is got of a magazine that stays is copied after the swap
 * KEPT_OLD     the magazine of which a push has made a copy is used again before the swap
 * NOT_MERGED   a push leaves the partly filled magazine below its own
 * STALE_BELOW  a push that tries again keeps the count below that it read at first
 */

#ifndef THREADS
#define THREADS 1
#endif
#ifndef OPS
#define OPS 2
#endif
#ifndef MOST
#define MOST 2
#endif
#define OBJS 4
#define M 2
#define MAGAZINES 7
#define STACK 255

/* A position: 4 * index + count. */
#define POS(i, n) (4 * (i) + (n))
#define INDEX(p) ((p) / 4)
#define COUNT(p) ((p) % 4)

byte top;
byte tag;
byte next[MAGAZINES + 1];
byte below[MAGAZINES + 1];
byte objs[(MAGAZINES + 1) * M];
#define OBJ(i, k) objs[(i) * M + (k)]

byte owner[OBJS + 1]; /* STACK, or the thread that has the pointer */
byte holder[MAGAZINES + 1]; /* as well */
bit frozen;
bit all_done;
byte repeated;

/* The invariants of the stack; n is the number of pointers there. */
inline check_stack()
{
	p = top;
	s = 0;
	do
	:: p != 0 ->
		assert(holder[INDEX(p)] == STACK);
		assert(COUNT(p) == M || (p == top && COUNT(p) > 0));
		s = s + COUNT(p);
		k = 0;
		do
		:: k < COUNT(p) -> assert(owner[OBJ(INDEX(p), k)] == STACK); k++
		:: else -> break
		od;
		assert(next[INDEX(p)] == 0 -> below[INDEX(p)] == 0 : below[INDEX(p)] == COUNT(next[INDEX(p)]) + below[INDEX(next[INDEX(p)])]);
		p = next[INDEX(p)]
	:: else -> break
	od;
	/* None of the stack is elsewhere: then none is there twice either. */
	k = 1;
	do
	:: k <= OBJS -> s = s - (owner[k] == STACK -> 1 : 0); k++
	:: else -> break
	od;
	assert(s == 0);
	k = 0
}

inline load_top()
{
	atomic {
		w = top;
		t = tag
	}
}

#define SAME (top == w && tag == t)

inline find_magazine(x)
{
	/* an empty magazine that is with nobody, so that any may be written again at once */
	atomic {
		x = 1;
		do
		:: holder[x] != 0 -> x++
		:: else -> break
		od;
		assert(x <= MAGAZINES);
		holder[x] = id
	}
}

/* Push the n pointers in mine; n is at most M. */
inline push(n)
{
	find_magazine(extra);
	load_top();
	do
	:: n > 0 ->
		old = 0;
		c = 0;
		nx = w;
		if
		:: w != 0 && COUNT(w) < M ->
			old = INDEX(w);
			c = COUNT(w);
			nx = next[old];
#ifdef STALE_BELOW
			if
			:: b == 255 -> b = below[old]
			:: else
			fi
#else
			b = below[old]
#endif
		:: w == 0 -> b = 0
		:: else -> b = below[INDEX(w)] + M
		fi;
#ifdef NOT_MERGED
		if
		:: old != 0 -> b = b + c; nx = w; old = 0; c = 0
		:: else
		fi;
#endif
		q = (M - c < n -> M - c : n);
		i = 0;
		do
		:: i < c -> OBJ(extra, i) = OBJ(old, i); i++
		:: else -> break
		od;
#ifdef KEPT_OLD
		if
		:: old != 0 -> OBJ(old, 0) = mine[0]
		:: else
		fi;
#endif
		atomic {
			i = 0;
			do
			:: i < q -> OBJ(extra, c + i) = mine[got + i]; i++
			:: else -> break
			od;
			i = 0
		}
		next[extra] = nx;
		below[extra] = b;
		if
		:: atomic {
			SAME ->
			top = POS(extra, c + q);
#ifndef NO_TAG
			tag++;
#endif
			holder[extra] = STACK;
			i = 0;
			do
			:: i < q -> owner[mine[got + i]] = STACK; i++
			:: else -> break
			od;
			i = 0;
			if
			:: old != 0 -> holder[old] = id
			:: else
			fi;
			check_stack();
			n = n - q;
			got = got + q;
			extra = old;
#ifdef STALE_BELOW
			b = 255;
#endif
		   }
		   load_top()
		:: !SAME ->
			repeated = repeated + (frozen -> 1 : 0);
			load_top()
		fi
	:: else -> break
	od;
	/* empty_push() */
	atomic {
		if
		:: extra != 0 -> holder[extra] = 0
		:: else
		fi;
		got = 0;
		extra = 0;
		old = 0
	}
}

/* Get n pointers; ok is whether it did. */
inline get(n)
{
	do
	:: load_top();
		/* stack_count() */
		if
		:: w == 0 -> s = 0
		:: else -> s = COUNT(w) + below[INDEX(w)]
		fi;
		if
		:: s < n ->
			if
			:: SAME -> break
			:: else -> repeated = repeated + (frozen -> 1 : 0)
			fi
		:: else ->
			/* filled_cut() */
			left = n;
			at = w;
			do
			:: left > 0 && at != 0 && COUNT(at) > 0 && COUNT(at) <= M && left >= COUNT(at) ->
				left = left - COUNT(at);
				at = next[INDEX(at)]
			:: else -> break
			od;
			if
			:: left > 0 && (at == 0 || COUNT(at) == 0 || COUNT(at) > M) -> repeated = repeated + (frozen -> 1 : 0)
			:: else ->
#ifndef LATE_COPY
				i = 0;
				do
				:: i < left -> mine[i] = OBJ(INDEX(at), COUNT(at) - left + i); i++
				:: else -> break
				od;
				i = 0;
#endif
				if
				:: atomic {
					SAME ->
					/* Those of a magazine that stays; those of whole ones; the magazines. */
					p = w;
					do
					:: p != at && !(left > 0 && INDEX(p) == INDEX(at)) ->
						holder[INDEX(p)] = id;
						k = 0;
						do
						:: k < COUNT(p) -> owner[OBJ(INDEX(p), k)] = id; k++
						:: else -> break
						od;
						p = next[INDEX(p)]
					:: else -> break
					od;
					k = 0;
					do
					:: k < left ->
#ifndef LATE_COPY
						assert(mine[k] == OBJ(INDEX(at), COUNT(at) - left + k));
#endif
						owner[OBJ(INDEX(at), COUNT(at) - left + k)] = id;
						k++
					:: else -> break
					od;
					k = 0;
					top = at - left;
					check_stack();
					ok = 1
				   }
				   break
				:: !SAME -> repeated = repeated + (frozen -> 1 : 0)
				fi
			fi
		fi
	od;
	if
	:: ok ->
		/* filled_unload(): the whole ones are the thread's until it lets go of them */
		p = w;
#ifdef LATE_COPY
		i = 0;
		do
		:: i < left -> assert(owner[OBJ(INDEX(at), COUNT(at) - left + i)] == id); i++
		:: else -> break
		od;
		i = 0;
#endif
		do
		:: p != at && !(left > 0 && INDEX(p) == INDEX(at)) ->
			assert(holder[INDEX(p)] == id && owner[OBJ(INDEX(p), 0)] == id);
			i = next[INDEX(p)];
			holder[INDEX(p)] = 0;
			p = i
		:: else -> break
		od
	:: else
	fi;
	atomic { i = 0; p = 0; at = 0; left = 0; s = 0; mine[0] = 0; mine[1] = 0 }
}

inline some_call()
{
	atomic {
		if :: n = 1 :: n = MOST fi;
		h = 0;
		i = 1;
		do
		:: i <= OBJS ->
			if
			:: owner[i] == id && h < 2 -> mine[h] = i; h++
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
	if
	:: h >= n && n <= M -> push(n)
	:: atomic { mine[0] = 0; mine[1] = 0 } get(n)
	fi;
	atomic { n = 0; w = 0; t = 0; ok = 0; h = 0; c = 0; q = 0; nx = 0; b = 0; mine[0] = 0; mine[1] = 0 }
}

proctype thread(byte id) provided (!frozen)
{
	byte ops, n, w, t, i, k, p, s, c, q, nx, b, old, extra, got, left, at, h;
	byte mine[2];
	bit ok;

	do
	:: ops < OPS -> ops++; some_call()
	:: else -> break
	od
}

proctype survivor(byte id)
{
	byte ops, n, w, t, i, k, p, s, c, q, nx, b, old, extra, got, left, at, h;
	byte mine[2];
	bit ok;

	do
	:: ops < OPS -> ops++; some_call()
	:: else -> break
	od;
	frozen = 1;
	do
	:: top != 0 -> n = 1; get(n); assert(ok); ok = 0
	:: else -> break
	od;
	assert(repeated == 0);
	i = 1;
	do
	:: i <= OBJS -> assert(owner[i] != STACK); i++
	:: else -> break
	od;
	all_done = 1
}

/* The others may stand still for ever, the survivor may not. */
active proctype watchdog()
{
	timeout -> assert(all_done)
}

init
{
	byte i;

	atomic {
		owner[1] = 1;
		owner[2] = 2;
		owner[3] = STACK;
		owner[4] = STACK;
		OBJ(1, 0) = 3;
		OBJ(2, 0) = 0;
		/* a full one */
		OBJ(1, 1) = 4;
		holder[1] = STACK;
		top = POS(1, 2);
		run survivor(1);
		for (i : 1 .. THREADS) {
			run thread(i + 1)
		}
	}
}
