/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The spread of spread.c: leaves that mbufs are attached to, holders that may attach, and one
 * reference on the root storage. Every access to a count of it is a step of its own, and so is
 * every compare-and-swap; loads and stores are separate where the code has them so. Drops by
 * DPDK's rte_mbuf_ext_refcnt_update() and by ref_drop() are the same steps.
 *
 * Each leaf begins with a reference of the spread's own, the bias, which the holder that lets go
 * last drops. Who finds a count of 1 drops it with a plain store, over an attach at the same
 * moment: with the bias a count is never 1 while anybody may attach.
 *
 * Shown: a count is always the number of references that there are, so none is lost, and never
 * passes MAX or goes below 0; a holder never finds a leaf at 0; the root's reference is dropped
 * once, when no holder and no mbuf is left; the spread is given back once, and no count of it is
 * touched afterwards; at the end every count is 0, the root's reference is dropped, and the
 * spread is given back.
 *
 * Bounds: THREADS threads, LEAVES leaves. In any order, and whichever of them, the threads
 * attach up to MOST mbufs to any leaf, ATTACHES times; hold for any thread, PASSES times; clone
 * CLONES mbufs with ref_take() and STOCK_CLONES as DPDK does; let go; and free any mbufs of a
 * leaf, up to MOST at once. So a leaf of one lcore and one that threads share are the same, and
 * who attached frees, or another thread. Memory is sequentially consistent; spread.c says why
 * weaker orders are enough.
 *
 * DPDK clones without a look at the limit. Who lets it must keep some references of a leaf for
 * that, the HEADROOM: ref_take() stops that much earlier here. An application that counts for
 * itself, and does not attach that much, is the same.
 *
 * Mutants:
 * NO_BIAS              a leaf begins at 0, and the spread lives while a leaf or a holder does
 * EARLY_FREE           who lets go last gives the spread back, mbufs or not
 * ADD_THEN_UNDO        an attach adds, looks, and subtracts again if that was too much
 * PLAIN_HOLDERS        holders is loaded and stored, not subtracted from
 * EARLY_LOAD           who lets go loads the count of a leaf before it subtracts from holders, as a
 *                      relaxed subtraction would permit
 * LIVE_EARLY           who lets go last subtracts the leaves that it will bring to 0, then does
 * SUBTRACT_NONE        who lets go last subtracts from live even if it brought no leaf to 0
 * LEAVES_READ_AGAIN    who lets go last reads how many leaves there are after each of them
 * LIVE_READ_AGAIN      live is subtracted from, then loaded to see whether it is 0
 * ATTACH_WITHOUT_HOLD  threads attach that hold nothing
 * NO_HEADROOM          attaches may leave no headroom for clones of DPDK's
 */

#ifndef THREADS
#define THREADS 3
#endif
#ifndef LEAVES
#define LEAVES 2
#endif
#ifndef ATTACHES
#define ATTACHES 2
#endif
#ifndef MOST
#define MOST 2
#endif
#ifndef PASSES
#define PASSES 1
#endif
#ifndef CLONES
#define CLONES 0
#endif
#ifndef STOCK_CLONES
#define STOCK_CLONES 0
#endif
#ifndef MAX
#define MAX 100 /* UINT16_MAX */
#endif
#ifdef NO_HEADROOM
#define HEADROOM 0
#else
#define HEADROOM STOCK_CLONES
#endif
#define LIMIT (MAX - HEADROOM)

/* struct mext_spread */
byte counts[LEAVES]; /* refcnt of the shared info of each leaf */
byte live;
byte holders = 1;
byte root = 1; /* the spread's reference on it */
bool given_back;

/* What should be: references of each leaf, with the bias; and of them those of mbufs, in all. */
byte refs[LEAVES];
byte flying;
byte wire[LEAVES]; /* mbufs of a leaf that no thread is busy with */
byte held = 1; /* holds that have not been let go */
byte passed; /* holds that any thread may take over */

/* What may still be done. */
byte attaches = ATTACHES;
byte passes = PASSES;
byte clones = CLONES;
byte stock_clones = STOCK_CLONES;
byte nb_done;

/* In every step that touches the spread. */
#define ALIVE assert(!given_back)

/* In every step that changes the count of a leaf. */
#define COUNTED(leaf) assert(counts[leaf] == refs[leaf] && counts[leaf] <= MAX)

/* nb mbufs more have references of the leaf. */
#define FLY(leaf, nb) \
	refs[leaf] = refs[leaf] + nb; \
	wire[leaf] = wire[leaf] + nb; \
	flying = flying + nb

