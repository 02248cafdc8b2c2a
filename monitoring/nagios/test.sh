# shellcheck shell=bash
# Sourced by scripts/test-monitoring: Nagios 4 with our definitions, checking simulated hosts every two seconds.
# shellcheck disable=SC2154 # work, debian, http … are the script's

nagios=$work/nagios

# define_host NAME PORT [PASSWORD_FILE [OPTIONS]] is one of ours, told to be sure at the first look.
define_host() {
	printf '%s\n' 'define host {' 'use windows-winrm-host' "host_name $1" 'address 127.0.0.1' 'check_interval 2' 'max_check_attempts 1' \
		"_WINRM_PORT $2" '_WINRM_AUTH ntlm' "_WINRM_USERNAME $WINSIM_USERNAME" "_WINRM_PASSWORD_FILE ${3:-$work/password}" "_WINRM_REFUSED_FILE $nagios/state/refused${3:+-$1}" ${4:+"_WINRM_OPTIONS $4"} '}'
}
# define_service DESCRIPTION HOSTS FACTS... likewise.
define_service() {
	printf '%s\n' 'define service {' 'use windows-sockets' "service_description $1" "host_name $2" 'check_interval 2' 'retry_interval 2' 'max_check_attempts 1' "${@:3}" '}'
}

start_nagios() {
	part "Nagios: the definitions"
	mkdir -p "$nagios/spool/checkresults" "$nagios/archives"
	mkdir -m 0700 "$nagios/state"
	{
		define_host mail01 "${http[mail01]##*:}"
		define_host mail03 "${http[mail03]##*:}"
		define_host without-password "${http[mail01]##*:}" "$nagios/none"
		define_host wrong-password "${http[mail01]##*:}" "$nagios/wrong"
		define_host open-password "${http[mail01]##*:}" "$nagios/open"
		define_host no-such-name 5985 | sed 's/127\.0\.0\.1/no-such-host.invalid/'
		define_host by-https "${https[mail01]##*:}" "" "--https --ca-certificate-file=$work/mail01.pem"
		define_service "Sockets and ports" "mail01, mail03, by-https, without-password, wrong-password, open-password, no-such-name"
		define_service "Bad threshold" "mail01" "_UTILISATION_WARNING lots"
		define_service "Percent" "mail01" "_UTILISATION_WARNING 80"
		define_service "More thresholds" "mail01" "_MORE_THRESHOLDS --warning='pool_size=@2000:2000' --critical='active=~:100000'"
		define_service "Not given" "mail01" "_MORE_THRESHOLDS --warning='nonsense=1'"
		define_service "In two seconds" mail03 "_DEADLINE 2s"
		define_service "Unknown format" "mail01" "check_command unknown_format"
		# shellcheck disable=SC2016 # Nagios' macros
		printf '%s\n' 'define command {' 'command_name unknown_format' 'command_line $USER1$/windows-socket-stats --format=nagois mail01' '}'
	} >"$nagios/test.cfg"
	(umask 077 && echo not-a-real-password-2 >"$nagios/wrong")
	(umask 022 && echo not-a-real-password-3 >"$nagios/open")
	echo "\$USER1\$=$work/plugins" >"$nagios/resource.cfg"
	sed -E -e '/^(cfg_dir|cfg_file|interval_length|.*_log_file|check_result_reaper_frequency|status_update_interval|log_rotation_method|use_syslog|enable_notifications|check_external_commands|.*_inter_check_delay_method|retain_state_information|enable_flap_detection|host_perfdata|service_perfdata)/d' \
		-e "s#=/etc/nagios4/#=$nagios/#; s#=/var/(log|run|lib)/nagios4/#=$nagios/#; s#^(nagios_(user))=.*#\1=$(id -un)#; s#^(nagios_group)=.*#\1=$(id -gn)#" \
		"$debian/etc/nagios4/nagios.cfg" >"$nagios/nagios.cfg"
	cat >>"$nagios/nagios.cfg" <<-EOT
		cfg_file=$debian/etc/nagios4/objects/commands.cfg
		cfg_file=$debian/etc/nagios4/objects/contacts.cfg
		cfg_file=$debian/etc/nagios4/objects/timeperiods.cfg
		cfg_file=$debian/etc/nagios4/objects/templates.cfg
		cfg_file=$root/monitoring/nagios/windows-sockets.cfg
		query_socket=$nagios/query
		interval_length=1
		check_result_reaper_frequency=1
		status_update_interval=1
		log_rotation_method=n
		use_syslog=0
		enable_notifications=0
		check_external_commands=0
		service_inter_check_delay_method=n
		host_inter_check_delay_method=n
		retain_state_information=0
		enable_flap_detection=0
	EOT
	sed -e "s#cached_host_check_horizon=.*#cached_host_check_horizon=0#" -i "$nagios/nagios.cfg"
	cp "$nagios/nagios.cfg" "$nagios/example.cfg"
	echo "cfg_file=$nagios/test.cfg" >>"$nagios/nagios.cfg"
	echo "cfg_file=$root/monitoring/nagios/windows-hosts.cfg" >>"$nagios/example.cfg"
	check "nagios4 -v takes the definitions with the example" quiet_verify "$nagios/example.cfg"
	check "nagios4 -v takes those of this test" quiet_verify "$nagios/nagios.cfg"
	LD_LIBRARY_PATH=$libraries "$debian/usr/sbin/nagios4" "$nagios/nagios.cfg" >"$nagios/out" 2>&1 </dev/null &
	nagios_pid=$!
	running+=("$nagios_pid")
}

