# Two simulated Windows mail servers. Sourced by scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

# Both are Server 2003, where every outgoing connection needs a port of its own (documented) and the pool is small: 3976
# ports, and 120 seconds of TIME_WAIT. Each has an account of its own.
declare -A ip=([stock]=127.0.0.2 [tuned]=127.0.0.3) control pid
declare -A account=([stock]='CONTOSO\svc-cacti' [tuned]='svc-cacti-tuned') password=([stock]=not-a-real-password-1 [tuned]=not-a-real-password-2)
servers=(stock tuned)

serve() {
	local tries
	"$work/bin/winsim" serve --name "$1" --profile server-2003 --listen "${ip[$1]}" --username "${account[$1]}" --password "${password[$1]}" \
		--seed 1 --ready-file "$work/$1.ready" --ca-file "$work/$1.pem" >"$work/$1.log" 2>&1 </dev/null &
	pid[$1]=$!
	for ((tries = 0; tries < 100; tries++)); do
		[ ! -f "$work/$1.ready" ] || break
		sleep 0.1
	done
	# shellcheck source=/dev/null
	. "$work/$1.ready" || die "The simulated server $1 did not start."
	control[$1]=$WINSIM_CONTROL
}

# api SERVER METHOD PATH [BODY] asks winsim's control API, as `winsim sockets` and its like do; the answer is in $reply. No
# process is started for it: it is asked 2,000 times.
api() {
	local fd text="${4:-}"
	exec {fd}<>"/dev/tcp/${control[$1]%:*}/${control[$1]##*:}"
	printf '%s %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "$2" "$3" "${#text}" "$text" >&"$fd"
	IFS= read -r -d '' reply <&"$fd" || true
	exec {fd}>&-
	case $reply in 'HTTP/1.0 200'*) ;; *) die "winsim answers $2 $3 of $1 with: $reply" ;; esac
	reply=${reply##*$'\r\n\r\n'}
	reply=${reply%$'\n'}
}

# load SERVER RATE: so many mails a second go out to twenty servers, each in 8 seconds.
destinations=$(printf '"198.51.100.%d:25",' {1..20})
load() { api "$1" POST /load "{\"PerSecond\":$2,\"Hold\":8000000000,\"Destinations\":[${destinations%,}]}"; }

# down and up SERVER: no way leads to it, or does again. asleep and awake SERVER: it takes connections, and does not answer.
down() { ip route add table local unreachable "${ip[$1]}/32"; }
up() { ip route del table local unreachable "${ip[$1]}/32"; }
asleep() { kill -STOP "${pid[$1]}"; }
awake() { kill -CONT "${pid[$1]}"; }

for server in "${servers[@]}"; do serve "$server"; done
for value in 'TcpTimedWaitDelay -d 30' 'MaxUserPort -d 65534'; do
	# shellcheck disable=SC2086 # words
	"$work/bin/winsim" reg add --control "${control[tuned]}" -t REG_DWORD -v $value >/dev/null
done
"$work/bin/winsim" reboot --control "${control[tuned]}" >/dev/null # only now they count
for server in "${servers[@]}"; do
	api "$server" GET /sockets
	printf '%s\n' "$reply" >"$work/$server.idle"
	api "$server" POST /console '{"line":"netstat -ano"}'
	printf '%s\n' "$reply" >"$work/$server.netstat"
done
