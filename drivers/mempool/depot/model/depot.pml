/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What depot.c does between stations: where calls find magazines, pointers and quotas, and when they give up.
 * Pointers and magazines are numbers here, and what shelf.pml, filled.pml and stack.pml show to be one swap is one
 * step. A station has a shelf of one pointer, and filled magazines of two.
 *
 * Shown, with the others anywhere in their calls, for ever: no put is refused that is rightful, and none for lack of
 * magazines; a get fails only if at some moment of the call there were fewer at the stations; when all is put and no
 * other call is under way, nothing more is accepted; a call alone repeats nothing.
 *
 * Bounds: two stations, three pointers, two threads that put or get 1 or 2, the survivor OPS times and the other
 * OTHERS times. Magazines are as many as depot.h says for one that stands still. With ONLY_PUTS both have all
 * pointers, and quotas are anywhere. With SHORT there are no magazines for calls: what is refused is counted, and
 * nothing else is lost.
 *
 * Mutants:
 * FEWER         no magazine for calls
 * LOST_LOOSE    a get that fails does not put back what it had taken
 * NO_QUOTA      puts do not ask for quotas
 * BY_QUOTAS     a put is refused by the sum of quotas, of which others may have some on their way
 * FREE_FIRST    a push frees a magazine that is its extra one still
 * NO_SECOND_LOOK  quotas are taken without a look at what was put meanwhile
 * NO_SETTLE     puts do not look whether their quota was taken meanwhile
 * NOT_TOLD      a put that misses quota which another call has in hands does not tell it
 * NO_MEND       a call that had quota in hands does not look whether it was missed
 * LATE_CLEAR    and forgets that it was missed only when it has looked
 * SHELF_LAST    a put pushes what is for magazines before it knows that the shelf takes the others
 * NOT_COUNTED   with SHORT: what is refused is not counted
 * KEEP          a get that found no rest does not put back what was on the shelf
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 2
#endif
#ifndef OTHERS
#define OTHERS OPS
#endif
#define OBJS 3
#define M 2
#if defined(SHORT)
#define MAGAZINES (OBJS / M)
#elif defined(FEWER)
#define MAGAZINES (OBJS / M + 1)
#else
#define MAGAZINES (OBJS / M + 2 + THREADS)
#endif

/* Of a station: pointers on the shelf, full magazines, pointers in the one at the top, empty magazines. */
byte shelf[2];
bit claimed[2];
byte whole[2];
byte part[2];
byte blank[2];
byte quota[4]; /* of a station's magazines, and of its shelf */
byte changes[2]; /* of a station's words */
byte pushes[2]; /* of empty ones */

byte has[THREADS]; /* pointers of each thread */
byte got[THREADS]; /* those that its get has taken so far */
byte low[THREADS]; /* least that there was at the stations during its call, and with it */
byte lost; /* refused for lack of magazines, and counted */
bit lacking; /* a place has less quota than it needs, another call may have it */
byte nb_inside; /* calls under way */
bit started;
bit frozen;
bit all_done;

#define SHELF 1
#define FILLED(s) (M * whole[s] + part[s])
#define AT(s) (shelf[s] + FILLED(s))
/* Places are numbered as quotas are. */
#define ON_SHELF(s) (2 * (s) + 1)
#define IN_MAGAZINES(s) (2 * (s))
#define HELD(p) ((p) % 2 == 1 -> shelf[(p) / 2] : FILLED((p) / 2))
#define NB_MAGAZINES (blank[0] + blank[1] + whole[0] + whole[1] + (part[0] > 0 -> 1 : 0) + (part[1] > 0 -> 1 : 0))
#define ALL (AT(0) + AT(1))

inline changed(s)
{
	changes[s]++;
	j = 0;
	do
	:: j < THREADS -> low[j] = (ALL + got[j] < low[j] -> ALL + got[j] : low[j]); j++
	:: else -> break
	od;
	j = 0
}

inline give(s, n)
{
	atomic {
		if
		:: n > 0 -> blank[s] = blank[s] + n; pushes[s]++
		:: else
		fi
	}
}

