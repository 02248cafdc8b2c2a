package audit

import (
	"fmt"
	"strconv"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

const (
	// fewMilliseconds is what a keep_alive_time below it is taken for: seconds that were
	// written as milliseconds. The baselines set 300000.
	fewMilliseconds = 60_000
	// fewConnections is how many connections a server holds at least: below it WinRM may
	// find no place [assumed: a domain controller or a mail server holds some hundred].
	fewConnections = 1000
)

// Static is what is to be said of a proposal without a look at any host.
func Static(p Proposal) (list []tuning.Warning) {
	if n, ok := p.number("keep_alive_time"); ok && n < fewMilliseconds {
		list = append(list, tuning.Warning{
			Attribute: "keep_alive_time",
			Summary:   fmt.Sprintf("keep_alive_time %d is %s s", n, inSeconds(n)),
			Detail: fmt.Sprintf("The unit is milliseconds: 300 is 0.3 s, 300000 is five minutes, and Windows' default of 7200000 is two hours. "+
				"Programs that ask for keep-alives would have one sent on every connection that is idle for %s s.", inSeconds(n)),
		})
	}
	interval, _ := tcpip.ByAttribute("keep_alive_interval")
	if n, ok := p.number(interval.Attribute); ok && n < interval.Defaults[0].Value {
		list = append(list, tuning.Warning{
			Attribute: interval.Attribute,
			Summary:   fmt.Sprintf("keep_alive_interval %d is %s s", n, inSeconds(n)),
			Detail: fmt.Sprintf("The unit is milliseconds, and Windows' default is %d. On Windows Vista, Server 2008 and later ten keep-alives without an answer end a connection (SIO_KEEPALIVE_VALS): "+
				"this is a peer that does not answer for %s s.", interval.Defaults[0].Value, inSeconds(10*n)),
		})
	}
	if n, ok := p.number("tcp_num_connections"); ok && n < fewConnections {
		list = append(list, tuning.Warning{
			Attribute: "tcp_num_connections",
			Summary:   fmt.Sprintf("tcp_num_connections %d may cut off WinRM", n),
			Detail: "It bounds all TCP connections of the host together, WinRM's among them, and a server holds some hundred of its own. " +
				"Once they are used up this provider cannot reach the host to put it back, after the restart that makes the value act. Windows' default is 16777214.",
		})
	}
	return list
}

// inSeconds is milliseconds as seconds, exactly.
func inSeconds(milliseconds uint32) string {
	return strconv.FormatFloat(float64(milliseconds)/1000, 'f', -1, 64)
}
