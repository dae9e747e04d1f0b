/* The protocol of a study (src/study), small enough to be searched to the end; README.md says what is left out.
 *
 * Items: trials 0 and 1 at their first rung, and trial 0 at its second (item 2). Workers 1 and 2 may die at any step;
 * worker 3 is the restart after a death. Every fault costs one of a budget, so that without faults left each step
 * leads on: a run that stops anywhere but at the goal is a lack of progress.
 */
#ifndef CRASHES
#define CRASHES 0   /* workers killed */
#endif
#ifndef LEASES
#define LEASES 0    /* workers believed dead that are not */
#endif
#ifndef STALE
#define STALE 0     /* looks that see nothing that others wrote of late */
#endif
#ifndef RETRIES
#define RETRIES 0   /* ends that are not committed: infrastructure, left at a step boundary */
#endif
#ifndef POWER
#define POWER 0     /* power failures: all workers die, bytes that were not synced are gone */
#endif
#ifndef REOPEN
#define REOPEN 0    /* who opens the closed study again, at once */
#endif
#ifndef TRIALS
#define TRIALS 1
#endif
#ifndef ITEMS
#define ITEMS 2     /* those beyond TRIALS are second rungs */
#endif
#define WORKERS 3
#define MOST 2      /* attempts that never spoke again, then the item is given up */
#define ATTEMPTS 6

#define at(i, a) ((i) * ATTEMPTS + (a) - 1)
#define none 0
#define written 1   /* a result, perhaps still in memory only */
#define durable 2   /* a result, synced */
#define retriable 3 /* an end that is not committed */

/* Names: only ever added, each by one link(2). The value is the owner's id. */
byte claim[ITEMS * ATTEMPTS];
byte commit[ITEMS];
bool closed;
bool member[ITEMS];
#if REOPEN
bool reopened, closed2, done1, done2;
bool member2[ITEMS], outside[ITEMS];   /* reopened.2 names the trials that were claimed and are no members */
#endif

/* Records, in the log of the attempt's owner: parameters (told apart by who planned them), and how it ended. */
byte start[ITEMS * ATTEMPTS];
byte ended[ITEMS * ATTEMPTS];

/* The log's name in log/; the piece in archive/ and the ends that it holds. */
bool logged[WORKERS + 1];
bool packed[WORKERS + 1];
byte piece[ITEMS * ATTEMPTS];

bool dead[WORKERS + 1], bye[WORKERS + 1], restarted;
byte crashes = CRASHES, leases = LEASES, stale = STALE, retries = RETRIES, power = POWER;

/* What was linked first, for the assertions only. */
byte first_commit[ITEMS];
bool first_member[ITEMS];
#if REOPEN
bool first_member2[ITEMS], first_outside[ITEMS];
#endif

#define end_of(i, a) (logged[claim[at(i, a)]] -> ended[at(i, a)] : (packed[claim[at(i, a)]] -> piece[at(i, a)] : none))
#define is_result(e) ((e) == written || (e) == durable)

/* A committed result has a record of its owner, in a log or in a piece. */
inline check_kept() {
  d_step {
    for (k : 0 .. ITEMS - 1) {
      if
      :: commit[k] ->
        b = 1; found = false;
        do
        :: b > ATTEMPTS -> break
        :: else -> found = found || (claim[at(k, b)] == commit[k] && is_result(end_of(k, b))); b++
        od;
        assert(found)
      :: else
      fi
    }
    k = 0; b = 0; found = false
  }
}

/* link(2) of `who`'s token to the commit's name. */
inline link_commit(item, who) {
  atomic {
    if
    :: commit[item] == 0 -> commit[item] = who; first_commit[item] = who
#ifdef BREAK_COMMIT
    :: else -> commit[item] = who   /* rename(2) instead: the last one wins */
#else
    :: else
#endif
    fi;
    assert(commit[item] == first_commit[item]);
    check_kept()
  }
}

/* The parameters with which attempt a of item i goes on: the newest start record of the item, else those of the rung
 * below as committed, else planned anew. */
inline parameters() {
  d_step {
    b = a - 1;
    do
    :: b == 0 || lag -> break
    :: else -> if :: start[at(i, b)] && p == 0 -> p = start[at(i, b)] :: else fi; b--
    od;
    if
    :: p == 0 && i < TRIALS -> p = me
    :: p == 0 && i >= TRIALS -> below()
    :: else
    fi;
    b = 0
  }
}

