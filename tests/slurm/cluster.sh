#!/usr/bin/env bash
# shellcheck disable=SC1091,SC2016  # sources files of its own; quoted texts are meant for other shells
# A real Slurm cluster of several emulated nodes on one machine, made for a test and thrown away after it.
#
#   cluster.sh up     [options]   install what is missing, write the configuration, start the daemons
#   cluster.sh down   [options]   stop the daemons whose pid files lie in the state folder, and no others
#   cluster.sh status [options]   daemons, nodes and queue
#   cluster.sh node-down NAME     a node failure: kill -9 of that slurmd and of all that runs on the node
#   cluster.sh node-up   NAME     start that slurmd again
#
# Options (in brackets: environment variable and default)
#   --state DIR      everything the script makes lies below it                 [STATE, /tmp/slurm-testbed]
#   --nodes N        emulated compute nodes n1..nN                             [NODES, 3]
#   --cpus N         CPUs per node; may exceed the real count                  [CPUS, 4]
#   --mem MB         memory per node                                           [MEM, 4000]
#   --gpus N         pretended GPUs per node, 0 = none                         [GPUS, 2]
#   --gres KIND      dev: device nodes, so that CUDA_VISIBLE_DEVICES and SLURM_JOB_GPUS are set;
#                    plain: empty files, GPUs are scheduled but those variables stay unset   [GRES, dev]
#   --acct KIND      none | file | dbd (slurmdbd and a MariaDB of its own: sacct and QOS limits work)  [ACCT, none]
#   --port P         TCP ports: slurmctld P, slurmdbd P+1, slurmd P+11 and up  [PORT, 17000]
#   --timeout S      seconds until a silent node is DOWN (SlurmdTimeout)       [NODE_TIMEOUT, 15]
#   --isolate 0|1    own host name and TmpFS per slurmd, by unshare(1); without it srun --mpi=pmix works only
#                    within one node                                           [ISOLATE, 1]
#   --stale S        nodes see $STATE/shared through a FUSE mount (bindfs) that caches names, absent names and
#                    attributes for S seconds, as an NFS client does; 0 = off  [STALE, 0]
#   --install 0|1    apt-get what is missing                                   [INSTALL, 1]
#   --conf KEY=VALUE a line of slurm.conf instead of the one with that key; may be given several times
#
# After `up`:   . $STATE/env.sh      sets SLURM_CONF, by which sbatch, srun, squeue and sacct find this cluster
#
# A fresh state folder for every run: after an unclean stop the controller believes in its old jobs. Needs root and
# Debian 12 (slurm-wlm 22.05, built with multiple-slurmd support); neither systemd nor cgroups.
set -euo pipefail

verb=${1:-}; shift || true
STATE=${STATE:-/tmp/slurm-testbed} NODES=${NODES:-3} CPUS=${CPUS:-4} MEM=${MEM:-4000} GPUS=${GPUS:-2} GRES=${GRES:-dev}
ACCT=${ACCT:-none} PORT=${PORT:-17000} NODE_TIMEOUT=${NODE_TIMEOUT:-15} INSTALL=${INSTALL:-1} ISOLATE=${ISOLATE:-1} STALE=${STALE:-0}
node_arg='' extra_conf=()
while (($#)); do
  case $1 in
    --state) STATE=$2; shift 2;;     --nodes) NODES=$2; shift 2;;   --cpus) CPUS=$2; shift 2;;
    --mem) MEM=$2; shift 2;;         --gpus) GPUS=$2; shift 2;;     --gres) GRES=$2; shift 2;;
    --acct) ACCT=$2; shift 2;;       --port) PORT=$2; shift 2;;     --timeout) NODE_TIMEOUT=$2; shift 2;;
    --install) INSTALL=$2; shift 2;;  --isolate) ISOLATE=$2; shift 2;;
    --stale) STALE=$2; shift 2;;      --conf) extra_conf+=("$2"); shift 2;;
    -*) echo "cluster.sh: unknown option $1" >&2; exit 2;;
    *) node_arg=$1; shift;;
  esac
