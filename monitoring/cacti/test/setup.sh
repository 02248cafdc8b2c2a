# Does what README.md says, step by step, and looks at what comes of it. Sourced by scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

here=$root/monitoring/cacti
template=$here/cacti_host_template_windows_socket_statistics.xml

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
# shellcheck source=/dev/null
. "$work/tuned.ready"
https_port=${WINSIM_HTTPS##*:}
# shellcheck source=/dev/null
. "$work/stock.ready"
install -m 644 "$work/tuned.pem" /etc/windows-socket-stats/ca.pem
settings default stock
# dmz_settings LINE...: a group of its own, over HTTPS and on another port.
dmz_settings() {
	settings dmz tuned '# a comment' 'https = true' "port = $https_port" 'tls-server-name = localhost' \
		'ca-certificate-file = /etc/windows-socket-stats/ca.pem' "$@"
}
dmz_settings

php "$here/generate-template.php" >"$work/template.xml"
check "the template is what generate-template.php writes" diff -u "$template" "$work/template.xml"
php "$cli/import_template.php" --filename="$template" >"$work/import"
# import_template.php ends well also when it imported nothing.
check "import_template.php: 7 new objects" test "$(grep -c '^\[success\].*\[new\]' "$work/import")" = 7
php "$cli/import_template.php" --filename="$template" >"$work/import"
check "a second import changes nothing" test "$(grep -c '^\[success\].*\[unchanged\]' "$work/import")" = 8

serve_web
sql cacti -e "UPDATE host_template SET name = 'another' WHERE name = 'Windows Socket Statistics';
	UPDATE user_auth SET must_change_password = '', password_change = '' WHERE username = 'admin'"
php "$here/test/import-by-web.php" http://127.0.0.1:8080 "$template"
check "Cacti's web page imports it too" test "$(sql cacti -e "SELECT COUNT(*) FROM host_template WHERE name = 'Windows Socket Statistics'")" = 1

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