# quiet_verify wants a check of a configuration without warnings.
quiet_verify() {
	of_debian "$debian/usr/sbin/nagios4" -v "$1" >"$nagios/verified" || { cat "$nagios/verified"; return 1; }
	grep -q '^Total Warnings: 0' "$nagios/verified" || { grep -A 3 -i warning "$nagios/verified"; return 1; }
}

# nagios_of HOST SERVICE prints state, output and performance data of a service as Nagios knows it.
nagios_of() {
	awk -F= -v host="$1" -v service="$2" '
		/^servicestatus/ { h = s = state = text = data = "" }
		{ key = $1; sub(/^[ \t]+/, "", key); value = substr($0, index($0, "=") + 1) }
		key == "host_name" { h = value } key == "service_description" { s = value } key == "current_state" { state = value }
		key == "plugin_output" { text = value } key == "performance_data" { data = value }
		key == "last_check" && value + 0 == 0 { state = "never checked" }
		/^[ \t]*}/ && h == host && s == service { print state " " text " | " data; exit }
	' "$nagios/status.dat"
}
# shows HOST SERVICE PATTERN wants the line of nagios_of to match.
shows() {
	local line
	line=$(nagios_of "$1" "$2") || true
	[[ $line =~ $3 ]] || { echo "of $1, $2, Nagios knows: $line"; return 1; }
}

# nagios_sees STATE WORD waits until mail01 is in that state, with numbers for a graph.
nagios_sees() {
	check "Nagios: mail01 is $2, with performance data" soon shows mail01 "Sockets and ports" \
		"^$1 SOCKETS $2 - 127\.0\.0\.1:[0-9]+: .* of [0-9]+ ports in use .*\| 'active'=[0-9]+;;;0; .*'utilisation'=[0-9.]+;0\.8;0\.9;0;1 "
}

# nagios_names_the_reason: one destination holds more than half of the ports, and all together less than 80 %.
nagios_names_the_reason() {
	check "Nagios: and that it is by one destination" soon shows mail01 "Sockets and ports" '^1 SOCKETS WARNING - .* ports in use \(7[0-9]\.[0-9] %\)[^|]* - busiest_ratio is 0\.[67][0-9]* \(warning: 0\.5\) \|'
}