/* take_magazines(): mags, able */
inline take_magazines(n)
{
	able = true;
	do
	:: mags == n -> break
	:: else ->
		/* one pass, own station first; a look at the pushes before */
		atomic { seen = pushes[0] + pushes[1] }
		i = 0;
		do
		:: i < 2 && mags < n ->
			atomic {
				k = (blank[(id + i) % 2] < n - mags -> blank[(id + i) % 2] : n - mags);
				blank[(id + i) % 2] = blank[(id + i) % 2] - k;
				mags = mags + k;
				k = 0
			}
			i++
		:: else -> break
		od;
		i = 0;
		if
		:: mags < n && seen == pushes[0] + pushes[1] -> able = false; break
		:: else
		fi
	od;
	seen = 0
}

/* look(): sum, room, one_moment */
inline look()
{
	atomic {
		sum = AT(0);
		room = quota[0] + quota[1] - AT(0);
		c0 = changes[0]
	}
	atomic {
		sum = sum + AT(1);
		room = room + quota[2] + quota[3] - AT(1);
		c1 = changes[1]
	}
	one_moment = (c0 == changes[0]);
	one_moment = one_moment && (c1 == changes[1]);
	c0 = 0;
	c1 = 0
}

/* quota_move() of need to place p, those of the own station first: moved */
inline quota_move(p)
{
	i = 0;
	moved = 0;
	do
	:: i < 4 && moved < need ->
		q = (2 * (p / 2) + i) % 4;
		if
		:: q != p ->
			k = HELD(q);
			atomic {
				k = (quota[q] > k -> quota[q] - k : 0);
				k = (k < need - moved -> k : need - moved);
				quota[q] = quota[q] - k;
				left = quota[q];
				if
				:: k > 0 -> changes[q / 2]++; held = true
				:: else
				fi
			}
#ifndef NO_SECOND_LOOK
			if
			:: k > 0 ->
				back = HELD(q);
				atomic {
					back = (back > left -> back - left : 0);
					back = (back < k -> back : k);
					quota[q] = quota[q] + back;
					if
					:: back > 0 -> changes[q / 2]++
					:: else
					fi;
					k = k - back;
					back = 0
				}
			:: else
			fi;
#endif
			left = 0;
			if
			:: k > 0 -> atomic { quota[p] = quota[p] + k; changes[p / 2]++; moved = moved + k; k = 0 }
			:: else
			fi
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0; q = 0; k = 0; need = 0
}

/* quota_raise() for n more at place p: able */
inline quota_raise(p, n)
{
	able = true;
	moving = false;
#ifndef NO_QUOTA
	do
	:: used = HELD(p);
		atomic {
			need = (quota[p] >= used + n -> 0 : used + n - quota[p]);
			used = 0
		}
		if
		:: need == 0 -> break
		:: else -> moving = true; quota_move(p)
		fi;
		if
		:: moved > 0
		:: else ->
			look();
			if
#ifdef BY_QUOTAS
			:: one_moment && room < n -> able = false; break
#else
			:: one_moment -> able = (sum + n <= OBJS); break
#endif
			:: else
			fi
		fi;
		moved = 0
	od;
#endif
	room = 0; sum = 0; moved = 0; one_moment = false;
	if
	:: moving -> moving = false; quota_mend()
	:: else
	fi
}

/* quota_reach_or_tell() for place p: reached */
inline quota_reach_or_tell(p)
{
	told = false;
	reached = true;
	do
	:: used = HELD(p);
		atomic {
			need = (quota[p] >= used -> 0 : used - quota[p]);
			used = 0
		}
		if
		:: need == 0 -> break
		:: else -> quota_move(p)
		fi;
		if
		:: moved > 0
		:: else ->
			look();
			if
			:: one_moment && told -> reached = false; break
			:: one_moment && !told ->
				told = true;
#ifndef NOT_TOLD
				lacking = true
#endif
			:: else
			fi
		fi;
		moved = 0
	od;
	room = 0; sum = 0; moved = 0; one_moment = false; told = false
}