inline below() {
  b = ATTEMPTS;
  do
  :: b == 0 -> break
  :: else ->
    if
#ifdef BREAK_PARENT
    :: p == 0 && start[at(i - TRIALS, b)] -> p = start[at(i - TRIALS, b)]   /* the newest will do */
#else
    :: claim[at(i - TRIALS, b)] == commit[i - TRIALS] && is_result(end_of(i - TRIALS, b)) -> p = start[at(i - TRIALS, b)]
#endif
    :: else
    fi;
    b--
  od
}

/* What a worker may do for item i, as expressions: a worker that can do nothing waits. */
#define result_of(i, a, other) (is_result(end_of(i, a)) -> claim[at(i, a)] : other)
#define author(i) result_of(i, 1, result_of(i, 2, result_of(i, 3, result_of(i, 4, result_of(i, 5, result_of(i, 6, 0))))))
#define last_of(i, a, other) (claim[at(i, a)] -> a : other)
#define last(i) last_of(i, 6, last_of(i, 5, last_of(i, 4, last_of(i, 3, last_of(i, 2, last_of(i, 1, 0))))))
#define holder(i) claim[at(i, last(i))]
#define gone(w) (dead[w] || bye[w])
#define below_done(i) ((i) < TRIALS || commit[(i) - TRIALS])
#if REOPEN
#define closed_now ((reopened && closed2) || (!reopened && closed))
#define member_now(i) ((reopened && member2[i]) || (!reopened && member[i]))
#define trial_of(i) ((i) - TRIALS * ((i) >= TRIALS))
#define out(i) (reopened && outside[trial_of(i)])
#define done_now ((reopened && done2) || (!reopened && done1))
#else
#define closed_now closed
#define member_now(i) member[i]
#define out(i) false
#define done_now true
#endif
#define has_place(i) ((closed_now && member_now(i)) || (!closed_now && !out(i)))
#define is_new(i) (last(i) == 0 && !closed_now && !out(i) && below_done(i))
#define is_left(i) (last(i) > 0 && below_done(i) && (gone(holder(i)) || end_of(i, last(i)) == retriable))
#define is_silent(i) (last(i) > 0 && below_done(i) && !gone(holder(i)) && holder(i) != me && leases > 0)
#define counts(i) (commit[i] == 0 && author(i) == 0 && has_place(i))
#define is_orphan(i) (commit[i] == 0 && author(i) && author(i) != me && gone(author(i)) && has_place(i))
#define own_end(i, a) (claim[at(i, a)] == me && is_result(ended[at(i, a)]))
#define own(i) (own_end(i, 1) || own_end(i, 2) || own_end(i, 3) || own_end(i, 4) || own_end(i, 5) || own_end(i, 6))
#define settled(i) (!member_now(i) || commit[i])

inline forget() { i = 0; a = 0; p = 0; who = 0; lag = false }

inline forget_generation() {
#if REOPEN
  again = false
#else
  skip
#endif
}

inline claim_for(item) {
  if
  :: atomic { is_new(item) -> i = item; a = 1 }
  :: atomic { counts(item) && is_left(item) -> i = item; a = last(item) + 1 }
  :: atomic { counts(item) && is_silent(item) -> leases--; i = item; a = last(item) + 1 }
  /* with a look that shows no records, commits or closing of others */
  :: atomic { stale > 0 && last(item) == 0 && closed_now && below_done(item) -> stale--; lag = true; i = item; a = 1 }
  :: atomic { stale > 0 && !own(item) && is_left(item) -> stale--; lag = true; i = item; a = last(item) + 1 }
  fi
}

