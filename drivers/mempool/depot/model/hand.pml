/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * depot_put() and depot_get() of depot.h and depot.c, with all that they call: the claim of hands,
 * guests, and the way of magazines between hands, deques and stacks. An operation on a deque or on a
 * stack is one step, as deque.pml and stack.pml show, and so is every access to a claim. What only
 * the claimant of a hand may touch is worked on in one step.
 *
 * Shown: a pointer is never written over another one, nor taken from where none is; a get is all or
 * nothing, and its table is as it was if it fails. When all threads are done, every magazine is in
 * one place and as full as that place says, every pointer is in one magazine or with a thread, the
 * count is exact, and a get of all that is in the depot succeeds.
 *
 * Bounds: magazines of 2 pointers, STATIONS stations, THREADS threads that put or get 1 to MOST
 * pointers OPS times in any order, OBJS pointers, MAGAZINES magazines. STORED pointers are in the
 * depot at first, the others with the threads. That a thief steals some more for later is left out:
 * it is a steal and a push. So are hints: stations are tried from the first one. Only what
 * is wrong is found, not what never ends: a put that finds no magazine tries again for ever.
 *
 * Mutants:
 * LOST_PARTIAL   guest_end() forgets a partly filled magazine
 * WRONG_COUNT    guest_end() forgets to write how many pointers are in it
 * NOT_MOVED      guest_end() leaves the pointers at the end of it
 * NO_CLAIM       a hand is looked at and then claimed, not exchanged
 * POUR_UNCLAIMED gather_rest() takes from hands that others have claimed
 * KEPT_CHAIN     a get that fails forgets its full magazines
 * EARLY_COPY     a get copies out of the loaded magazine before it knows whether there are enough
 */

#ifndef STATIONS
#define STATIONS 1
#endif
#ifndef THREADS
#define THREADS 2
#endif
#ifndef OPS
#define OPS 2
#endif
#ifndef MOST
#define MOST 3
#endif
#ifndef OBJS
#define OBJS 5
#endif
#ifndef STORED
#define STORED 3
#endif
#ifndef MAGAZINES
#define MAGAZINES 6
#endif

#define M 2 /* magazine_size */
#define FULL 0
#define EMPTY 1
#define PARTIAL 2
#define NONE 255

/* Hands: of stations, of guests, and for partly filled magazines in gather_rest(). */
#define HANDS (STATIONS + 2 * THREADS)
#define GUEST(id) (STATIONS + (id))
#define POURED(id) (STATIONS + THREADS + (id))
#define IS_GUEST(h) ((h) >= STATIONS)

typedef hand_t {
	bool claimed;
	byte loaded;
	byte count;
	bool at_end;
	short net
};

typedef list_t {
	byte at[MAGAZINES];
	byte n
};

hand_t hands[HANDS];
list_t deques[2 * STATIONS]; /* at[0] is the top */
list_t stacks[3];
short guests_net; /* struct depot: net */
byte objs[(MAGAZINES + 1) * M]; /* 0: no pointer */
byte next[MAGAZINES + 1];
byte counts[MAGAZINES + 1]; /* struct stack_link: count */
byte table[THREADS * (OBJS + 1)]; /* what the threads have */
byte nb_done;

/* Used by check(), within one step. */
hidden byte seen[MAGAZINES + 1];
hidden byte seen_obj[OBJS + 1];

#define DEQUE(s, kind) deques[2 * (s) + (kind)]
#define MINE(i) table[id * (OBJS + 1) + (i)]

/* To be called in a step. */
inline append(list, index)
{
	list.at[list.n] = index;
	list.n++
}

inline drop_last(list, index)
{
	index = 0;
	if
	:: list.n > 0 -> list.n--; index = list.at[list.n]; list.at[list.n] = 0
	:: else
	fi
}

inline drop_first(list, index)
{
	index = 0;
	if
	:: list.n > 0 ->
		index = list.at[0];
		list.n--;
		j = 0;
		do
		:: j < list.n -> list.at[j] = list.at[j + 1]; j++
		:: else -> break
		od;
		list.at[list.n] = 0;
		j = 0
	:: else
	fi
}

/* depot_hand_put(), of one pointer */
inline hand_put(h, obj)
{
	assert(obj != 0 && hands[h].count < M);
	j = hands[h].loaded * M + (hands[h].at_end -> M - 1 - hands[h].count : hands[h].count);
	assert(objs[j] == 0);
	objs[j] = obj;
	hands[h].count++;
	j = 0
}

