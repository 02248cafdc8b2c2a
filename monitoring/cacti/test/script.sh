# windows-socket-stats.sh by itself, with a program in place of windows-socket-stats that notes how it is called. Sourced by
# scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

script=$site/scripts/windows-socket-stats.sh
mkdir "$work/stub"
chown www-data "$work/stub"
cat >"$work/stub/program" <<SH
#!/bin/sh
printf '%s\n' "\$*" >>$work/stub/calls
. $work/stub/answer
SH
chmod +x "$work/stub/program"

# stub LINE... makes the settings of the group stub.
stub() {
	install -m 644 -o www-data /dev/null "$work/stub/calls"
	echo 'echo active:12 stale:345 pool_size:3976 pool_in_use:U pool_time_wait:345 busiest_destination:9 probe_success:1' >"$work/stub/answer"
	rm -f /var/cache/windows-socket-stats/*
	echo not-a-real-password-3 | install -m 640 -g www-data /dev/stdin /etc/windows-socket-stats/stub.password
	printf '%s\n' "program = $work/stub/program" "$@" | install -m 640 -g www-data /dev/stdin /etc/windows-socket-stats/stub.conf
}
code=0 said=
ask() { code=0 && said=$(as_poller "$script" "$@" 2>"$work/stub/errors") || code=$?; }

# answers TEXT CODE LINE ERROR: the last call of the script ended so. ERROR stands in what it said; '' is nothing at all.
answers() {
	local errors
	errors=$(<"$work/stub/errors")
	# shellcheck disable=SC2317,SC2329
	right() { [ "$code" = "$1" ] && [ "$said" = "$2" ] && [[ $errors == *"$3"* && (-n $3 || -z $errors) ]]; }
	check "script: $1" right "$2" "$3" "$4"
	right "$2" "$3" "$4" || echo "  exit code $code, \"$said\", \"$errors\""
}
called() { check "script: $1" test "$(<"$work/stub/calls")" = "$2"; }

stub
ask mail01 sockets stub
answers "sockets are two numbers" 0 'active:12 stale:345' ''
ask mail01 ports stub
answers "a value that is not known is U" 0 'pool_in_use:U pool_time_wait:345 pool_size:3976 busiest_destination:9' ''
called "without share each data source reads the host" "--format=cacti -- mail01"$'\n'"--format=cacti -- mail01"

stub 'password-file = /etc/windows-socket-stats/stub.password' 'username=CONTOSO\svc=x' '# a comment' '' '  port =  15985 '
for host in mail01 mail01:77 192.0.2.1 2001:db8::1 '[2001:db8::1]' '[2001:db8::1]:77'; do ask "$host" sockets stub; done
called "port is for hosts that name none; IPv6 gets brackets" "$(printf '%s\n' \
	mail01:15985 mail01:77 192.0.2.1:15985 '[2001:db8::1]:15985' '[2001:db8::1]:15985' '[2001:db8::1]:77' |
	sed 's|^|--format=cacti --password-file=/etc/windows-socket-stats/stub.password --username=CONTOSO\\svc=x -- |')"

stub 'share = /var/cache/windows-socket-stats'
ask mail01 ports stub
ask mail01 sockets stub
answers "one reading serves both: the numbers" 0 'active:12 stale:345' ''
called "one reading serves both: one call; a refused logon is remembered" \
	'--format=cacti --refused-file=/var/cache/windows-socket-stats/refused -- mail01'
ask mail01 sockets stub
ask mail02 ports stub
check "script: no reading serves a data source twice, or another host" test "$(wc -l <"$work/stub/calls")" = 3
as_poller sh -c ': >/var/cache/windows-socket-stats/stub,mail01.ports'
ask mail01 ports stub
as_poller sh -c "echo $(($(date +%s) - 31)) active:1 stale:1 >/var/cache/windows-socket-stats/stub,mail01.sockets"
ask mail01 sockets stub
answers "a reading of an earlier poll is not taken" 0 'active:12 stale:345' ''
check "script: nor an empty one" test "$(wc -l <"$work/stub/calls")" = 5
stub 'share = /var/cache/windows-socket-stats'
chmod 755 /var/cache/windows-socket-stats
ask mail01 sockets stub
answers "a folder that others can look into is not used" 1 'active:U stale:U' 'drwxr-xr-x'
chmod 700 /var/cache/windows-socket-stats

stub 'refused-for = 1h' 'refused-file = /var/lib/refused'
ask mail01 sockets stub
called "or where the settings say" '--format=cacti --refused-for=1h --refused-file=/var/lib/refused -- mail01'

stub
# shellcheck disable=SC2016
echo 'echo "active:\$(id) stale:-1e9 active:1;2"; echo "mail01: no way there" >&2; exit 1' >"$work/stub/answer"
ask mail01 sockets stub
answers "what is no number is U; what went wrong is said" 1 'active:U stale:U' 'no way there'
for number in 1.2.3 . 5. .5 1e9 -1 0x1 ''; do
	stub
	echo "echo active:$number stale:0.25" >"$work/stub/answer"
	ask mail01 sockets stub
	answers "\"$number\" is no number" 0 'active:U stale:0.25' ''
done
stub
ask '-x' sockets stub
answers "an option is no host" 1 'active:U stale:U' 'no name or address'
ask 'mail01;id' sockets stub
answers "nor is a command" 1 'active:U stale:U' 'no name or address'
ask mail01 sockets ../stub
answers "a group is a name, not a path" 1 'active:U stale:U' 'External ID'
ask mail01 sockets nobody
answers "a group without settings" 1 'active:U stale:U' '/etc/windows-socket-stats/nobody.conf'
ask mail01 everything stub
answers "an unknown part" 3 '' 'sockets|ports'
called "nothing of all this calls the program" ''
stub 'password-file = /etc/windows-socket-stats/stub.password'
chmod 644 /etc/windows-socket-stats/stub.password
ask mail01 sockets stub
answers "a password that everybody can read is not used" 1 'active:U stale:U' '-rw-r--r--'
chmod 600 /etc/windows-socket-stats/stub.password
ask mail01 sockets stub
answers "a password that the poller cannot read" 1 'active:U stale:U' 'may not read it'
stub
chmod 660 /etc/windows-socket-stats/stub.conf
ask mail01 sockets stub
answers "settings that the poller can change are not used" 1 'active:U stale:U' '-rw-rw----'
while IFS='|' read -r line error; do
	stub "$(printf '%b' "$line")"
	ask mail01 sockets stub
	answers "settings: $line" 1 'active:U stale:U' "$error"
	check "script: its text does not repeat a password" not grep -q a-secret "$work/stub/errors"
done <<'LINES'
password a-secret|not NAME = VALUE
password = a-secret|password-file = FILE
password=a-secret|password-file = FILE
Password = a-secret|"Password" is no setting
password-fd = 0|"password-fd" is no setting
format = json|"format" is no setting
help = true|"help" is no setting
 = x|"" is no setting
username = "CONTOSO\\\\svc"|username has quotes
username = 'svc'|username has quotes
username = svc"|username has quotes
username = svc\r|CR LF
\r|CR LF
# comment\r|CR LF
\xef\xbb\xbfusername = svc|byte order mark
LINES
called "nor does any of this" ''

stub
echo 'exec sleep 60' >"$work/stub/answer"
sed 's/^limit=23$/limit=0.2/' "$script" >"$work/stub/short"
chmod 755 "$work/stub/short"
script=$work/stub/short
ask mail01 sockets stub
answers "a program that does not end is ended" 1 'active:U stale:U' 'no answer in 0.2 seconds'
script=$site/scripts/windows-socket-stats.sh
rm -f /var/cache/windows-socket-stats/* /etc/windows-socket-stats/stub.*