proctype worker(byte me) {
  byte i, a, b, k, p, who;
  bool lag, found, m[ITEMS];
#if REOPEN
  bool again;   /* what it decides is about the second generation */
#endif

end:
#if REOPEN
  (me < WORKERS || dead[1] || dead[2] || reopened);
#else
  (me < WORKERS || dead[1] || dead[2]);
#endif
  d_step { logged[me] = true; if :: me == WORKERS -> restarted = true :: else fi };
  {
  do
#if REOPEN
  /* the last one stands also for those that are started after the reopening: it stays until then */
  :: atomic { closed_now && settled(0) && settled(1) && settled(ITEMS - 1) && (me < WORKERS || reopened || !done1) -> again = reopened };
    /* the result of the generation that it saw closed; it may die before */
    atomic {
#ifdef BREAK_DONE
      again = reopened;
#endif
      if :: again -> done2 = true :: else -> done1 = true fi;
      for (k : 0 .. ITEMS - 1) {
        assert(!done1 || (closed && (!member[k] || commit[k])));
        assert(!done2 || (closed2 && (!member2[k] || commit[k])))
      }
      k = 0;
      if
      :: again == reopened && (me < WORKERS || reopened) -> bye[me] = true; break
      :: else -> again = false
      fi
    }
#else
  :: atomic { closed && settled(0) && settled(1) && settled(ITEMS - 1) -> bye[me] = true; break }
#endif
  :: claim_for(0); goto claims
  :: claim_for(1); goto claims
#if ITEMS > 2
  :: claim_for(2); goto claims
#endif
  :: atomic { is_orphan(0) -> i = 0; who = author(0) }; goto on_behalf
  :: atomic { is_orphan(1) -> i = 1; who = author(1) }; goto on_behalf
#if ITEMS > 2
  :: atomic { is_orphan(2) -> i = 2; who = author(2) }; goto on_behalf
#endif
#if REOPEN
  :: atomic { !closed_now -> again = reopened }; goto close
#else
  :: !closed -> goto close   /* all is measured, or some limit is reached: at any time */
#endif
claims:
    /* link the claim */
    atomic {
      assert(a <= ATTEMPTS);
      if :: claim[at(i, a)] == 0 -> claim[at(i, a)] = me :: else -> forget(); goto idle fi
    };
    if
    :: a > MOST -> start[at(i, a)] = 0   /* given up: an end without parameters */
    :: else ->
      atomic {
        parameters();
        start[at(i, a)] = p;
        if
        :: i >= TRIALS ->
          k = 1;
          do
          :: k > ATTEMPTS -> break
          :: else -> assert(claim[at(i - TRIALS, k)] != commit[i - TRIALS] || !is_result(ended[at(i - TRIALS, k)]) ||
                            !logged[commit[i - TRIALS]] || start[at(i - TRIALS, k)] == p); k++
          od; k = 0
        :: else
        fi;
        p = 0
      };
      if
      :: atomic { retries > 0 -> retries--; ended[at(i, a)] = retriable; forget(); goto idle }
      :: true
      fi
    fi;
#if POWER
    ended[at(i, a)] = written;
#endif
    atomic {
#if !POWER
      ended[at(i, a)] = written;
#endif
 if :: ended[at(i, a)] == written -> ended[at(i, a)] = durable :: else fi };
    atomic { link_commit(i, me); forget(); goto idle };
on_behalf:
#ifndef BREAK_SYNC
    atomic {   /* the author died, perhaps before it had synced */
      for (k : 1 .. ATTEMPTS) {
        if :: claim[at(i, k)] == who && ended[at(i, k)] == written -> ended[at(i, k)] = durable :: else fi
      }
      k = 0
    };
#endif
    atomic { link_commit(i, who); forget(); goto idle };
close:
    /* the listing takes time, and what others claim meanwhile it may show or not */
    m[0] = (claim[at(0, 1)] != 0);
    m[1] = (claim[at(1, 1)] != 0);
#if ITEMS > 2
    m[2] = (claim[at(2, 1)] != 0);
#endif
#if REOPEN
    d_step {
      if :: ITEMS > TRIALS && m[ITEMS - 1] -> m[ITEMS - 1 - TRIALS] = true :: else fi;
#ifdef BREAK_LATE_CLOSE
      if
      :: reopened && !closed2 -> closed2 = true;   /* what was listed in the generation before */
        for (k : 0 .. ITEMS - 1) { member2[k] = (m[k] && !(again && out(k))) || (again && member[k]); first_member2[k] = member2[k] }
      :: else
      fi;
#endif
      if
      :: !again && !closed -> closed = true; for (k : 0 .. ITEMS - 1) { member[k] = m[k]; first_member[k] = m[k] }
      :: again && !closed2 -> closed2 = true;
#ifdef BREAK_OUTSIDE
        for (k : 0 .. ITEMS - 1) { member2[k] = m[k] || member[k]; first_member2[k] = member2[k] }
#else
        for (k : 0 .. ITEMS - 1) { member2[k] = (m[k] && !out(k)) || member[k]; first_member2[k] = member2[k] }
#endif
      :: else
      fi;
      for (k : 0 .. ITEMS - 1) {
        assert(member[k] == first_member[k] && member2[k] == first_member2[k]);
        assert(!closed2 || (reopened && (!member[k] || member2[k]) && !(member2[k] && out(k))));
        m[k] = false
      }
      k = 0; again = false
    };
#else
    d_step {
      if
      :: !closed -> closed = true; for (k : 0 .. ITEMS - 1) { member[k] = m[k]; first_member[k] = m[k] }
#ifdef BREAK_CLOSE
      :: else -> for (k : 0 .. ITEMS - 1) { member[k] = m[k] }
#else
      :: else
#endif
      fi;
      for (k : 0 .. ITEMS - 1) { assert(member[k] == first_member[k]); m[k] = false }
      k = 0
    };
#endif
idle:
    skip
  od
  } unless { atomic { dead[me] -> forget(); b = 0; k = 0; found = false; m[0] = false; m[ITEMS - 1] = false; forget_generation() } }
}

