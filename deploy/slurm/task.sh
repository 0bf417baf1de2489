#!/bin/bash
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
#
# Runs a command of stsscan as a job of Slurm, and lets the job begin again where that
# helps: on another node perhaps, after a while, and with what is done already.
#
#   sbatch [OPTION...] task.sh stsscan COMMAND...
#
# %a in an argument becomes the index of the array task, as it does in names of logs.
set -uo pipefail
set -- "${@//%a/${SLURM_ARRAY_TASK_ID:-}}"

# The signal before the time limit reaches this shell only, which passes it on. A scan
# that gets it ends within 30 seconds, with status 3. Bash loses that status now and then
# if the signal ends a wait, so that wait comes last.
trap 'kill -TERM $! 2>/dev/null' TERM
"$@" &
while kill -0 $! 2>/dev/null; do sleep 1; done
wait $!
status=$?

# restarts says how often a job may begin again after a status. Slurm counts restarts of
# all causes together, its own after the loss of a node among them.
case "$status $2" in
"3 finish") restarts=0 ;; # shards are missing, and will be the next time
"3 "*) restarts=20 ;;     # stopped early: it goes on where it was
"11 "*) restarts=20 ;;    # in use: a process that died keeps a shard for two minutes
*) restarts=$((status >= 128 ? 3 : 0)) ;; # killed, but perhaps for what it does itself
esac
[ "$status" -ne 0 ] || exit 0
echo "$2 ended with status $status, after ${SLURM_RESTART_COUNT:-0} restarts of at most $restarts" >&2
[ "${SLURM_RESTART_COUNT:-0}" -lt "$restarts" ] || exit "$status"

# A job that was cancelled is no longer running, and stays cancelled. Where Slurm has lost
# this node and has begun the job on another one, it has had one more restart. One that
# begins again is killed first: hence the sleep.
read -r state restarted < <(squeue --noheader --jobs "$SLURM_JOB_ID" --Format State,RestartCnt)
if [ "$state ${restarted:-}" = "RUNNING ${SLURM_RESTART_COUNT:-0}" ]; then
	scontrol requeue "$SLURM_JOB_ID" && sleep 60
fi
exit "$status"