/* depot_hand_get(), of one pointer */
inline hand_get(h, obj)
{
	assert(hands[h].count > 0);
	j = hands[h].loaded * M + (hands[h].at_end -> M - hands[h].count : hands[h].count - 1);
	obj = objs[j];
	assert(obj != 0);
	objs[j] = 0;
	hands[h].count--;
	j = 0
}

/* stash(): deque_push() or stack_push() */
inline stash(kind, i)
{
	if
	:: IS_GUEST(h) -> append(stacks[kind], i)
	:: else -> append(DEQUE(station, kind), i)
	fi
}

/* fetch(): sets index */
inline fetch(kind)
{
	index = 0;
	s = 0;
	if
	:: d_step { !IS_GUEST(h) -> drop_last(DEQUE(station, kind), index) } /* deque_take() */
	:: IS_GUEST(h)
	fi;
	do
	:: index == 0 && s < STATIONS ->
		if
		:: s == station && !IS_GUEST(h)
		:: else -> d_step { drop_first(DEQUE(s, kind), index) } /* deque_steal() */
		fi;
		s++
	:: else -> break
	od;
	if
	:: d_step { index == 0 -> drop_last(stacks[kind], index) } /* stack_pop() */
	:: index != 0
	fi;
	s = 0
}

/* load(): one step, since its stash() is the only one that others see */
inline load(was, i, nb)
{
	d_step {
		stash(was, hands[h].loaded);
		hands[h].loaded = i;
		hands[h].count = nb;
		hands[h].at_end = (nb == M)
	}
}

/* guest_end() */
inline guest_end(g)
{
	d_step {
		j = hands[g].loaded;
		if
		:: hands[g].count == 0 -> append(stacks[EMPTY], j)
		:: hands[g].count == M -> append(stacks[FULL], j)
		:: else ->
#ifndef NOT_MOVED
			if
			:: hands[g].at_end ->
				objs[j * M] = objs[j * M + 1];
				objs[j * M + 1] = 0
			:: else
			fi;
#endif
#ifndef WRONG_COUNT
			counts[j] = hands[g].count;
#endif
#ifndef LOST_PARTIAL
			append(stacks[PARTIAL], j)
#endif
		fi;
		j = 0;
		hands[g].loaded = 0;
		hands[g].count = 0;
		hands[g].at_end = false
	}
}

/* let_go(); also depot_account() and depot_let_go() of the short ways, of a hand that is one's own */
inline let_go(nb)
{
	if
	:: IS_GUEST(h) ->
		/* let_go(): add to net */
		guests_net = guests_net + nb;
		guest_end(h)
	:: else ->
		/* depot_account(): store net */
		hands[h].net = hands[h].net + nb;
		/* depot_let_go(): store claimed */
		hands[h].claimed = false
	fi
}

/* depot_claim() of station s: sets h, if it is not claimed */
inline claim(s)
{
#ifdef NO_CLAIM
	if
	:: !hands[s].claimed -> h = s; hands[s].claimed = true
	:: hands[s].claimed
	fi
#else
	if
	:: d_step { !hands[s].claimed -> hands[s].claimed = true; h = s }
	:: hands[s].claimed
	fi
#endif
}

/* find_hand(): sets h and station */
inline find_hand()
{
	/* claim_other() */
	i = 1;
	do
	:: h == NONE && i < STATIONS ->
		claim((station + i) % STATIONS);
		i++
	:: else -> break
	od;
	i = 0;
	if
	:: h != NONE -> station = h
	:: else ->
		/* guest_begin() */
		h = GUEST(id);
		d_step {
			drop_last(stacks[PARTIAL], index);
			hands[h].count = counts[index];
			counts[index] = 0
		}
		if
		:: index == 0 -> fetch(EMPTY)
		:: else
		fi;
		if
		:: index == 0 -> h = NONE
		:: else -> hands[h].loaded = index
		fi
	fi
}

inline put()
{
	station = id % STATIONS;
	h = NONE;
	left = n;
	/* depot_put(): claim */
	claim(station);
	do
	:: left > 0 ->
		if
		:: h == NONE -> find_hand()
		:: else
		fi;
		/* give() */
		do
		:: h != NONE && left > 0 ->
			d_step {
				do
				:: left > 0 && hands[h].count < M ->
					mine--;
					hand_put(h, MINE(mine));
					MINE(mine) = 0;
					left--
				:: else -> break
				od
			}
			if
			:: left == 0
			:: else ->
				fetch(EMPTY);
				if
				:: index != 0 -> load(FULL, index, 0)
				:: else ->
					/* load_partial() */
					d_step {
						drop_last(stacks[PARTIAL], index);
						nb = counts[index];
						counts[index] = 0
					}
					if
					:: index != 0 -> load(FULL, index, nb); nb = 0
					:: else -> break
					fi
				fi
			fi
		:: else -> break
		od
	:: else -> break
	od;
	let_go(n)
}

