#!/bin/bash
#SBATCH --job-name=stsscan
#SBATCH --array=0-15
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#
# An array of 16 tasks shares one run directory, and each task scans its own parts.
# A requeued task continues where it stopped. Usage:
#
#   sbatch deploy/slurm-array.sh RUN_DIRECTORY LIST CONTACT
set -euo pipefail

run=${1:?run directory, on a file system that all nodes share}
list=${2:?list of domains}
contact=${3:?mail address or URL for the operators of scanned hosts}

# exec lets the signal before the time limit reach stsscan itself. It then finishes
# what is in flight and exits with status 3 within 30 seconds.
exec stsscan scan --shard env --output "$run" --contact "$contact" "$list"
