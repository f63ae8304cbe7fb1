/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What depot.c does between stations: where calls find magazines, pointers and quotas, and when they give up.
 * Pointers and magazines are numbers here, and what shelf.pml, filled.pml and stack.pml show to be one swap is one
 * step. A station has filled magazines of two pointers; a shelf would be the same without magazines.
 *
 * Shown, with the others anywhere in their calls, for ever: no put is refused that is rightful, and none for lack of
 * magazines; a get fails only if at some moment of the call there were fewer at the stations; when all is put, nothing
 * more is accepted; a call alone repeats nothing.
 *
 * Bounds: two stations, OBJS pointers, THREADS threads that put or get 1 or 2 OPS times, of which the last one
 * is the survivor. Magazines are as many as depot.h says for THREADS - 1 that stand still.
 *
 * Mutants:
 * FEWER         no magazine for calls
 * LOST_LOOSE    a get that fails does not put back what it had taken
 * NO_QUOTA      puts do not ask for quotas
 * BY_QUOTAS     a put is refused by the sum of quotas, of which others may have some on their way
 * FREE_FIRST    a push frees a magazine that is its extra one still
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 2
#endif
#ifndef OBJS
#define OBJS 3
#endif
#define M 2
#ifdef FEWER
#define MAGAZINES (OBJS / M + 2)
#else
#define MAGAZINES (OBJS / M + 2 + THREADS)
#endif

/* Of a station: full magazines, pointers in the one at the top, empty magazines, quota; changes of the words. */
byte whole[2];
byte part[2];
byte blank[2];
byte quota[2];
byte changes[2];
byte pushes[2]; /* of empty ones */

byte has[THREADS]; /* pointers of each thread */
byte low[THREADS]; /* least that there was at the stations during its call */
byte nb_inside; /* calls under way */
bit started;
bit frozen;
bit all_done;

#define AT(s) (M * whole[s] + part[s])
#define NB_MAGAZINES (blank[0] + blank[1] + whole[0] + whole[1] + (part[0] > 0 -> 1 : 0) + (part[1] > 0 -> 1 : 0))
#define ALL (AT(0) + AT(1))

inline changed(s)
{
	changes[s]++;
	j = 0;
	do
	:: j < THREADS -> low[j] = (ALL < low[j] -> ALL : low[j]); j++
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
		room = quota[0] - AT(0);
		c0 = changes[0]
	}
	atomic {
		sum = sum + AT(1);
		room = room + quota[1] - AT(1);
		c1 = changes[1]
	}
	one_moment = (c0 == changes[0]);
	one_moment = one_moment && (c1 == changes[1]);
	c0 = 0;
	c1 = 0
}

/* quota_raise() for station s: able */
inline quota_raise(n)
{
	able = true;
#ifndef NO_QUOTA
	do
	:: quota[s] >= AT(s) + n -> break
	:: else ->
		/* quota_move() */
		k = AT(1 - s);
		atomic {
			k = (quota[1 - s] > k -> quota[1 - s] - k : 0);
			need = (quota[s] >= AT(s) + n -> 0 : AT(s) + n - quota[s]);
			k = (k < need -> k : need);
			quota[1 - s] = quota[1 - s] - k;
			if
			:: k > 0 -> changes[1 - s]++
			:: else
			fi
		}
		if
		:: k > 0 -> atomic { quota[s] = quota[s] + k; changes[s]++; k = 0 }
		:: need == 0
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
		need = 0
	od;
#endif
	k = 0; room = 0; sum = 0; need = 0; one_moment = false
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

/* put n of those that the thread has: ok */
inline put(n)
{
	s = id % 2;
	quota_raise(n);
	ok = able;
	/* Only what was put twice may be refused. */
	assert(ok || twice);
	if
	:: ok ->
		take_magazines(n / M + 1);
		assert(able);
		push(s, n)
	:: else
	fi
}

/* The swaps of a get at a station: k pointers; what they filled is freed then */
inline grab(s, n)
{
	k = (AT(s) < n -> AT(s) : n);
	mags = mags + (part[s] > 0 && k >= part[s] -> 1 : 0) + (k > part[s] -> (k - part[s]) / M : 0);
	k = AT(s) - k;
	got = got + AT(s) - k;
	whole[s] = k / M;
	part[s] = k % M;
	k = 0;
	changed(s)
}

inline get(n)
{
	ok = false;
	s = id % 2;
	low[id] = ALL;
	do
	:: atomic { AT(s) >= n -> grab(s, n) } ok = true; give(s, mags); mags = 0; break
	:: else ->
		atomic { s = 1 - s; if :: AT(s) >= n -> grab(s, n); ok = true :: else fi }
		if
		:: ok -> give(s, mags); mags = 0; break
		:: else ->
			look();
			if
			:: sum >= n ->
				/* get_by_gathering(): those of a station at once, its magazines for loose pointers */
				do
				:: got < n ->
					atomic { grab(s, n - got) }
					give(s, mags); mags = 0;
					atomic { s = 1 - s; grab(s, n - got) }
					give(s, mags); mags = 0;
					if
					:: got < n ->
						look();
						if
						:: one_moment && sum < n - got -> break
						:: else
						fi
					:: else
					fi
				:: else -> break
				od;
				ok = (got == n);
				if
				:: !ok && got > 0 ->
					/* gather_undo() */
					take_magazines(1);
					assert(able);
#ifndef LOST_LOOSE
					push(s, got);
#else
					give(s, mags); mags = 0;
#endif
					got = 0
				:: else
				fi;
				break
			:: sum < n && one_moment ->
				break
			:: else
			fi
		fi
	od;
	assert(!ok || got == n);
	/* There were fewer at some moment. */
	assert(ok || low[id] < n);
	sum = 0; room = 0; one_moment = false; got = 0
}

inline some_call()
{
	atomic { if :: n = 1 :: n = 2 fi; nb_inside++ }
	if
	:: has[id] >= n -> put(n); has[id] = has[id] - n
	:: else -> get(n); if :: ok -> has[id] = has[id] + n :: else fi
	fi;
	atomic { nb_inside--; ok = false; n = 0; s = 0 }
}

#define LOCALS byte n, s, i, k, mags, seen, sum, c0, c1, need, got, j; short room; bit able, ok, one_moment, twice

proctype thread(byte id) provided (!frozen)
{
	byte ops;
	LOCALS;

	do
	:: ops < OPS -> ops++; some_call()
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
	:: all > 0 && all <= 2 -> get(all); assert(ok); put(all); assert(ok)
	:: else
	fi;
	assert(ALL == all);
	if
	:: has[id] > 0 -> put(1); assert(ok); has[id]--
	:: has[id] == 0 && all == OBJS ->
		twice = true;
		put(1);
		assert(!ok)
	:: else
	fi;
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
		started && nb_inside == 0 && (has[0] + has[THREADS - 1] + ALL != OBJS || NB_MAGAZINES != MAGAZINES) ->
		assert(false)
	}
}

init
{
	byte i;

	atomic {
		quota[0] = OBJS;
		part[1] = OBJS % M;
		whole[1] = OBJS / M - 1;
		has[THREADS - 1] = M;
		blank[0] = MAGAZINES / 2;
		blank[1] = MAGAZINES - blank[0] - whole[1] - part[1];
		run survivor(0);
		for (i : 1 .. THREADS - 1) {
			run thread(i)
		}
		started = 1
	}
}
