# Lets a day pass, and looks at what Cacti has of it. Sourced by scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

polls=${POLLS:-${OUT:+288}} polls=${polls:-144} # five minutes apart

# One day to come, whenever this runs, so that the pictures can be made again: Cacti makes an RRD file that takes nothing older
# than itself.
midnight=$(date -d 2030-03-04T00:00:00Z +%s)
[ "$midnight" -gt "$(date +%s)" ] || die "The day of test-cacti is over: choose a later one, and make the pictures of the docs anew."
# New outgoing mails a second: few at night, the most at half past ten, less over lunch, a newsletter at nine.
mapfile -t rates < <(awk -v n="$polls" 'BEGIN {
	for (i = 0; i < n; i++) {
		h = i * 24 / n
		printf "%.2f\n", 3 + 40 * exp(-((h - 10.5) / 1.7) ^ 2) + 26 * exp(-((h - 15.2) / 2) ^ 2) + (h >= 21 && h < 21.7 ? 14 : 0)
	}
}')
at=$midnight
# a_poll RATE lets five minutes pass under that load, and Cacti poll.
a_poll() {
	five_minutes "$at" "$1"
	just_poll
}
just_poll() {
	now_is "$at"
	poll
	at=$((at + 300))
}

: >"$work/housekeeping" # the first poll is a whole one
a_poll "${rates[0]}"
for ((tries = 0; tries < 600; tries++)); do
	grep -qsa 'site/poller_' /proc/[0-9]*/cmdline || break
	sleep 0.1
done
[ "$tries" -lt 600 ] || die "Cacti's own housekeeping does not end: $(grep -sa 'site/poller_' /proc/[0-9]*/cmdline | tr '\0' ' ')"
rm "$work/housekeeping"
for ((i = 1; i < polls; i++)); do a_poll "${rates[i]}"; done
evening=$((at - 300))
lap "$polls polls of two servers, five simulated minutes apart"

check "the witness has nothing to say" test ! -s "$work/witness.log"
failures() { tail -n 1 "$work/$1.truth" | sed 's/.*"failures":\([0-9]*\).*/\1/'; }
check "server stock ran out of ports: $(failures stock) connections failed" test "$(failures stock)" -gt 1000
check "server tuned did not" test "$(failures tuned)" = 0

fetch() { rrdtool fetch "$(rrd_of "$1" "$2")" AVERAGE -s "$midnight" -e "$((at - 301))"; }
for server in "${servers[@]}"; do
	for part in sockets ports; do
		fetch "$server" "$part" >"$work/$server.$part"
		check "RRD of $server's $part: every value is what the server had" \
			php "$here/test/compare.php" "$work/$server" "$work/$server.$part" "$((midnight + 300))" "$evening"
	done
done