done
STATE=$(realpath -m "$STATE")
ETC=$STATE/etc RUN=$STATE/run LOG=$STATE/log SPOOL=$STATE/spool DB=$STATE/db

say() { printf 'cluster: %s\n' "$*"; }
die() { printf 'cluster: %s\n' "$*" >&2; exit 1; }

# --- processes: a pid file counts only if that pid still runs the program we expect ----------------------------
pid_of() {            # pid_of NAME PROGRAM -> prints the pid, or fails
  local pid comm=''
  [[ -s $RUN/$1.pid ]] || return 1
  read -r pid <"$RUN/$1.pid" || true
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  read -r comm 2>/dev/null <"/proc/$pid/comm" || return 1
  [[ $comm == "$2" ]] && printf '%s\n' "$pid"
}
stop_all() {          # stop_all NAME:PROGRAM...: TERM to all of them at once, wait up to 10 s for each, then KILL
  local item name pid; local -a todo=()
  for item in "$@"; do
    name=${item%%:*}
    if pid=$(pid_of "$name" "${item##*:}"); then kill -TERM "$pid" 2>/dev/null || true; todo+=("$name:$pid"); fi
  done
  for item in "${todo[@]}"; do
    name=${item%%:*} pid=${item##*:}
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    if kill -0 "$pid" 2>/dev/null; then say "$name ($pid) ignored TERM, killing it"; kill -KILL "$pid"; fi
    say "stopped $name ($pid)"
  done
  for item in "$@"; do rm -f "$RUN/${item%%:*}.pid"; done
}
wait_for() {          # wait_for SECONDS COMMAND...
  local end=$(( SECONDS + $1 )); shift
  while ((SECONDS <= end)); do timeout 10 "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  return 1
}
# Everything that runs on one emulated node, found by its UTS namespace (so only with --isolate 1): the slurmstepd
# and the user processes below them. slurmstepd detaches from slurmd and clears its environment, so neither the
# parent pid nor a variable would tell which node it belongs to.
procs_of_node() {     # procs_of_node SLURMD_PID -> the other pids in that pid's UTS namespace, if it is not ours
  local ns p; ns=$(readlink "/proc/$1/ns/uts") || return 0
  [[ $ns != "$(readlink /proc/self/ns/uts)" ]] || return 0
  for p in /proc/[0-9]*; do
    [[ ${p#/proc/} != "$1" && $(readlink "$p/ns/uts" 2>/dev/null) == "$ns" ]] && printf '%s\n' "${p#/proc/}"
  done
  return 0
}

# --- configuration ---------------------------------------------------------------------------------------------
write_config() {
  local i files='' acct=''
  mkdir -p "$ETC" "$RUN" "$LOG" "$SPOOL/ctld" "$STATE/dev"
  chmod 755 "$STATE" "$ETC" "$RUN" "$LOG" "$SPOOL"
  # a munge key and socket of our own, so that a system munged is neither needed nor disturbed
  if [[ ! -s $ETC/munge.key ]]; then (umask 077; dd if=/dev/urandom of="$ETC/munge.key" bs=128 count=1 status=none); fi
  chown -R munge:munge "$ETC/munge.key"; mkdir -p "$RUN/munge" "$LOG/munge"
  chown munge:munge "$RUN/munge" "$LOG/munge"; chmod 755 "$RUN/munge"; chmod 700 "$LOG/munge"

  case $ACCT in
    none) acct='AccountingStorageType=accounting_storage/none';;
    file) acct="AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$LOG/jobcomp.txt";;
    dbd)  acct="AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((PORT+1))
# with munge this names the socket that sacct and sacctmgr use towards slurmdbd
AccountingStoragePass=$RUN/munge/munge.socket
AccountingStorageEnforce=limits,qos
AccountingStorageTRES=gres/gpu
JobCompType=jobcomp/none";;
    *) die "--acct must be none, file or dbd";;
  esac

  cat >"$ETC/slurm.conf" <<CONF
ClusterName=testbed
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$PORT
# cred_expire also sets how long a requeued job waits before it may start again (default 120 s)
AuthType=auth/munge
AuthInfo=socket=$RUN/munge/munge.socket,cred_expire=5
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$SPOOL/ctld
SlurmdSpoolDir=$SPOOL/%n
SlurmctldPidFile=$RUN/slurmctld.pid
SlurmdPidFile=$RUN/slurmd-%n.pid
SlurmctldLogFile=$LOG/slurmctld.log
SlurmdLogFile=$LOG/slurmd-%n.log
SlurmctldDebug=info
SlurmdDebug=info
# no cgroups, no systemd: follow the /proc tree; no binding, since the claimed CPUs exceed the real ones
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
TmpFS=$STATE/node-tmp
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
# cores, memory and gres are all consumable; take the configured node sizes for true
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
GresTypes=gpu
DefMemPerCPU=200
# short intervals: the pace of a test, not of a site
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0,sched_min_interval=100000,max_rpc_cnt=0
SlurmdTimeout=$NODE_TIMEOUT
SlurmctldTimeout=30
MessageTimeout=10
KillWait=5
BatchStartTimeout=10
InactiveLimit=0
OverTimeLimit=0
MinJobAge=3600
ReturnToService=2
JobRequeue=1
MaxArraySize=1001
MaxJobCount=5000
UnkillableStepTimeout=30
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
$acct
CONF
  local line
  for line in "${extra_conf[@]}"; do
    sed -i "/^${line%%=*}=/d" "$ETC/slurm.conf"; echo "$line" >>"$ETC/slurm.conf"
  done
  mkdir -p "$STATE/node-tmp" "$STATE/shared"; chmod 1777 "$STATE/node-tmp" "$STATE/shared"; cat /etc/hosts >"$ETC/hosts"
  : >"$ETC/gres.conf"; local gres=''
  if ((GPUS > 0)); then
    gres=" Gres=gpu:$GPUS"
    # A GPU gres needs File=: with a bare Count (even with Flags=CountOnly) slurmd 22.05 reports 0 GPUs and the node
    # turns INVAL. The names must end in the index. Character devices like /dev/null make Slurm treat them as GPUs.
    for ((i = 0; i < GPUS; i++)); do
      rm -f "$STATE/dev/gpu$i"
      if [[ $GRES == dev ]]; then mknod -m 666 "$STATE/dev/gpu$i" c 1 3; else : >"$STATE/dev/gpu$i"; fi
    done
    files=" File=$STATE/dev/gpu[0-$((GPUS-1))]"; ((GPUS > 1)) || files=" File=$STATE/dev/gpu0"
  fi
  for ((i = 1; i <= NODES; i++)); do
    # Same host, a port each: this is what the multiple-slurmd build allows.
    echo "NodeName=n$i NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$((PORT+10+i)) CPUs=$CPUS Boards=1 SocketsPerBoard=1 CoresPerSocket=$CPUS ThreadsPerCore=1 RealMemory=$MEM$gres State=UNKNOWN" >>"$ETC/slurm.conf"
    if ((GPUS > 0)); then echo "NodeName=n$i Name=gpu Count=$GPUS$files" >>"$ETC/gres.conf"; fi
    echo "127.0.0.1 n$i" >>"$ETC/hosts"; mkdir -p "$SPOOL/n$i"
  done
  cat >>"$ETC/slurm.conf" <<CONF
PartitionName=batch Nodes=n[1-$NODES] Default=YES MaxTime=01:00:00 DefaultTime=00:10:00 State=UP PriorityTier=10
PartitionName=scavenge Nodes=n[1-$NODES] MaxTime=01:00:00 State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=5
PartitionName=urgent Nodes=n[1-$NODES] MaxTime=01:00:00 State=UP PriorityTier=20 PreemptMode=OFF
CONF
  if [[ $ACCT == dbd ]]; then
    (umask 077; cat >"$ETC/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$RUN/munge/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((PORT+1))
SlurmUser=root
PidFile=$RUN/slurmdbd.pid
LogFile=$LOG/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct
CONF
    )
  fi
  printf 'ISOLATE=%q STALE=%q\n' "$ISOLATE" "$STALE" >"$STATE/options.sh"     # for a later node-up
  cat >"$STATE/env.sh" <<CONF
export SLURM_CONF=$ETC/slurm.conf
CONF
}