/* quota_mend(): whoever moved quota looks whether another one missed it */
inline quota_mend()
{
#ifndef NO_MEND
	held = true;
	do
	:: lacking && held ->
#ifndef LATE_CLEAR
		lacking = false;
#endif
		held = false;
		place = 0;
		reached = true;
		do
		:: place < 4 && reached -> quota_reach_or_tell(place); place++
		:: else -> break
		od;
		place = 0;
#ifdef LATE_CLEAR
		lacking = false;
#endif
		held = held || reached
	:: else -> break
	od;
#endif
	reached = false;
	held = false
}

/* quota_settle() for place p */
inline quota_settle(p)
{
	skip;
#ifndef NO_SETTLE
	used = HELD(p);
	if
	:: quota[p] < used ->
		used = 0;
		quota_reach_or_tell(p);
		quota_mend()
	:: else -> used = 0
	fi
#endif
}

/* shelf_put() of n: done */
inline shelf_put(s, n)
{
	done = false;
	atomic {
		if
		:: !claimed[s] && shelf[s] + n <= SHELF && shelf[s] + n <= quota[ON_SHELF(s)] ->
			claimed[s] = true;
			changes[s]++;
			done = true
		:: else
		fi
	}
	if
	:: done ->
		atomic { shelf[s] = shelf[s] + n; claimed[s] = false; changed(s) }
		quota_settle(ON_SHELF(s))
	:: else
	fi
}

/* filled_push() of n, 0 to 2, with the magazines taken; what is over is freed */
inline push(s, n)
{
	atomic {
		assert(mags >= n / M + 1);
		whole[s] = whole[s] + (part[s] + n) / M;
		mags = mags - (part[s] + n + M - 1) / M + (part[s] > 0 -> 1 : 0);
		part[s] = (part[s] + n) % M;
		changed(s)
	}
#ifdef FREE_FIRST
	give(s, mags + 1);
#else
	give(s, mags);
#endif
	mags = 0
}

/* put_filled() with some on the shelf: ok; done: whether the shelf took these */
inline put_filled(n, on_shelf)
{
	done = true;
	take_magazines((n - on_shelf) / M + 1);
#ifdef SHORT
	if
	:: !able -> give(s, mags); mags = 0; refused = true; done = false
	:: else
	fi;
#else
	assert(able);
#endif
#ifdef SHELF_LAST
	push(s, (n - on_shelf));
#endif
	if
	:: able && on_shelf > 0 -> shelf_put(s, on_shelf)
	:: else
	fi;
#ifndef SHELF_LAST
	if
	:: done -> push(s, (n - on_shelf)); quota_settle(IN_MAGAZINES(s))
	:: else -> give(s, mags); mags = 0
	fi;
#endif
	ok = done
}

/* put_here(), n of those that the thread has: ok */
inline put(n)
{
	s = id % 2;
	ok = false;
	able = true;
	shelf_put(s, n);
	if
	:: done -> ok = true
	:: else ->
		atomic {
			room_there = (claimed[s] -> 0 : SHELF - shelf[s]);
			room_there = (n < room_there -> n : room_there)
		}
		/* raise_quotas() */
		if
		:: room_there == n -> quota_raise(ON_SHELF(s), n)
		:: room_there == 0 -> quota_raise(IN_MAGAZINES(s), n)
		:: else ->
			quota_raise(IN_MAGAZINES(s), n);
			if
			:: able -> quota_raise(ON_SHELF(s), room_there)
			:: else
			fi
		fi;
		if
		:: able && room_there == n -> shelf_put(s, n); ok = done
		:: able && room_there < n -> put_filled(n, room_there)
		:: else
		fi;
		if
		:: able && !ok ->
			quota_raise(IN_MAGAZINES(s), n);
			if
			:: able -> put_filled(n, 0)
			:: else
			fi
		:: else
		fi
	fi;
	/* Only what was put twice may be refused. */
	assert(ok || twice || refused);
	if
	:: refused ->
		refused = false;
#ifndef NOT_COUNTED
		lost = lost + n
#endif
	:: else
	fi;
	room_there = 0; done = false
}

