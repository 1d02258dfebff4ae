#!/bin/sh
# Installs and starts a real Slurm on this one machine, for tests: as root, without systemd (Debian 12, Slurm 22.05).
#
#   sh scripts/slurm_single_node.sh            install what is missing, start what does not run, wait until jobs can run
#   sh scripts/slurm_single_node.sh status     0 when jobs can run here
#   sh scripts/slurm_single_node.sh stop       end the three daemons
#
# A second call changes nothing. A configuration that this script did not write is never touched. Waiting times are
# short, so that the tests are; nothing here is meant for a machine that several people use.
set -eu

PATH=$PATH:/usr/sbin:/sbin
conf=/etc/slurm/slurm.conf
mark='# Written by scripts/slurm_single_node.sh of sciopt, for tests.'

stop() {
    printf 'no Slurm here: %s\n' "$1" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

ours() { [ -f "$conf" ] && grep -qF "$mark" "$conf"; }

install_packages() {
    have slurmctld && have slurmd && have munged && return 0
    have apt-get || stop "slurmctld, slurmd or munged is missing, and there is no apt-get to install them"
    log="${TMPDIR:-/tmp}/slurm_install.log"
    echo "installing slurm-wlm and munge"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    { apt-get update -q && apt-get install -q -y --no-install-recommends slurm-wlm munge; } >"$log" 2>&1 ||
        stop "apt-get could not install slurm-wlm and munge: see $log"
}

# Slurm's daemons trust each other by a key that only munge's own user may read.
start_munge() {
    munge -n </dev/null 2>/dev/null | unmunge >/dev/null 2>&1 && return 0
    install -d -o munge -g munge -m 0700 /etc/munge /var/log/munge /var/lib/munge
    install -d -o munge -g munge -m 0755 /run/munge
    [ -s /etc/munge/munge.key ] || dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 status=none
    chown munge:munge /etc/munge/munge.key
    chmod 400 /etc/munge/munge.key
    rm -f /run/munge/munge.socket.2 /run/munge/munge.socket.2.lock
    setpriv --reuid munge --regid munge --init-groups munged || stop "munged does not start: see /var/log/munge/munged.log"
}

# All memory but half a GB, so that a job's request for 2 GB is not refused on a small machine.
memory_mb() { awk '/^MemTotal/ { print int($2 / 1024) - 512 }' /proc/meminfo; }

configure() {
    [ ! -e "$conf" ] || ours || stop "$conf is there and was not written by this script; it stays as it is"
    host=$(hostname -s)
    mkdir -p /etc/slurm /var/spool/slurmctld /var/spool/slurmd /var/log/slurm
    cat >"$conf" <<END
$mark
ClusterName=box
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A requeued job waits until its credential has expired: two minutes by default.
AuthInfo=cred_expire=5
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=5,bf_interval=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
KillWait=5
MinJobAge=600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(memory_mb) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
    # Slurm 22.05 cannot do without control groups: slurmd wants to know the hierarchy that is mounted.
    if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then version=v2; else version=v1; fi
    printf '%s\n' "$mark" "CgroupPlugin=cgroup/$version" CgroupMountpoint=/sys/fs/cgroup CgroupAutomount=no \
        IgnoreSystemd=yes >/etc/slurm/cgroup.conf
}

running() { [ -f "/run/$1.pid" ] && kill -0 "$(cat "/run/$1.pid")" 2>/dev/null; }

ready() { [ "$(timeout 10 sinfo -h -o %a-%t 2>/dev/null | grep -cE '^up-(idle|mix|alloc)')" -gt 0 ]; }

wait_until_ready() {
    tries=0
    until ready; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || stop "the node is not ready after 60 s: see /var/log/slurm ($(sinfo -h -o '%t %E' 2>&1))"
        sleep 1
    done
}

start() {
    [ "$(id -u)" = 0 ] || stop "the daemons need root"
    install_packages
    if ! ready; then
        configure
        start_munge
        running slurmctld || slurmctld || stop "slurmctld does not start: see /var/log/slurm/slurmctld.log"
        sleep 1
        running slurmd || slurmd || stop "slurmd does not start: see /var/log/slurm/slurmd.log"
        wait_until_ready
    fi
    echo "Slurm runs here: $(sinfo -h -o '%P %D node, %c cores, %m MB, %t')"
}

end() {
    ours || stop "$conf was not written by this script; its daemons are left alone"
    for name in slurmd slurmctld; do
        if running "$name"; then kill "$(cat "/run/$name.pid")"; fi
    done
    if [ -f /run/munge/munged.pid ]; then kill "$(cat /run/munge/munged.pid)" || true; fi
}

case ${1:-start} in
start) start ;;
status) ready ;;
stop) end ;;
*) stop "'$1' is none of start, status, stop" ;;
esac