start_node() {        # start_node NAME
  pid_of "slurmd-$1" slurmd >/dev/null && return 0
  rm -f "$RUN/slurmd-$1.pid"
  export SLURM_CONF=$ETC/slurm.conf
  if ((ISOLATE)); then
    # Own mount and UTS namespaces: the same TmpFS path is another folder on each "node" (Slurm's PMIx plugin makes
    # <TmpFS>/spmix_appdir_<uid>_<job>.<step> there and fails if it exists), MPI sees different hosts, and the node
    # names resolve inside jobs without touching this machine's hosts file.
    mkdir -p "$STATE/node-tmp.d/$1"; chmod 1777 "$STATE/node-tmp.d/$1"
    unshare --mount --uts --propagation slave sh -c '
      mount --bind "$1/node-tmp.d/$2" "$1/node-tmp" && mount --bind "$1/etc/hosts" /etc/hosts && hostname "$2" || exit 1
      if [ "$3" != 0 ]; then
        bindfs -o "attr_timeout=$3,entry_timeout=$3,negative_timeout=$3" "$1/shared" "$1/shared" || exit 1
      fi
      exec slurmd -N "$2"' sh "$STATE" "$1" "$STALE" || die "slurmd $1 did not start, see $LOG/slurmd-$1.log"
  else
    slurmd -N "$1" || die "slurmd $1 did not start, see $LOG/slurmd-$1.log"
  fi
}

