#!/bin/sh
# Cacti runs this for each data source of a Windows host:
#
#   windows-socket-stats.sh HOST sockets|ports [GROUP]
#
# It prints one line of NAME:NUMBER. U stands for what is not known, which leaves a gap in the graph; the reason goes to
# standard error, which the poller keeps in its own log. GROUP names the settings (default: default); README.md beside
# this file says what stands in them and who may read them.
set -uf
umask 077

settings=/etc/windows-socket-stats
host=${1-} part=${2-} group=${3:-default}

# Cacti's cmd.php waits for a script for ever; spine, unless it is told otherwise, 25 seconds. The program ends before
# that by itself, this is for the day on which it does not.
limit=23

# A reading that is left for the other data source must be of the same poll. Cacti polls every 60 seconds at most.
fresh=30

# The names are those of windows-socket-stats --format cacti. Only these few are printed: Cacti asks its database for
# every name that is not in the data template, and keeps no more than 512 characters.
case $part in
sockets) names='active stale' other=ports ;;
ports) names='pool_in_use pool_time_wait pool_size busiest_destination' other=sockets ;;
*)
	echo "windows-socket-stats.sh: use: windows-socket-stats.sh HOST sockets|ports [GROUP]" >&2
	exit 3
	;;
esac

# answer LINE prints what the data source wants of a line; what is no number (12, 0.5) is U.
answer() {
	result=
	for name in $names; do
		value=U
		for pair in $1; do
			case $pair in "$name":*) value=${pair#*:} ;; esac
		done
		case $value in '' | *[!0-9.]* | .* | *. | *.*.*) value=U ;; esac
		result="$result $name:$value"
	done
	printf '%s\n' "${result# }"
}

give_up() {
	printf 'windows-socket-stats.sh: %s: %s\n' "$host" "$1" >&2
	answer ''
	exit 1
}

readable() {
	if [ ! -f "$1" ] || [ ! -r "$1" ]; then
		give_up "there is no $1, or the poller's user may not read it"
	fi
}

case $host in
'' | -* | *[!]A-Za-z0-9._:%[-]*) give_up "this is no name or address of a host" ;;
esac
case $group in
*[!A-Za-z0-9_-]*) give_up "\"$group\", the External ID of the device, names no group of settings" ;;
esac

# --- the settings: NAME = VALUE, the flags of windows-socket-stats and a few of our own ---

file=$settings/$group.conf
program=/usr/local/bin/windows-socket-stats port='' share='' secret='' refused=''
return=$(printf '\r') mark=$(printf '\357\273\277') # that editors of Windows put at the end of a line, and before the first one
set --
readable "$file"
while read -r line || [ -n "$line" ]; do
	case $line in
	"$mark"*) give_up "$file begins with a byte order mark: save it as UTF-8 without one" ;;
	*"$return"*) give_up "$file has the line ends of Windows (CR LF): sed -i 's/\\r\$//' $file" ;;
	'' | '#'*) continue ;;
	*=*) ;;
	*) give_up "$file has a line that is not NAME = VALUE" ;; # it may be a password: it is not repeated
	esac
	name=${line%%=*} value=${line#*=}
	name=${name%"${name##*[![:blank:]]}"} value=${value#"${value%%[![:blank:]]*}"}
	case $value in
	\"* | *\" | \'* | *\') give_up "$file: the value of $name has quotes: write it without, it is taken as it stands" ;;
	esac
	case $name in
	program) program=$value ;;
	port) port=$value ;;
	share) share=$value ;;
	password) give_up "$file: a password stands in a file of its own, and here password-file = FILE" ;; # ps shows arguments
	password-file) readable "$value" && secret=$value && set -- "$@" "--$name=$value" ;;
	refused-file) refused=$value ;;
	username | auth | https | ca-certificate-file | tls-server-name | insecure | allow-unencrypted-basic | timeout | connect-timeout | \
		max-retries | method | max-rows | deadline | refused-for) set -- "$@" "--$name=$value" ;;
	*) give_up "$file: \"$name\" is no setting" ;;
	esac
done <"$file"

# A logon that was refused is not tried again by the next poll, nor for another host of the account's domain: that would lock it.
refused=${refused:-${share:+$share/refused}}
set -- "$@" ${refused:+"--refused-file=$refused"}

# A password, and whatever decides where it is sent, is nobody else's to read, nor the group's to write. The readings that
# are shared are the poller's user's alone.
if [ -n "$share" ] && [ ! -w "$share" ]; then
	give_up "share: there is no folder $share, or the poller's user may not write to it"
fi
rights=$(ls -ldL -- "$file" ${secret:+"$secret"} ${share:+"$share/."}) || give_up "the rights of its files cannot be read"
while read -r mode rest; do
	case $mode in
	-????-?---* | drwx------*) ;;
	*) give_up "others have a part in this file, or its group may write it: $mode $rest" ;;
	esac
done <<EOT
$rights
EOT

# Cacti has an IPv6 address as it is; the program takes it in brackets.
address=$host
case $address in
\[*) ;;
*:*:*) address="[$address]" ;;
esac
case $address in
*]:* | [!\[]*:*) ;;
*) address=$address${port:+:$port} ;;
esac

# --- one reading for both data sources of a poll ---

# The first one that comes leaves its line for the other one, which takes it once. Where they come at the same time, each
# reads the host itself.
left=${share:+$share/$group,$host}
if [ -n "$left" ] && [ -f "$left.$part" ]; then
	read -r when line <"$left.$part"
	rm -f "$left.$part"
	case $when in '' | *[!0-9]*) when=0 ;; esac
	age=$(($(date +%s) - when))
	if [ "$age" -ge 0 ] && [ "$age" -lt "$fresh" ]; then
		answer "$line"
		exit 0
	fi
fi

code=0
line=$(timeout -k 1 "$limit" "$program" --format=cacti "$@" -- "$address") || code=$?
case $code in
124 | 137) give_up "no answer in $limit seconds" ;;
126 | 127) give_up "$program cannot be run" ;;
esac
if [ -n "$left" ]; then
	printf '%s %s\n' "$(date +%s)" "$line" >"$left.$$" && mv -f "$left.$$" "$left.$other"
fi
answer "$line"
exit "$code"