/* pour() from a hand: adds to have */
inline pour(from)
{
	do
	:: have < n && hands[from].count > 0 ->
		if
		:: hands[h].count == M ->
			fetch(EMPTY);
			if
			:: index == 0 -> break
			:: else ->
				d_step {
					/* chain_add() */
					next[hands[h].loaded] = chain;
					chain = hands[h].loaded;
					hands[h].loaded = index;
					hands[h].count = 0;
					hands[h].at_end = false
				}
			fi
		:: else
		fi;
		d_step {
			do
			:: have < n && hands[from].count > 0 && hands[h].count < M ->
				hand_get(from, obj);
				hand_put(h, obj);
				have++
			:: else -> break
			od;
			obj = 0
		}
	:: else -> break
	od
}

/* gather_partial(): adds all of it to have, so there may be more than n; index is 0 if there is none */
inline gather_partial()
{
	d_step {
		drop_last(stacks[PARTIAL], index); /* stack_pop() */
		hands[POURED(id)].loaded = index;
		hands[POURED(id)].count = counts[index];
		have = have + counts[index];
		counts[index] = 0
	}
	if
	:: index != 0 ->
		d_step {
			/* depot_hand_put() of what fits */
			do
			:: hands[POURED(id)].count > 0 && hands[h].count < M ->
				hand_get(POURED(id), obj);
				hand_put(h, obj)
			:: else -> break
			od;
			obj = 0
		}
		if
		:: hands[POURED(id)].count == 0 -> d_step { stash(EMPTY, index) }
		:: else ->
			d_step {
				/* chain_add() */
				next[hands[h].loaded] = chain;
				chain = hands[h].loaded;
				hands[h].loaded = index;
				hands[h].count = hands[POURED(id)].count;
				hands[h].at_end = false;
				hands[POURED(id)].count = 0
			}
		fi;
		hands[POURED(id)].loaded = 0
	:: else
	fi
}

/* gather_rest() */
inline gather_rest()
{
	do
	:: have < n ->
		gather_partial();
		if
		:: index == 0 -> break
		:: else
		fi
	:: else -> break
	od;
	i = 0;
	do
	:: have < n && i < STATIONS ->
#ifdef POUR_UNCLAIMED
		if
		:: i != h -> pour(i)
		:: else
		fi;
#else
		if
		:: d_step { !hands[i].claimed -> hands[i].claimed = true }
		   pour(i);
		   hands[i].claimed = false /* depot_let_go(): store claimed */
		:: hands[i].claimed
		fi;
#endif
		i++
	:: else -> break
	od;
	i = 0
}

inline copy_out()
{
	d_step {
		do
		:: left > 0 && hands[h].count > 0 ->
			hand_get(h, obj);
			assert(MINE(mine) == 0);
			MINE(mine) = obj;
			mine++;
			left--
		:: else -> break
		od;
		obj = 0
	}
}

/* found: what depot_get() returned */
inline get()
{
	station = id % STATIONS;
	h = NONE;
	left = n;
	found = false;
	chain = 0;
	/* depot_get(): claim */
	claim(station);
	if
	:: h == NONE -> find_hand()
	:: else
	fi;
	if
	:: h != NONE ->
		/* gather() */
#ifdef EARLY_COPY
		copy_out();
		have = n - left + hands[h].count;
#else
		have = hands[h].count;
#endif
		do
		:: have < n ->
			fetch(FULL);
			if
			:: index == 0 -> break
			:: else
			fi;
			d_step {
				/* chain_add() */
				next[index] = chain;
				chain = index;
				have = have + M
			}
		:: else -> break
		od;
		if
		:: have < n ->
			/* depot_count(): load net of guests, load net of each hand */
			sum = guests_net;
			i = 0;
			do
			:: i < STATIONS -> sum = sum + hands[i].net; i++
			:: else -> break
			od;
			i = 0;
			if
			:: sum >= n -> gather_rest()
			:: else
			fi;
			sum = 0
		:: else
		fi;
		if
		:: have >= n ->
			/* take() */
			found = true;
			do
			:: left > 0 ->
				copy_out();
				if
				:: left > 0 ->
					index = chain;
					assert(index != 0);
					chain = next[index];
					load(EMPTY, index, M)
				:: else
				fi
			:: else -> break
			od;
			assert(chain == 0)
		:: else ->
#ifndef KEPT_CHAIN
			do
			:: chain != 0 ->
				d_step {
					index = chain;
					chain = next[index];
					stash(FULL, index)
				}
			:: else -> break
			od
#endif
		fi;
		let_go((found -> 0 - n : 0))
	:: else
	fi;
	/* All or nothing. */
	assert(left == (found -> 0 : n));
	assert(MINE(mine) == 0);
	have = 0;
	chain = 0
}

