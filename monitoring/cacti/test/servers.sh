# Two simulated Windows mail servers. Sourced by scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

# Both are Server 2003, where every outgoing connection needs a port of its own (documented) and the pool is small: 3976
# ports, and 120 seconds of TIME_WAIT. Each has an account of its own. Their time stands still but for the witness's steps.
declare -A ip=([stock]=127.0.0.2 [tuned]=127.0.0.3) control pid
declare -A account=([stock]='CONTOSO\svc-cacti' [tuned]='svc-cacti-tuned') password=([stock]=not-a-real-password-1 [tuned]=not-a-real-password-2)
servers=(stock tuned)

serve() {
	local tries
	"$work/bin/winsim" serve --stepped --name "$1" --profile server-2003 --listen "${ip[$1]}" --username "${account[$1]}" --password "${password[$1]}" \
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

# five_minutes SECONDS RATE passes them on both servers with so many mails a second, each to one of twenty others and 8 seconds
# long; what they have then is in SERVER.truth, beside SECONDS. It is done by a process of its own that does not end: starting
# one costs more than all that it does.
mkfifo "$work/ask" "$work/answer"
"$php_binary" -d display_errors=stderr "$root/monitoring/cacti/test/witness.php" "stock=${control[stock]}" "tuned=${control[tuned]}" \
	<"$work/ask" >"$work/answer" 2>"$work/witness.log" &
exec {ask}>"$work/ask" {answer}<"$work/answer"
five_minutes() {
	local said=
	echo "$1 $2" >&"$ask"
	read -r said <&"$answer" || true
	[ "$said" = 'done' ] || die "The witness answers \"$said\": $(cat "$work/witness.log")"
}
