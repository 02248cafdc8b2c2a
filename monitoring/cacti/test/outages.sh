# After the day: a server that is down, one that does not answer in time, and what the logs say. Sourced by scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

# values SERVER PART SECONDS prints what Cacti has of a poll, with nan for what it does not know.
values() {
	rrdtool fetch "$(rrd_of "$1" "$2")" AVERAGE -s "$(($3 - 300))" -e "$(($3 - 1))" | sed -n "s/^$3: //p" | tr -d - | awk '{ for (i = 1; i <= NF; i++) $i = $i ~ /nan/ ? "nan" : "number" } 1'
}
# shows TEXT SERVER SECONDS SOCKETS PORTS
shows() { check "$1" test "$(values "$2" sockets "$3") / $(values "$2" ports "$3")" = "$4 / $5"; }
known=('number number' 'number number number number') unknown=('nan nan' 'nan nan nan nan')
said() { grep -c "$1" "$errors" || true; }

clean() { ! grep -iE 'error|warn|fatal' "$1" | sed 's/^/  /' | grep .; }

check "nothing on standard error in a whole day" test ! -s "$errors"
check "Cacti's log has no error and no warning" clean /var/log/cacti/cacti.log
check "nor has RRDtool" clean "$work/poller.log"

down tuned
lost=$at
just_poll
just_poll
up tuned
just_poll
for ((i = 0; i < 2; i++)); do
	shows "a server that is down is a gap" tuned $((lost + 300 * i)) "${unknown[@]}"
	shows "which is none of the other server's" stock $((lost + 300 * i)) "${known[@]}"
done
shows "it is back with the first poll that reaches it" tuned $((lost + 600)) "${known[@]}"
check "standard error says why, once a poll" test "$(said "^windows-socket-stats: ${ip[tuned]}:$https_port: .*no route to host")" = 2

dmz_settings 'deadline = 1s'
asleep tuned
slow=$at began=$(date +%s)
just_poll
took=$(($(date +%s) - began))
awake tuned
dmz_settings
just_poll
shows "a server that is too slow is a gap" tuned "$slow" "${unknown[@]}"
shows "which is none of the other server's, in the same poll" stock "$slow" "${known[@]}"
shows "and is back as well" tuned $((slow + 300)) "${known[@]}"
check "the poll took $took seconds: nothing hangs" test "$took" -lt 12
check "standard error says why" test "$(said "^windows-socket-stats: ${ip[tuned]}:$https_port: .*1s")" = 1

# A wrong password is tried once, not at each poll: that would lock the account.
right=${password[tuned]}
password[tuned]=not-the-password
dmz_settings
locked=$at
for ((i = 0; i < 3; i++)); do just_poll; done
bad=$("$work/bin/winsim" counters --control "${control[tuned]}" | sed -n 's/.*"failed_logons": \([0-9]*\).*/\1/p')
check "a wrong password is tried once in three polls ($bad bad logons)" test "$bad" = 1
for ((i = 0; i < 3; i++)); do shows "and is a gap each time" tuned $((locked + 300 * i)) "${unknown[@]}"; done
check "standard error says so" test "$(said 'refused the credentials') $(said 'not asked')" = '3 2'
password[tuned]=$right
dmz_settings
just_poll
shows "the right one is tried at the next poll" tuned $((locked + 900)) "${known[@]}"

check "standard error has nothing else" test "$(said .)" = 6
check "Cacti's log still has no error" clean /var/log/cacti/cacti.log
check "nothing is left over in poller_output" test "$(sql cacti -e 'SELECT COUNT(*) FROM poller_output')" = 0