/* Pointers that are in the magazine with this index. */
#define count_of ((objs[index * M] != 0) + (objs[index * M + 1] != 0))

inline check_list(list, condition)
{
	i = 0;
	do
	:: i < list.n ->
		index = list.at[i];
		assert(index != 0 && !seen[index]);
		seen[index] = true;
		assert(condition);
		n = n + count_of;
		nb++;
		i++
	:: else -> break
	od;
	i = 0
}

/* When no call is under way: the invariants of depot.h. Sets n to the pointers in the depot. */
inline check()
{
	d_step {
		n = 0;
		j = 0;
		do
		:: j < STATIONS ->
			assert(!hands[j].claimed);
			n = n + hands[j].count;
			sum = sum + hands[j].net;
			assert(!seen[hands[j].loaded]);
			seen[hands[j].loaded] = true;
			nb++;
			check_list(DEQUE(j, FULL), count_of == M);
			check_list(DEQUE(j, EMPTY), count_of == 0);
			j++
		:: else -> break
		od;
		check_list(stacks[FULL], count_of == M);
		check_list(stacks[EMPTY], count_of == 0);
		check_list(stacks[PARTIAL], count_of == 1 && objs[index * M] != 0 && counts[index] == 1);
		assert(nb == MAGAZINES);
		j = 1;
		do
		:: j <= MAGAZINES -> assert(seen[j]); seen[j] = false; j++
		:: else -> break
		od;
		/* Every pointer once. */
		j = M;
		do
		:: j < (MAGAZINES + 1) * M ->
			assert(objs[j] == 0 || !seen_obj[objs[j]]);
			seen_obj[objs[j]] = true;
			j++
		:: else -> break
		od;
		j = 0;
		do
		:: j < THREADS * (OBJS + 1) ->
			assert(table[j] == 0 || !seen_obj[table[j]]);
			seen_obj[table[j]] = true;
			j++
		:: else -> break
		od;
		j = 1;
		do
		:: j <= OBJS -> assert(seen_obj[j]); seen_obj[j] = false; j++
		:: else -> break
		od;
		seen_obj[0] = false;
		j = 0;
		nb = 0;
		index = 0;
		/* depot_count() */
		assert(guests_net + sum == n);
		sum = 0
	}
}

proctype thread(byte id; byte mine)
{
	byte ops, n, left, have, station, h, index, chain, nb, obj, s, i, j;
	bool found;
	short sum;

	do
	:: ops <= OPS ->
		if
		:: ops < OPS ->
			atomic {
				select (n : 1 .. MOST);
				ops++
			}
		:: else ->
			nb_done++;
			if
			:: id != 0 -> break
			:: else -> nb_done == THREADS
			fi;
			/* All are done: get what is there. */
			check();
			ops++
		fi;
		if
		:: ops <= OPS && n <= mine -> put()
		:: n > 0 ->
			get();
			assert(found || ops <= OPS)
		:: n == 0
		fi;
		atomic {
			n = 0;
			left = 0;
			index = 0;
			station = 0;
			h = 0;
			found = false
		}
	:: else -> break
	od;
	if
	:: id == 0 -> check(); assert(n == 0)
	:: else
	fi
}

init
{
	byte i, j, n, h, station;

	d_step {
		/* depot_init() */
		i = 1;
		do
		:: i <= STATIONS -> hands[i - 1].loaded = i; i++
		:: else -> break
		od;
		do
		:: i <= MAGAZINES -> append(stacks[EMPTY], i); i++
		:: else -> break
		od;
		/* The first pointers go to the last station, the others to the threads. */
		h = STATIONS - 1;
		station = h;
		i = 1;
		do
		:: i <= STORED ->
			if
			:: hands[h].count == M ->
				drop_last(stacks[EMPTY], n);
				stash(FULL, hands[h].loaded);
				hands[h].loaded = n;
				hands[h].count = 0
			:: else
			fi;
			hand_put(h, i);
			hands[h].net = hands[h].net + 1;
			i++
		:: else -> break
		od;
		do
		:: i <= OBJS ->
			j = (i - STORED - 1) % THREADS;
			table[j * (OBJS + 1) + (i - STORED - 1) / THREADS] = i;
			i++
		:: else -> break
		od
	}
	atomic {
		i = 0;
		do
		:: i < THREADS ->
			/* How many it has. */
			n = (OBJS - STORED + THREADS - 1 - i) / THREADS;
			run thread(i, n);
			i++
		:: else -> break
		od
	}
}