nagios_sees_wrong_use() {
	check "Nagios: a bad threshold is UNKNOWN, in our words" soon shows mail01 "Bad threshold" '^3 SOCKETS UNKNOWN - --warning: utilisation: range "lots": "lots" is no number[;:,] write a range as Nagios has it'
	check "Nagios: so is a percentage" soon shows mail01 "Percent" '^3 SOCKETS UNKNOWN - .*for 80 % write 0\.8'
	check "Nagios: so is a metric that does not exist" soon shows mail01 "Not given" '^3 SOCKETS UNKNOWN - --warning: "nonsense" is no metric[;:,] there are: active, stale,'
	check "Nagios: so is a password file that cannot be read" soon shows without-password "Sockets and ports" '^3 SOCKETS UNKNOWN - --password-file cannot be read: .*/none: no such file or directory'
	check "Nagios: so are refused credentials, which are not tried again" soon shows wrong-password "Sockets and ports" '^3 SOCKETS UNKNOWN - 127\.0\.0\.1:[0-9]+: not asked: '
	check "Nagios: so is a password file that others may read" soon shows open-password "Sockets and ports" '^3 SOCKETS UNKNOWN - .*/open'
	check "Nagios: so is a name that does not resolve" soon shows no-such-name "Sockets and ports" '^3 SOCKETS UNKNOWN - no-such-host\.invalid:5985: '
	check "Nagios: so is an unknown format, though nothing stands on stdout" soon shows mail01 "Unknown format" '^3 .*--format=nagois is unknown: use one of table, json, cacti, prometheus, nagios'
	check "Nagios: more thresholds by a custom variable" soon shows mail01 "More thresholds" '^1 SOCKETS WARNING - .*pool_size is 2000 \(warning: @2000:2000\).*'"'pool_size'=2000;@2000:2000;;0; "
	check "Nagios: over HTTPS, by options of the host" soon shows by-https "Sockets and ports" '^0 SOCKETS OK - 127\.0\.0\.1:[0-9]+: '
	check "Nagios: mail03 is up" soon is_up mail03
}
# is_up HOST wants Nagios to have checked that host and found it up.
is_up() {
	awk -F= -v host="$1" '
		/^hoststatus/ { h = state = "" }
		{ key = $1; sub(/^[ \t]+/, "", key) }
		key == "host_name" { h = $2 } key == "has_been_checked" || key == "current_state" { state = state $2 }
		/^[ \t]*}/ && h == host { print state; exit }
	' "$nagios/status.dat" | grep -x 10
}

# nagios_sees_mail03_hang: a host that takes connections and says nothing. Its port is up for a check that asks no more.
nagios_sees_mail03_hang() {
	check "Nagios: a host that does not answer in time is CRITICAL, and why" soon shows mail03 "In two seconds" \
		'^2 SOCKETS CRITICAL - 127\.0\.0\.1:[0-9]+: not done within 2s \(--deadline\): '
	check "Nagios: mail03 is up all the same" is_up mail03
	check "no command line holds the password, while the program runs" soon without_password
}
# without_password wants one of our programs to run, and no command line of this test to hold the password.
without_password() {
	local ours
	ours=$(for file in /proc/[0-9]*/cmdline; do tr '\0' ' ' 2>/dev/null <"$file" && echo; done | grep -F "$work") || true
	[[ $ours == *"$work/plugins/windows-socket-stats --format=nagios "* ]] || { echo "none runs"; return 1; }
	[[ $ours != *"$(cat "$work/password")"* ]] || { echo "$ours"; return 1; }
}

nagios_sees_mail03_down() {
	check "Nagios: mail03 is DOWN" soon grep -qE 'HOST ALERT: mail03;DOWN;HARD;1;connect to address 127\.0\.0\.1 and port [0-9]+: Connection refused' "$nagios/nagios.log"
	check "Nagios: its service is CRITICAL and says what to look at" soon shows mail03 "Sockets and ports" '^2 SOCKETS CRITICAL - 127\.0\.0\.1:[0-9]+: the connection was refused: is WinRM enabled'
}

# nagios_tried_once: of all the checks with a wrong password, every two seconds, one has reached the host.
nagios_tried_once() {
	check "Nagios: the wrong password has been tried once" same 1 "$(on mail01 counters | sed -nE 's/.*"failed_logons": *([0-9]+).*/\1/p')"
	check "Nagios logged why: the account was refused" grep -q 'SERVICE ALERT: wrong-password;Sockets and ports;UNKNOWN;HARD;1;SOCKETS UNKNOWN - .*refused the credentials of CONTOSO' "$nagios/nagios.log"
}

# nagios_saw_all reads the whole story in the log, each change once and in order.
nagios_saw_all() {
	check "Nagios logged WARNING, CRITICAL and OK in this order" same $'WARNING;HARD\nCRITICAL;HARD\nOK;HARD' \
		"$(sed -nE 's/.*SERVICE ALERT: mail01;Sockets and ports;([A-Z]+;[A-Z]+);.*/\1/p' "$nagios/nagios.log")"
	check "Nagios knows no password" exits 1 grep -rF "$WINSIM_PASSWORD" "$nagios"
}

end_nagios() { check "Nagios ends when it is told to" exits 0 ended "$nagios_pid"; }
