/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shelf_put(), shelf_get() and shelf_publish() of shelf.h. Every access to the word is a step of its own, and so is
 * every slot that is copied.
 *
 * Shown: a swap that lowers the number gives its thread pointers that are on the shelf, those that it has copied or
 * copies afterwards; no pointer is lost or doubled. Whoever goes on alone, while the others stand still anywhere
 * in their calls for ever, gets all that is on the shelf, and none of what they have; it repeats no step then.
 *
 * Bounds: THREADS threads that put or get 1 or 2 pointers OPS times, with a claim or without, and one, the
 * survivor, that does the same until it lets the others stop. Each has OBJS / (THREADS + 1) pointers at first, the
 * rest is on the shelf. Memory is sequentially consistent; shelf.h says why weaker orders are enough. The tag
 * does not wrap.
 *
 * Mutants:
 * NO_TAG       putting leaves the tag as it was
 * LATE_COPY    a get without a claim copies after the swap
 * NO_GAP       a claimant publishes where it wrote, though the number is lower now
 * NO_CLAIM     a putter does not ask whether the shelf is claimed
 * MANY_FREE    a get that copies after the swap does not claim
 * END_EARLY    such a get ends its claim before it copies
 */

#ifndef THREADS
#define THREADS 1
#endif
#ifndef OPS
#define OPS 2
#endif
#ifndef OBJS
#define OBJS 5
#endif
#define SHELF 255

/* struct depot_shelf */
byte count;
bit claimed;
byte tag;
byte slots[OBJS + 2];

byte owner[OBJS + 1]; /* SHELF, or the thread that has the pointer */
bit frozen;
bit all_done;
byte repeated; /* steps of the survivor, once the others stand still */

/* The pointers below the number are on the shelf, each once. */
inline check_shelf()
{
	j = 0;
	do
	:: j < count ->
		assert(slots[j] != 0 && owner[slots[j]] == SHELF);
		k = j + 1;
		do
		:: k < count -> assert(slots[k] != slots[j]); k++
		:: else -> break
		od;
		j++
	:: else -> break
	od;
	j = 0;
	k = 0
}

inline load_word()
{
	atomic {
		c = count;
		w = claimed;
		t = tag
	}
}

#define SAME (count == c && claimed == w && tag == t)

inline end_claim(n)
{
	/* shelf_publish(): at is where the pointers are, c, w, t the word as of the claim */
	do
	:: atomic {
		SAME ->
		claimed = 0;
#ifndef NO_TAG
		tag++;
#endif
		count = count + n;
		i = 0;
		do
		:: i < n ->
			assert(owner[slots[count - n + i]] == id);
			owner[slots[count - n + i]] = SHELF;
			i++
		:: else -> break
		od;
		i = 0;
		check_shelf()
	   }
	   break
	:: !SAME ->
		repeated = repeated + (frozen -> 1 : 0);
		load_word();
#ifndef NO_GAP
		/* close the gap: k of the pointers go down */
		g = (at - c < n -> at - c : n);
		i = 0;
		do
		:: i < g -> slots[c + i] = slots[at + n - g + i]; i++
		:: else -> break
		od;
		i = 0;
		g = 0;
#endif
		at = c
	od
}

/* put what the thread has: it picks n of its pointers first */
inline put(n)
{
	atomic {
		i = 0;
		j = 1;
		do
		:: i < n -> if :: owner[j] == id -> mine[i] = j; i++ :: else fi; j++
		:: else -> break
		od;
		i = 0;
		j = 0
	}
	load_word();
	if
#ifdef NO_CLAIM
	:: true ->
#else
	:: w == 0 ->
#endif
		if
		:: atomic { SAME -> claimed = 1;
#ifndef NO_TAG
			tag++;
#endif
		   }
			at = c;
			w = 1;
#ifndef NO_TAG
			t++;
#endif
			do
			:: i < n -> slots[at + i] = mine[i]; i++
			:: else -> break
			od;
			i = 0;
			end_claim(n)
		:: !SAME -> skip /* false: it puts elsewhere */
		fi
#ifndef NO_CLAIM
	:: else -> skip /* false */
#endif
	fi;
	atomic { mine[0] = 0; mine[1] = 0 }
}