/* live is 0 */
inline finish()
{
	/* drop the reference on the root */
	d_step {
		ALIVE;
		assert(root == 1 && held == 0 && flying == 0);
		root--
	}
	/* put into the mempool */
	d_step {
		ALIVE;
		given_back = true
	}
}

/* nb leaves have come to 0: sets last if none is left. */
inline subtract_live(nb)
{
	/* subtract from live, and see what is left */
	d_step {
		ALIVE;
		assert(live >= nb);
		live = live - nb;
#ifndef LIVE_READ_AGAIN
		last = (live == 0)
#endif
	}
#ifdef LIVE_READ_AGAIN
	d_step {
		ALIVE;
		last = (live == 0)
	}
#endif
}

/* Drop nb references of which mbufs have flown; sets zero if none is left. */
inline ref_drop(leaf, nb, flown)
{
	/* load */
	d_step {
		ALIVE;
#ifdef EARLY_LOAD
		count = (leaf == 0 && flown == 0 -> early : counts[leaf]);
#else
		count = counts[leaf];
#endif
		assert(count >= nb)
	}
	if
	:: count == nb ->
		/* store 0 */
		d_step {
			ALIVE;
			counts[leaf] = 0;
			refs[leaf] = refs[leaf] - nb;
			flying = flying - flown;
			COUNTED(leaf);
			zero = true
		}
	:: else ->
		/* subtract and fetch */
		d_step {
			ALIVE;
			counts[leaf] = counts[leaf] - nb;
			refs[leaf] = refs[leaf] - nb;
			flying = flying - flown;
			COUNTED(leaf);
			zero = (counts[leaf] == 0)
		}
	fi
}

/* Free n mbufs: rte_pktmbuf_free() if it is one, mext_free_bulk() */
inline free()
{
	ref_drop(l, n, n);
	if
	:: zero ->
		/* load free_cb and fcb_opaque */
		d_step { ALIVE };
		subtract_live(1);
		if
		:: last -> finish()
		:: else
		fi
	:: else
	fi
}

/* ref_take(): n mbufs more on a leaf, or -EOVERFLOW and no change */
inline take()
{
#ifdef ADD_THEN_UNDO
	d_step {
		ALIVE;
		counts[l] = counts[l] + n;
		FLY(l, n);
		wire[l] = wire[l] - n;
		COUNTED(l);
		count = counts[l]
	}
	if
	:: d_step {
		count > LIMIT ->
		ALIVE;
		counts[l] = counts[l] - n;
		refs[l] = refs[l] - n;
		flying = flying - n
	   }
	:: d_step { count <= LIMIT -> wire[l] = wire[l] + n }
	fi
#else
	/* load */
	d_step {
		ALIVE;
		count = counts[l]
	}
	do
#ifndef NO_BIAS
	:: count == 0 -> assert(!holding); break /* -EINVAL */
	:: count > 0 && count + n > LIMIT -> break /* -EOVERFLOW */
	:: count > 0 && count + n <= LIMIT ->
#else
	:: count + n > LIMIT -> break
	:: count + n <= LIMIT ->
#endif
		/* compare and exchange, which may fail for no reason */
		if
		:: d_step {
			counts[l] == count ->
			ALIVE;
			counts[l] = count + n;
			FLY(l, n);
			COUNTED(l)
#ifdef NO_BIAS
			;
			live = live + (count == 0)
#endif
		   }
		   break
		:: d_step {
			ALIVE;
			count = counts[l]
		   }
		fi
	od
#endif
}

/* rte_mbuf_ext_refcnt_update(shinfo, 1): rte_pktmbuf_attach() */
inline stock_clone()
{
	/* load */
	d_step {
		ALIVE;
		count = counts[l]
	}
	if
	:: count == 1 ->
		/* store */
		d_step {
			ALIVE;
			counts[l] = 2;
			FLY(l, 1);
			COUNTED(l)
		}
	:: else ->
		/* add */
		d_step {
			ALIVE;
			counts[l] = counts[l] + 1;
			FLY(l, 1);
			COUNTED(l)
		}
	fi
}

/*
 * The biases, once there is no holder; sets last if no leaf is left. The spread is sure to be
 * there only as long as a leaf has its bias, or has come to 0 here and is not subtracted yet. So
 * how many leaves there are is known beforehand, and nothing is subtracted if there is nothing
 * to subtract.
 */