/* The swaps of a get at a station's magazines: n pointers; what they filled is freed then */
inline grab(s, n)
{
	k = (FILLED(s) < n -> FILLED(s) : n);
	mags = mags + (part[s] > 0 && k >= part[s] -> 1 : 0) + (k > part[s] -> (k - part[s]) / M : 0);
	k = FILLED(s) - k;
	got[id] = got[id] + FILLED(s) - k;
	whole[s] = k / M;
	part[s] = k % M;
	k = 0;
	changed(s)
}

/* The swap of a get at a shelf */
inline grab_shelf(s, n)
{
	k = (shelf[s] < n -> shelf[s] : n);
	shelf[s] = shelf[s] - k;
	got[id] = got[id] + k;
	k = 0;
	changed(s)
}

/* get_both(): ok */
inline get_both(s, n)
{
	atomic { w = (claimed[s] -> 0 : shelf[s]) }
	if
	:: w > 0 && FILLED(s) >= n - w ->
		atomic {
			if
			:: !claimed[s] && shelf[s] == w ->
				claimed[s] = true;
				grab_shelf(s, w)
			:: else -> w = 0
			fi
		}
		if
		:: w > 0 ->
			atomic { if :: FILLED(s) >= n - w -> grab(s, n - w); ok = true :: else fi }
			if
			:: ok -> give(s, mags); mags = 0
			:: else
			fi;
			atomic {
#ifndef KEEP
				shelf[s] = shelf[s] + (ok -> 0 : w);
#endif
				got[id] = (ok -> n : 0);
				claimed[s] = false;
				changed(s)
			}
			if
			:: !ok -> quota_settle(ON_SHELF(s))
			:: else
			fi
		:: else
		fi
	:: else
	fi;
	w = 0
}

inline get(n)
{
	ok = false;
	s = id % 2;
	atomic { low[id] = ALL; got[id] = 0 }
	do
	:: atomic { shelf[s] >= n -> grab_shelf(s, n) } ok = true; break
	:: else ->
		get_both(s, n);
		if
		:: ok -> break
		:: else
		fi;
		atomic { if :: FILLED(s) >= n -> grab(s, n); ok = true :: else fi }
		if
		:: !ok ->
			s = 1 - s;
			atomic { if :: shelf[s] >= n -> grab_shelf(s, n); ok = true :: else fi }
			if
			:: !ok -> atomic { if :: FILLED(s) >= n -> grab(s, n); ok = true :: else fi }
			:: else
			fi
		:: else
		fi;
		if
		:: ok -> give(s, mags); mags = 0; break
		:: else ->
			look();
			if
			:: sum >= n ->
				/* get_by_gathering(): those of a place at once, its magazines for loose pointers */
				s = id % 2;
				i = 0;
				do
				:: got[id] < n && i < 2 ->
					atomic { grab(s, n - got[id]) }
					give(s, mags); mags = 0;
					atomic { grab_shelf(s, n - got[id]) }
					s = 1 - s;
					i++
				:: got[id] < n && i == 2 ->
					i = 0;
					look();
					if
					:: one_moment && sum < n - got[id] -> break
					:: else
					fi
				:: else -> break
				od;
				i = 0;
				ok = (got[id] == n);
				if
				:: !ok && got[id] > 0 ->
					/* gather_undo() */
					take_magazines(1);
					s = id % 2;
#ifdef SHORT
					if
					:: !able ->
						/* gather_undo_loose() */
						i = 0;
						do
						:: i < 2 && got[id] > 0 ->
							w = i;
							quota_raise(ON_SHELF(s), 1);
							i = w;
							w = 0;
							shelf_put(s, 1);
							if
							:: done -> got[id]--
							:: else
							fi;
							s = 1 - s;
							i++
						:: else -> break
						od;
						i = 0;
						lost = lost + got[id];
						got[id] = 0;
						break
					:: else
					fi;
#else
					assert(able);
#endif
#ifndef LOST_LOOSE
					w = got[id];
					atomic { got[id] = 0; push(s, w) }
					quota_settle(IN_MAGAZINES(s));
					w = 0
#else
					got[id] = 0;
					give(s, mags); mags = 0
#endif
				:: else
				fi;
				break
			:: sum < n && one_moment ->
				break
			:: else -> s = id % 2
			fi
		fi
	od;
	assert(!ok || got[id] == n);
	/* There were fewer at some moment. */
	assert(ok || low[id] < n);
	sum = 0; room = 0; one_moment = false; w = 0;
	got[id] = 0
}

