#!/bin/sh
# One night: scan into RUNS/date=YYYY-MM-DD, tell what changed since the last complete
# run, let RUNS/latest point at this one, and keep the newest KEEP runs. Started again
# after a kill, it goes on. STSSCAN_CONFIG names the file with the settings of the scan.
#
#   RUNS    directory of the runs           (default: the one where it is started)
#   TELL    command that reads what changed (default: cat)
#   FORMAT  of that: text, markdown or json (default: text)
#   BY      tag to group by, such as team   (default: none)
#   KEEP    number of runs                  (default: 30)
#   FAIL_ON when a run is not to be latest  (default: suspect; empty: never)
set -eu
cd "${RUNS:-.}" && FAIL_ON=${FAIL_ON-suspect}
night=date=$(date +%F)
last=$(readlink latest || true)
[ "$last" != "$night" ] || exit 0 # it is complete
[ -z "$FAIL_ON" ] || [ ! -e "$night/changes" ] || exit 0 # it was told, and is not to be latest

for _ in 1 2 3; do
	status=0
	stsscan scan --output "$night" --progress off ${FAIL_ON:+--fail-on "$FAIL_ON"} || status=$?
	[ "$status" -eq 3 ] || break # stopped early: go on
done
[ "$status" -eq 0 ] || [ "$status" -eq 4 ] || exit "$status" # 4: told, but not latest

if [ -n "$last" ]; then
	stsscan diff --format "${FORMAT:-text}" ${BY:+--by "$BY"} "$last" "$night"
else
	echo "The first run. What is wrong now:"
	stsscan list --verdict broken,enforce_refused ${BY:+--by "$BY"} "$night"
fi >"$night/changes.tmp"
sh -c "${TELL:-cat}" <"$night/changes.tmp"
[ "$status" -ne 0 ] || { ln -sfn "$night" .latest && mv -T .latest latest; } # replaced at once
mv "$night/changes.tmp" "$night/changes"
[ "$status" -eq 0 ] || exit 0

if command -v stsscan-report >/dev/null; then
	# shellcheck disable=SC2086
	stsscan-report -q --for team -o report.html ${last:+"$last"} "$night"
fi
ls -d date=* | sort -r | tail -n +"$((${KEEP:-30} + 1))" | while read -r old; do rm -rf "$old"; done