inline take_owner(n)
{
	/* the swap of a get: the top n are the thread's */
	i = 0;
	do
	:: i < n ->
		assert(owner[slots[c - n + i]] == SHELF);
		owner[slots[c - n + i]] = id;
#ifdef LATE_COPY
#else
		assert(many || mine[i] == slots[c - n + i]);
#endif
		i++
	:: else -> break
	od;
	i = 0;
	count = c - n;
	check_shelf()
}

inline get(n)
{
	load_word();
	do
	:: c < n || (many && w) -> break /* false */
	:: else ->
#ifndef LATE_COPY
		if
		:: many
		:: else ->
			do
			:: i < n -> mine[i] = slots[c - n + i]; i++
			:: else -> break
			od;
			i = 0
		fi;
#endif
		if
		:: atomic {
			SAME ->
			take_owner(n);
#ifndef MANY_FREE
			if
			:: many -> claimed = 1; tag++; w = 1; t++
			:: else
			fi;
#endif
			at = c - n;
			c = at;
			got = true
		   }
		   break
		:: !SAME ->
			repeated = repeated + (frozen -> 1 : 0);
			load_word()
		fi
	od;
#ifdef END_EARLY
	if
	:: got && many -> end_claim(0)
	:: else
	fi;
#endif
	if
#ifdef LATE_COPY
	:: got ->
#else
	:: got && many ->
#endif
		/* copy what is above the number now, and is the thread's */
		do
		:: i < n -> assert(owner[slots[at + i]] == id && slots[at + i] != mine[1 - i]); mine[i] = slots[at + i]; i++
		:: else -> break
		od;
		i = 0;
#ifndef MANY_FREE
#ifndef END_EARLY
		if
		:: many -> end_claim(0)
		:: else
		fi
#endif
#endif
	:: else
	fi;
	atomic { mine[0] = 0; mine[1] = 0; got = false; at = 0 }
}

inline have()
{
	h = 0;
	i = 1;
	do
	:: i <= OBJS -> h = h + (owner[i] == id -> 1 : 0); i++
	:: else -> break
	od;
	i = 0
}

inline some_call()
{
	atomic { have() }
	atomic { if :: n = 1 :: n = 2 fi; if :: many = true :: many = false fi }
	if
	:: h >= n -> put(n)
	:: get(n)
	fi;
	atomic { n = 0; many = false; h = 0; c = 0; w = 0; t = 0 }
}

proctype thread(byte id) provided (!frozen)
{
	byte ops, n, c, t, at, i, j, k, g, h;
	byte mine[2];
	bit w, many, got;

	do
	:: ops < OPS -> ops++; some_call()
	:: else -> break
	od
}

proctype survivor(byte id)
{
	byte ops, n, c, t, at, i, j, k, g, h, left;
	byte mine[2];
	bit w, many, got;

	do
	:: ops < OPS -> ops++; some_call()
	:: else -> break
	od;
	frozen = 1;
	/* Alone now: all that is on the shelf can be got, one by one or two at once. */
	left = count;
	do
	:: left > 0 ->
		atomic { n = (left > 1 -> 2 : 1) }
		get(n);
		assert(count == left - n);
		left = count
	:: else -> break
	od;
	assert(repeated == 0);
	i = 1;
	do
	:: i <= OBJS -> assert(owner[i] != SHELF); i++
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
		for (i : 1 .. OBJS) {
			if
			:: i <= THREADS + 1 -> owner[i] = i
			:: else -> owner[i] = SHELF; slots[count] = i; count++
			fi
		}
		run survivor(1);
		for (i : 1 .. THREADS) {
			run thread(i + 1)
		}
	}
}
