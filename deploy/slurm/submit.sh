#!/bin/bash
# Scans lists as jobs of Slurm: one that prepares the run, an array that scans it, and
# one that finishes it. Submitted again, it goes on with what is missing.
#
#   deploy/slurm/submit.sh RUN LIST...
#
#   RUN        run directory on a file system that all nodes share
#   LIST...    lists of domains, on such a file system too
#   SHARDS     number of shards, for good                (default: 64)
#   AT_A_TIME  how many shards are scanned at once       (default: 4)
#   TASKS      shards to scan, such as 3,7               (default: all)
#   STORE      s3://bucket/prefix for a run without a shared file system; RUN is then
#              a directory on a disk of each node        (default: none)
#
# STSSCAN_CONFIG names a file with the settings of the scan, and SBATCH_* variables have
# those of the jobs: SBATCH_PARTITION, SBATCH_TIMELIMIT, ... See README.md beside this.
set -euo pipefail
run=${1:?run directory} shards=${SHARDS:-64} at_a_time=${AT_A_TIME:-4}
connections=$((at_a_time > 2 ? at_a_time : 2)) # to one address: each task needs one
shift
[ $# -gt 0 ] || { echo "usage: $0 RUN LIST..." >&2; exit 2; }
store=(${STORE:+--store "$STORE"})
task=$(dirname "$0")/task.sh

# All jobs of a run have one name, and the first waits for all older ones of that name.
# So a run that is submitted twice has no more than AT_A_TIME tasks at once.
submit() { sbatch --parsable --job-name "stsscan $run" "$@"; } # prints ID or ID;CLUSTER

prepare=$(submit --dependency singleton \
	"$task" stsscan prepare --output "$run" --shards "$shards" "${store[@]}" "$@")
array=$(submit --dependency "afterok:${prepare%;*}" --kill-on-invalid-dep yes \
	--array "${TASKS:-0-$((shards - 1))}%$at_a_time" \
	"$task" stsscan scan --output "$run" --shard "%a/$shards" --at-a-time "$at_a_time" --host-connections "$connections" \
	"${store[@]}")
finish=$(submit --dependency "afterany:${array%;*}" \
	"$task" stsscan finish "${store[@]}" "$run")
echo "$run: prepared by job $prepare, scanned by array $array, finished by job $finish"