inline drop_biases()
{
	last = false;
#ifdef LIVE_EARLY
	d_step {
		ALIVE;
		do
		:: i < LEAVES -> early = early + (counts[i] == 1); i++
		:: else -> break
		od;
		i = 0
	}
	if
	:: early > 0 -> subtract_live(early)
	:: else
	fi;
#endif
	do
	:: i < LEAVES ->
		ref_drop(i, 1, 0);
		d_step {
			nb = nb + zero;
			i++;
#ifdef LEAVES_READ_AGAIN
			ALIVE
#endif
		}
	:: else -> break
	od;
#ifdef LIVE_EARLY
	nb = nb - early;
#endif
	if
#ifdef SUBTRACT_NONE
	:: true -> subtract_live(nb)
#else
	:: nb > 0 -> subtract_live(nb)
	:: else
#endif
	fi;
#ifdef EARLY_FREE
	last = true
#endif
}

/* mext_spread_release() */
inline release()
{
#ifdef EARLY_LOAD
	d_step {
		ALIVE;
		early = counts[0]
	}
#endif
#ifdef PLAIN_HOLDERS
	d_step {
		ALIVE;
		count = holders
	}
	d_step {
		ALIVE;
		holders = count - 1;
		held--;
		last = (holders == 0)
	}
#else
	/* subtract from holders, and see what is left */
	d_step {
		ALIVE;
		assert(holders > 0);
		holders--;
		held--;
		last = (holders == 0)
	}
#endif
	if
	:: last ->
#ifdef NO_BIAS
		subtract_live(1);
#else
		drop_biases();
#endif
		if
		:: last -> finish()
		:: else
		fi
	:: else
	fi
}

#ifdef ATTACH_WITHOUT_HOLD
#define MAY_ATTACH true
#else
#define MAY_ATTACH holding
#endif

proctype thread(bool holding)
{
	byte l, n, count, i, nb;
	byte early; /* of mutants */
	bool zero, last;

	do
	:: atomic {
		MAY_ATTACH && attaches > 0 ->
		attaches--;
		select (l : 0 .. LEAVES - 1);
		select (n : 1 .. MOST)
	   }
	   take();
	   atomic { l = 0; n = 0; count = 0 }
	:: atomic { holding && passes > 0 -> passes-- }
	   /* mext_spread_hold(): add to holders */
	   d_step {
		ALIVE;
		assert(holders > 0);
		holders++;
		held++;
		passed++
	   }
	:: d_step { passed > 0 && !holding -> passed--; holding = true }
	:: d_step { holding -> holding = false }
	   release();
	   atomic { count = 0; i = 0; nb = 0; early = 0; zero = 0; last = 0 }
	:: atomic {
		flying > 0 ->
		/* Free some, if there are that many. */
		select (l : 0 .. LEAVES - 1);
		select (n : 1 .. MOST);
		if
		:: wire[l] >= n -> wire[l] = wire[l] - n
		:: else -> n = 0
		fi
	   }
	   if
	   :: n > 0 -> free()
	   :: else
	   fi;
	   atomic { l = 0; n = 0; count = 0; zero = 0; last = 0 }
	:: atomic {
		flying > 0 && clones + stock_clones > 0 ->
		/* Clone one, if there is one. */
		select (l : 0 .. LEAVES - 1);
		if
		:: wire[l] > 0 && clones > 0 -> wire[l]--; clones--; n = 1
		:: wire[l] > 0 && stock_clones > 0 -> wire[l]--; stock_clones--; n = 2
		:: wire[l] == 0
		fi
	   }
	   if
	   :: n == 1 -> take(); wire[l]++
	   :: n == 2 -> stock_clone(); wire[l]++
	   :: n == 0
	   fi;
	   atomic { l = 0; n = 0; count = 0 }
	:: held == 0 && flying == 0 -> break
	od;
	nb_done++
}

init
{
	byte i;

	d_step {
		/* mext_spread_create() */
#ifdef NO_BIAS
		live = 1;
#else
		do
		:: i < LEAVES ->
			counts[i] = 1;
			refs[i] = 1;
			live++;
			i++
		:: else -> break
		od
#endif
	}
	atomic {
		i = 0;
		do
		:: i < THREADS -> run thread(i == 0); i++
		:: else -> break
		od
	}
	d_step {
		nb_done == THREADS ->
		assert(given_back && root == 0 && live == 0 && holders == 0);
		i = 0;
		do
		:: i < LEAVES -> assert(counts[i] == 0 && refs[i] == 0 && wire[i] == 0); i++
		:: else -> break
		od
	}
}