inline some_call()
{
	atomic { if :: n = 1 :: n = 2 fi; nb_inside++ }
	if
	:: has[id] >= n -> put(n); has[id] = has[id] - n
#ifdef ONLY_PUTS
	:: else
#else
	:: else -> get(n); if :: ok -> has[id] = has[id] + n :: else fi
#endif
	fi;
	atomic { nb_inside--; ok = false; able = false; n = 0; s = 0 }
}

#define LOCALS byte n, s, i, k, q, w, used, back, mags, seen, sum, c0, c1, need, moved, room_there, j; short room; \
	byte place, left; bit able, ok, done, one_moment, told, reached, held, moving, twice, refused

proctype thread(byte id) provided (!frozen)
{
	byte ops;
	LOCALS;

	do
	:: ops < OTHERS -> ops++; some_call()
	:: else -> break
	od
}

proctype survivor(byte id)
{
	byte ops, all;
	LOCALS;

	do
	:: ops < OPS -> ops++; some_call()
	:: else -> break
	od;
	atomic { frozen = 1; nb_inside++ }
	/* All that is at the stations can be got at once, and put again. */
	all = ALL;
	if
	:: all > 0 && all <= 2 ->
		get(all);
		assert(ok);
		put(all);
#ifdef SHORT
		ok = true;
		all = ALL;
#endif
		assert(ok)
	:: else
	fi;
#ifndef SHORT
	assert(ALL == all);
	if
	:: has[id] > 0 -> put(1); assert(ok); has[id]--
	:: has[id] == 0 && all == OBJS && nb_inside == 1 ->
		twice = true;
		put(1);
		assert(!ok)
	:: else
	fi;
#endif
	nb_inside--;
	all_done = 1
}

/* The others may stand still for ever, the survivor may not. */
active proctype watchdog()
{
	timeout -> assert(all_done)
}

/* Whenever no call is under way, nothing is missing. */
active proctype auditor()
{
	atomic {
		started && nb_inside == 0 && (has[0] + has[THREADS - 1] + ALL + lost != OBJS || NB_MAGAZINES != MAGAZINES) ->
		assert(false)
	}
}

init
{
	byte i;

	atomic {
		quota[0] = OBJS;
#ifdef ONLY_PUTS
		/* quotas are anywhere */
		do
		:: quota[0] > 0 -> quota[0]--; if :: quota[1]++ :: quota[2]++ :: quota[3]++ fi
		:: break
		od;
		if
		:: has[0] = 1
		:: has[0] = 2
		fi;
		has[THREADS - 1] = OBJS - has[0];
#else
		if
		:: part[1] = 1; quota[0] = OBJS - 1; quota[2] = 1; has[THREADS - 1] = 2
		:: whole[1] = 1; quota[0] = OBJS - M; quota[2] = M; has[THREADS - 1] = 1
		:: shelf[0] = 1; part[0] = 1; quota[0] = OBJS - 1; quota[1] = 1; has[THREADS - 1] = 1
		fi;
#endif
		blank[0] = MAGAZINES / 2;
		blank[1] = MAGAZINES - blank[0] - whole[1] - part[1] - part[0];
		run survivor(0);
		for (i : 1 .. THREADS - 1) {
			run thread(i)
		}
		started = 1
	}
}
