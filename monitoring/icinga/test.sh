# shellcheck shell=bash
# Sourced by scripts/test-monitoring: Icinga 2 with our definitions, checking simulated hosts every two seconds.
# shellcheck disable=SC2154 # work, debian, http … are the script's

icinga=$work/icinga

# icinga2 COMMAND CONFIGURATION... runs it on folders of its own, in the place of the shell: to be called in a subshell.
icinga2() {
	export ICINGA2_USER ICINGA2_GROUP LD_LIBRARY_PATH=$libraries
	ICINGA2_USER=$(id -un) ICINGA2_GROUP=$(id -gn)
	exec "$debian"/usr/lib/*-linux-gnu/icinga2/sbin/icinga2 "$@" -I "$debian/usr/share/icinga2/include" \
		-D DataDir="$icinga/data" -D LogDir="$icinga/log" -D CacheDir="$icinga/cache" -D SpoolDir="$icinga/spool" \
		-D InitRunDir="$icinga/run" -D PidPath="$icinga/run/pid"
}
takes() (icinga2 daemon -C -c "$1")

start_icinga() {
	part "Icinga: the definitions"
	mkdir -p "$icinga"/{data,log,cache,spool,run}
	mkdir -m 0700 "$icinga/state"
	cat >"$icinga/example.conf" <<-EOT
		const PluginDir = "$work/plugins"
		const ManubulonPluginDir = PluginDir
		const PluginContribDir = PluginDir
		const NodeName = "test"
		const ZoneName = NodeName
		include <itl>
		include <plugins>
		object CheckerComponent "checker" { }
		include "$root/monitoring/icinga/windows-sockets.conf"
	EOT
	cat "$icinga/example.conf" - >"$icinga/icinga2.conf" <<-EOT
		object CompatLogger "log" { log_dir = "$icinga/log" }
		object PerfdataWriter "perfdata" {
		  service_perfdata_path = "$icinga/perfdata"
		  host_perfdata_path = "$icinga/perfdata-host"
		  service_temp_path = "$icinga/now"
		  host_temp_path = "$icinga/now-host"
		  rotation_interval = 1s
		}
		template Host "test" {
		  import "windows-winrm-host"
		  address = "127.0.0.1"
		  check_interval = 2s
		  retry_interval = 2s
		  max_check_attempts = 1
		  vars.winrm_auth = "ntlm"
		  vars.winrm_username = "${WINSIM_USERNAME//\\/\\\\}"
		  vars.winrm_password_file = "$work/password"
		  vars.winrm_refused_file = "$icinga/state/refused"
		}
		object Host "mail01" {
		  import "test"
		  vars.winrm_port = ${http[mail01]##*:}
		}
		object Host "mail03" {
		  import "test"
		  vars.winrm_port = ${http[mail03]##*:}
		}
		object Host "by-https" {
		  import "test"
		  vars.winrm_port = ${https[mail01]##*:}
		  vars.winrm_https = true
		  vars.winrm_ca_certificate_file = "$work/mail01.pem"
		}
		apply Service "sockets and ports" {
		  import "windows-sockets"
		  check_interval = 2s
		  retry_interval = 2s
		  max_check_attempts = 1
		  assign where host.vars.winrm_username
		}
		object Service "bad threshold" {
		  import "windows-sockets"
		  host_name = "mail01"
		  check_interval = 2s
		  max_check_attempts = 1
		  vars.windows_sockets_warning = [ "utilisation=0.8", "active=lots" ]
		}
	EOT
	echo "include \"$root/monitoring/icinga/windows-hosts.conf\"" >>"$icinga/example.conf"
	check "icinga2 daemon -C takes the definitions with the example" takes "$icinga/example.conf"
	check "icinga2 daemon -C takes those of this test" takes "$icinga/icinga2.conf"
	icinga2 daemon -c "$icinga/icinga2.conf" >"$icinga/out" 2>&1 </dev/null &
	icinga_pid=$!
	running+=("$icinga_pid")
}

# icinga_tells HOST SERVICE STATE PATTERN wants the last result of a service, as Icinga hands it on for graphs, to be of
# that state and its performance data to match.
icinga_tells() {
	local line
	line=$(cat "$icinga"/perfdata.* | grep -F $'\tHOSTNAME::'"$1"$'\tSERVICEDESC::'"$2"$'\t' | tail -n 1) || true
	[[ $line == *$'\t'SERVICESTATE::$3$'\t'* && $line =~ $4 ]] || { echo "of $1, $2, Icinga tells: $line"; return 1; }
}
# icinga_logged PATTERN wants a line of the log to match.
icinga_logged() { grep -qE "^\[[0-9]+\] $1" "$icinga/log/icinga.log" || { tail -n 5 "$icinga/log/icinga.log"; return 1; }; }

# icinga_sees WORD waits until mail01 is in that state, with numbers for a graph.
icinga_sees() {
	check "Icinga: mail01 is $1, with performance data" soon icinga_tells mail01 "sockets and ports" "$1" \
		$'\tSERVICEPERFDATA::active=[0-9]+;;;0; .* utilisation=[0-9.]+;0\.8;0\.9;0;1 '
}

icinga_sees_wrong_use() {
	check "Icinga: a bad threshold is UNKNOWN, in our words" soon icinga_logged \
		'SERVICE ALERT: mail01;bad threshold;UNKNOWN;HARD;1;SOCKETS UNKNOWN - --warning: active: range "lots"'
}

icinga_sees_the_others() {
	check "Icinga: mail03 is up" soon icinga_logged 'HOST ALERT: mail03;UP;HARD;1;TCP OK - .* port [0-9]+'
	check "Icinga: over HTTPS, by variables of the host" soon icinga_tells by-https "sockets and ports" OK $'\tSERVICEPERFDATA::active='
}

icinga_sees_mail03_down() {
	check "Icinga: mail03 is DOWN" soon icinga_logged 'HOST ALERT: mail03;DOWN;HARD;1;connect to address 127\.0\.0\.1 and port [0-9]+: Connection refused'
	check "Icinga: its service is CRITICAL and says what to look at" soon icinga_logged \
		'SERVICE ALERT: mail03;sockets and ports;CRITICAL;HARD;1;SOCKETS CRITICAL - 127\.0\.0\.1:[0-9]+: the connection was refused: is WinRM enabled'
}

# icinga_saw_all reads the whole story in the log, each change once and in order.
icinga_saw_all() {
	check "Icinga logged WARNING, CRITICAL and OK in this order" same $'WARNING;HARD\nCRITICAL;HARD\nOK;HARD' \
		"$(sed -nE 's/.*SERVICE ALERT: mail01;sockets and ports;([A-Z]+;[A-Z]+);.*/\1/p' "$icinga/log/icinga.log" | sed '1{/^OK/d}')"
	check "Icinga knows no password" exits 1 grep -rF "$WINSIM_PASSWORD" "$icinga"
}

end_icinga() { check "Icinga ends when it is told to" exits 0 ended "$icinga_pid"; }
