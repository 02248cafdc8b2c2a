# Lets a day pass, and looks at what Cacti has of it. Sourced by scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

polls=${POLLS:-288} # five minutes apart

# Cacti makes an RRD file that takes nothing older than today; the day after tomorrow will do, whenever this runs.
midnight=$((($(date +%s) / 86400 + 2) * 86400))
# New outgoing mails a second: few at night, the most at half past ten, less over lunch, a newsletter at nine.
mapfile -t rates < <(awk -v n="$polls" 'BEGIN {
	for (i = 0; i < n; i++) {
		h = i * 24 / n
		printf "%.2f\n", 3 + 40 * exp(-((h - 10.5) / 1.7) ^ 2) + 26 * exp(-((h - 15.2) / 2) ^ 2) + (h >= 21 && h < 21.7 ? 14 : 0)
	}
}')
at=$midnight
# a_poll RATE lets five minutes pass under that load, and Cacti poll. What a server has before and after goes into
# SERVER.truth.
a_poll() {
	local server
	for server in "${servers[@]}"; do
		load "$server" "$1"
		api "$server" POST /step?by=300s
	done
	for server in "${servers[@]}"; do
		api "$server" GET /sockets
		printf '%d\t%s\t' "$at" "$reply" >>"$work/$server.truth"
	done
	just_poll
	for server in "${servers[@]}"; do
		api "$server" GET /sockets
		printf '%s\n' "$reply" >>"$work/$server.truth"
	done
}
just_poll() {
	now_is "$at"
	poll
	at=$((at + 300))
}

: >"$work/housekeeping" # the first poll is a whole one
a_poll "${rates[0]}"
while grep -qsa 'site/poller_' /proc/[0-9]*/cmdline; do sleep 0.1; done
rm "$work/housekeeping"
for ((i = 1; i < polls; i++)); do a_poll "${rates[i]}"; done
evening=$((at - 300))
lap "$polls polls of two servers, five simulated minutes apart"

failures() { tail -n 1 "$work/$1.truth" | cut -f 3 | sed 's/.*"failures":\([0-9]*\).*/\1/'; }
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