/* Kills, and takes the power away. */
proctype fate() {
  byte k, b;
  bool found;
end:
  do
  :: atomic { crashes > 0 && !dead[1] && !bye[1] -> crashes--; dead[1] = true }
  :: atomic { crashes > 0 && !dead[2] && !bye[2] -> crashes--; dead[2] = true }
  :: atomic {
      power > 0 && !restarted && !(bye[1] && bye[2]) -> power--; dead[1] = true; dead[2] = true;
      for (k : 0 .. ITEMS * ATTEMPTS - 1) { if :: ended[k] == written -> ended[k] = none :: else fi }
      k = 0;
      check_kept()
    }
  od
}

/* Some worker that packs the logs of those that ended or are proven dead. */
proctype packer() {
  byte w, k, b;
  bool found;
end:
  do
  :: atomic {
#ifdef BREAK_PACK_LEASE
      if :: logged[1] -> w = 1 :: logged[2] -> w = 2 fi;   /* silent for long: surely dead */
#else
      if
      :: logged[1] && (dead[1] || bye[1]) -> w = 1
      :: logged[2] && (dead[2] || bye[2]) -> w = 2
      fi;
#endif
      for (k : 0 .. ITEMS * ATTEMPTS - 1) { if :: claim[k] == w -> piece[k] = ended[k] :: else fi }
      k = 0
    };
#ifdef BREAK_PACK_ORDER
    atomic { logged[w] = false; check_kept() };
    atomic { packed[w] = true; w = 0 }
#else
    packed[w] = true;
    atomic { logged[w] = false; check_kept(); w = 0 }
#endif
  od
}

#ifdef CHECKER
inline note(who, packs) {
  for (k : 0 .. ITEMS - 1) {
    for (b : 1 .. ATTEMPTS) {
      if :: seen[k] == who && claim[at(k, b)] == who && is_result((packs -> piece[at(k, b)] : ended[at(k, b)])) -> found[k] = true :: else fi
    }
  }
  k = 0; b = 0
}
inline look_into_log(who) { d_step { if :: logged[who] -> note(who, false) :: else fi } }
inline look_into_piece(who) { d_step { if :: packed[who] -> note(who, true) :: else fi } }

/* Somebody who looks once: first at the commits, then at log/, then at archive/. Whatever was named is found. */
proctype checker() {
  byte seen[ITEMS], k, b;
  bool found[ITEMS];
  d_step { for (k : 0 .. ITEMS - 1) { seen[k] = commit[k] } k = 0 };
#ifndef BREAK_READ_ORDER
  look_into_log(1); look_into_log(2); look_into_log(3);
  look_into_piece(1); look_into_piece(2);
#else
  look_into_piece(1); look_into_piece(2);
  look_into_log(1); look_into_log(2); look_into_log(3);
#endif
  d_step { for (k : 0 .. ITEMS - 1) { assert(!seen[k] || found[k]); seen[k] = 0; found[k] = false } k = 0 }
}

#endif

#if REOPEN
/* Somebody who wants more trials. It lists what was claimed, which takes time, and links reopened.2. */
proctype reopener() {
  byte k;
  bool o[ITEMS];
end:
  closed;
  o[0] = (claim[at(0, 1)] != 0 && !member[0]);
#if TRIALS > 1
  o[1] = (claim[at(1, 1)] != 0 && !member[1]);
#endif
  d_step {
    if
    :: !reopened -> reopened = true; for (k : 0 .. TRIALS - 1) { outside[k] = o[k]; first_outside[k] = o[k] }
#ifdef BREAK_REOPEN
    :: else -> for (k : 0 .. TRIALS - 1) { outside[k] = o[k] }   /* rename(2) instead: the last one wins */
#else
    :: else
#endif
    fi;
    for (k : 0 .. TRIALS - 1) { assert(outside[k] == first_outside[k] && !(outside[k] && member[k])); o[k] = false }
    k = 0
  }
}
#endif

/* Nothing can happen any more: the study is closed, every member has its result, and the stage its own. */
proctype goal() {
  byte k;
  timeout ->
  assert(closed_now && done_now);
  for (k : 0 .. ITEMS - 1) { assert(!member_now(k) || commit[k]) }
}

init {
  atomic {
    run worker(1); run worker(2); run worker(3); run fate(); run packer(); run goal();
#if REOPEN
    run reopener();
#if REOPEN > 1
    run reopener();
#endif
#endif
#ifdef CHECKER
    run checker()
#endif
  }
}
