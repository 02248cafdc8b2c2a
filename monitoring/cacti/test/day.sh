# Installs what README.md says, lets a day pass and looks at what Cacti has of it. Sourced by scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

here=$root/monitoring/cacti
template=$here/cacti_host_template_windows_socket_statistics.xml
polls=${POLLS:-288} # five minutes apart

# --- what an administrator does: README.md, step by step ---

install -m 755 "$work/bin/windows-socket-stats" /usr/local/bin/
install -m 755 "$here/windows-socket-stats.sh" "$site/scripts/"
install -d -m 750 -g www-data /etc/windows-socket-stats
install -d -m 700 -o www-data /var/cache/windows-socket-stats
settings() { # settings GROUP SERVER LINE...
	printf '%s\n' "${password[$2]}" | install -m 640 -g www-data /dev/stdin "/etc/windows-socket-stats/$1.password"
	{
		printf 'username = %s\npassword-file = /etc/windows-socket-stats/%s.password\n' "${account[$2]}" "$1"
		printf '%s\n' 'auth = ntlm' 'share = /var/cache/windows-socket-stats' "${@:3}"
	} | install -m 640 -g www-data /dev/stdin "/etc/windows-socket-stats/$1.conf"
}
. "$work/tuned.ready"
https_port=${WINSIM_HTTPS##*:}
. "$work/stock.ready"
install -m 644 "$work/tuned.pem" /etc/windows-socket-stats/ca.pem
settings default stock
settings dmz tuned '# a group of its own, over HTTPS and on another port' 'https = true' "port = $https_port" 'tls-server-name = localhost' \
	'ca-certificate-file = /etc/windows-socket-stats/ca.pem'

php "$here/generate-template.php" >"$work/template.xml"
check "the template is what generate-template.php writes" cmp "$work/template.xml" "$template"
php "$cli/import_template.php" --filename="$template" >"$work/import"
# import_template.php ends well also when it imported nothing.
check "import_template.php: 7 new objects" test "$(grep -c '^\[success\].*\[new\]' "$work/import")" = 7
php "$cli/import_template.php" --filename="$template" >"$work/import"
check "a second import changes nothing" test "$(grep -c '^\[success\].*\[unchanged\]' "$work/import")" = 8

device_template=$(sql cacti -e "SELECT id FROM host_template WHERE name = 'Windows Socket Statistics'")
device() { # device SERVER DESCRIPTION ADDRESS GROUP
	php "$cli/add_device.php" --description="$2" --ip="$3" --external-id="$4" --template="$device_template" --avail=none --version=0 >"$work/device"
	echo "$1 $(sql cacti -e "SELECT id FROM host WHERE description = '$2'")" >>"$work/devices"
}
device stock 'mail01, as installed' "$WINSIM_HTTP" ''
device tuned 'mail02, tuned' "${ip[tuned]}" dmz
id_of() { sed -n "s/^$1 //p" "$work/devices"; }
for server in "${servers[@]}"; do
	check "device $server: two graphs come with the template" test \
		"$(sql cacti -e "SELECT COUNT(*) FROM graph_local WHERE host_id = $(id_of "$server")")" = 2
done
command_of() { sql cacti -e "SELECT arg1 FROM poller_item WHERE host_id = $(id_of "$1") AND arg1 LIKE '% $2 %'"; }
check "device stock: address and group are what the script is called with" test \
	"$(command_of stock ports)" = "$site/scripts/windows-socket-stats.sh '$WINSIM_HTTP' ports ''"
check "device tuned: likewise" test "$(command_of tuned sockets)" = "$site/scripts/windows-socket-stats.sh '${ip[tuned]}' sockets 'dmz'"
rrd_of() { sql cacti -e "SELECT rrd_path FROM poller_item WHERE host_id = $(id_of "$1") AND arg1 LIKE '% $2 %'"; }
graph_of() {
	sql cacti -e "SELECT l.id FROM graph_local l JOIN graph_templates t ON t.id = l.graph_template_id
		WHERE host_id = $(id_of "$1") AND t.name = 'Windows - $2'"
}
lap "template, settings and devices"

# --- the day ---

# Cacti makes an RRD file that takes nothing older than today, so the day is tomorrow.
midnight=$((($(date +%s) / 86400 + 1) * 86400))
# New outgoing mails a second: few at night, the most at half past ten, less over lunch, a newsletter at nine.
mapfile -t rates < <(awk -v n="$polls" 'BEGIN {
	for (i = 0; i < n; i++) {
		h = i * 24 / n
		printf "%.2f\n", 3 + 40 * exp(-((h - 10.5) / 1.7) ^ 2) + 26 * exp(-((h - 15.2) / 2) ^ 2) + (h >= 21 && h < 21.7 ? 14 : 0)
	}
}')
at=$midnight
# a_poll lets five minutes pass, and Cacti poll. What a server has before and after goes into SERVER.truth.
a_poll() { # a_poll RATE
	local server before=()
	for server in "${servers[@]}"; do
		if [ -n "$1" ]; then
			load "$server" "$1"
			api "$server" POST /step?by=300s
		fi
	done
	for server in "${servers[@]}"; do
		api "$server" GET /sockets
		before+=("$reply")
	done
	now_is "$at"
	poll
	for server in "${servers[@]}"; do
		api "$server" GET /sockets
		printf '%d\t%s\t%s\n' "$at" "${before[0]}" "$reply" >>"$work/$server.truth"
		before=("${before[@]:1}")
	done
	at=$((at + 300))
}
: >"$work/housekeeping"
a_poll "${rates[0]}"
rm "$work/housekeeping"
for ((i = 1; i < polls; i++)); do a_poll "${rates[i]}"; done
evening=$((at - 300))
lap "$polls polls of two servers, five simulated minutes apart"

fetch() { rrdtool fetch "$(rrd_of "$1" "$2")" AVERAGE -s "$midnight" -e "$((at - 301))"; }
for server in "${servers[@]}"; do
	for part in sockets ports; do
		fetch "$server" "$part" >"$work/$server.$part"
		check "RRD of $server's $part: every value is what the server had" \
			php "$here/test/compare.php" "$work/$server" "$work/$server.$part" "$((midnight + 300))" "$evening"
	done
done