start_db() {
  if [[ ! -d $DB/mysql ]]; then
    mkdir -p "$DB"
    mariadb-install-db --no-defaults --user=root --datadir="$DB" --skip-test-db --auth-root-authentication-method=socket >"$LOG/mariadb-install.log" 2>&1
  fi
  if ! pid_of mariadb mariadbd >/dev/null; then
    # no TCP, own socket; the small settings are those slurmdbd asks for
    setsid mariadbd --no-defaults --user=root --datadir="$DB" --socket="$RUN/mysql.sock" --skip-networking \
      --pid-file="$RUN/mariadb.pid" --innodb-buffer-pool-size=256M --innodb-lock-wait-timeout=900 \
      >"$LOG/mariadb.log" 2>&1 </dev/null &
    wait_for 30 mariadb-admin --no-defaults --socket="$RUN/mysql.sock" ping || die "MariaDB did not start, see $LOG/mariadb.log"
  fi
}

case $verb in
up)
  [[ $(id -u) == 0 ]] || die "root is needed (slurmd starts jobs as other users; mknod)"
  need=()
  command -v munged >/dev/null || need+=(munge)
  command -v slurmctld >/dev/null || need+=(slurmctld)
  command -v slurmd >/dev/null || need+=(slurmd)
  command -v sbatch >/dev/null || need+=(slurm-client)
  if [[ $ACCT == dbd ]]; then
    command -v slurmdbd >/dev/null || need+=(slurmdbd slurm-wlm-mysql-plugin)
    command -v mariadbd >/dev/null || need+=(mariadb-server)
  fi
  if [[ $STALE != 0 ]]; then
    ((ISOLATE)) || die "--stale needs --isolate 1"
    command -v bindfs >/dev/null || need+=(bindfs fuse3)
  fi
  if ((${#need[@]})); then
    ((INSTALL)) || die "missing: ${need[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
  fi
  write_config
  . "$STATE/env.sh"
  if ! pid_of munged munged >/dev/null; then
    rm -f "$RUN/munge/munge.socket"
    setpriv --reuid=munge --regid=munge --clear-groups munged --key-file="$ETC/munge.key" \
      --socket="$RUN/munge/munge.socket" --pid-file="$RUN/munge/munged.pid" \
      --log-file="$LOG/munge/munged.log" --seed-file="$RUN/munge/munge.seed" --num-threads=4
    ln -sf munge/munged.pid "$RUN/munged.pid"
  fi
  wait_for 10 munge -S "$RUN/munge/munge.socket" -n || die "munged does not answer, see $LOG/munge/munged.log"
  if [[ $ACCT == dbd ]]; then
    start_db
    MYSQL_UNIX_PORT=$RUN/mysql.sock pid_of slurmdbd slurmdbd >/dev/null || MYSQL_UNIX_PORT=$RUN/mysql.sock slurmdbd
    wait_for 30 sacctmgr -n show cluster || die "slurmdbd does not answer, see $LOG/slurmdbd.log"
    sacctmgr -n show cluster testbed 2>/dev/null | grep -q testbed || sacctmgr -i -Q add cluster testbed >/dev/null
    sacctmgr -n show account test 2>/dev/null | grep -q test || sacctmgr -i -Q add account test Description=test Organization=test >/dev/null
    sacctmgr -n show user root withassoc format=account 2>/dev/null | grep -q test || sacctmgr -i -Q add user root Account=test >/dev/null || true
  fi
  pid_of slurmctld slurmctld >/dev/null || slurmctld
  for ((i = 1; i <= NODES; i++)); do start_node "n$i"; done
  wait_for 20 scontrol ping || die "slurmctld does not answer, see $LOG/slurmctld.log"
  wait_for 20 bash -c '(( $(sinfo -h -N -p batch -t idle -o %N | wc -l) >= $1 ))' sh "$NODES" || say "not all nodes are idle yet"
  sinfo -N -p batch -o '%N %T %c %m %G'
  say "ready:  . $STATE/env.sh"
  ;;
down)
  # controller and nodes together (2 s each otherwise), what is left on the nodes, the database daemons, munge last
  daemons=(slurmctld:slurmctld) left=()
  for f in "$RUN"/slurmd-*.pid; do
    [[ -e $f ]] || continue
    name=$(basename "$f" .pid); daemons+=("$name:slurmd")
    if pid=$(pid_of "$name" slurmd); then mapfile -t -O "${#left[@]}" left < <(procs_of_node "$pid"); fi
  done
  stop_all "${daemons[@]}"
  for p in "${left[@]}"; do if [[ -n $p ]]; then kill -KILL "$p" 2>/dev/null || true; fi; done
  stop_all slurmdbd:slurmdbd; stop_all mariadb:mariadbd; stop_all munged:munged
  say "down; remove $STATE to forget jobs and accounting"
  ;;
node-down)
  [[ -n $node_arg ]] || die "which node?"
  pid=$(pid_of "slurmd-$node_arg" slurmd) || die "slurmd $node_arg is not running"
  steps=$(procs_of_node "$pid")
  kill -KILL "$pid"; for p in $steps; do kill -KILL "$p" 2>/dev/null || true; done
  rm -f "$RUN/slurmd-$node_arg.pid"; say "killed slurmd $node_arg ($pid) and on it: ${steps//$'\n'/ }"
  ;;
node-up)
  [[ -n $node_arg ]] || die "which node?"
  [[ ! -e $STATE/options.sh ]] || . "$STATE/options.sh"
  start_node "$node_arg"; say "started slurmd $node_arg"
  ;;
status)
  for f in "$RUN"/*.pid; do [[ -e $f ]] && printf '%-14s %s\n' "$(basename "$f" .pid)" "$(cat "$f")"; done
  [[ -e $STATE/env.sh ]] && . "$STATE/env.sh" && sinfo -N -o '%N %P %T %C %m %G %E' && squeue -a
  ;;
*) sed -n '3,/^set -/p' "$0" | sed '$d'; exit 2;;
esac
