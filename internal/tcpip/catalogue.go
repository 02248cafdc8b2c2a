package tcpip

// kb314053 is the source of the rows that Microsoft documented for the old stack
// and never again.
const kb314053 = "KB314053, written for Windows XP and Server 2003; Microsoft gives none for later versions"

// keepAlives is the source of the two rows that Microsoft documents for every version.
const keepAlives = "KB314053 for the range; the page of SIO_KEEPALIVE_VALS for unit and default, of every version"

// Catalogue is every parameter that the provider manages, in the order in
// which they are read, written and documented. Ranges and defaults are
// Microsoft's where Source names an article; what is only reported is said to
// be. Nothing here was measured on a machine of ours.
var Catalogue = []Parameter{
	{
		Attribute: "tcp_timed_wait_delay", ValueName: "TcpTimedWaitDelay",
		Unit: Seconds, Min: 30, Max: 300, Restart: true,
		Defaults: []Default{
			{Since: Windows2000, Value: 240, Known: true},
			{Since: Server2003, Value: 120, Known: true, Note: "240 for IPv6"},
			{Since: firstNewStack, Value: 240, Note: "no page of Microsoft's gives it by version: its port exhaustion article says 4 minutes, about 120 s was measured once"},
		},
		Versions: "documented for Windows 2000, XP and Server 2003; set by Microsoft's BizTalk guide on Server 2008 and later",
		Summary:  "How long a closed connection stays in TIME_WAIT before its port is free again.",
		Mistake:  "The value is often misspelled TcpTimeWaitDelay or stored as text; Windows then silently uses its default.",
		Source:   "KB314053 (30-300), KB149532, cc757512",
	},
	{
		Attribute: "max_user_port", ValueName: "MaxUserPort",
		Unit: Port, Min: 5000, Max: 65534, Restart: true,
		Defaults: []Default{
			{Since: Windows2000, Value: 5000, Known: true, Note: "ephemeral ports 1025-5000"},
			{Since: firstNewStack, Note: "the dynamic port range rules"},
		},
		Versions: "documented up to Server 2003; later ones have dynamic_port_range instead, and are reported to go by this as well",
		Summary:  "The highest port that Windows hands out when a program asks for any port.",
		Mistake:  "On Windows Server 2008 and later the dynamic port range is the documented control, yet the value is reported to move that range's start to 1024 and its end to this port after a restart: below 17407 it then makes the pool smaller than the default.",
		Source:   "KB196271; on 2008 and later: reported (nmap issue 3499), not measured by us",
	},
	{
		Attribute: "strict_time_wait_seq_check", ValueName: "StrictTimeWaitSeqCheck",
		Unit: Switch, Min: 0, Max: 1, Restart: true,
		Defaults: []Default{{Since: Windows2000, Note: "not documented"}},
		Versions: "none documented; asked for on Server 2003 and later by vendors",
		Summary:  "Set to 1 beside tcp_timed_wait_delay by many vendor guides; whether TcpTimedWaitDelay needs it is reported both ways.",
		Source:   "vendor guides (IBM WebSphere), nmap's changelog: reported, not documented by Microsoft",
	},
	{
		Attribute: "tcp_max_data_retransmissions", ValueName: "TcpMaxDataRetransmissions",
		Unit: Count, Min: 0, Max: 0xffffffff, Restart: true,
		Defaults: []Default{{Since: Windows2000, Value: 5, Known: true}},
		Versions: "documented for Windows 2000 to 7 and Server 2008 R2, not for later ones",
		Summary:  "How often a segment is sent again before the connection is given up. The CIS and MSS baselines set 3.",
		Source:   "KB170359, written for Windows 2000 to Windows 7 and Server 2008 R2; for later versions only baselines of Microsoft's name it",
	},
	{
		Attribute: "keep_alive_time", ValueName: "KeepAliveTime",
		Unit: Milliseconds, Min: 1, Max: 0xffffffff, Restart: true,
		Defaults: []Default{{Since: Windows2000, Value: 7200000, Known: true}},
		Versions: "documented for every one since Windows 2000",
		Summary:  "How long a connection is idle before the first keep-alive is sent, for programs that ask for keep-alives. The CIS and MSS baselines set 300000.",
		Mistake:  "The unit is milliseconds: 300 is 0.3 s, not five minutes.",
		Source:   keepAlives,
	},
	{
		Attribute: "keep_alive_interval", ValueName: "KeepAliveInterval",
		Unit: Milliseconds, Min: 1, Max: 0xffffffff, Restart: true,
		Defaults: []Default{{Since: Windows2000, Value: 1000, Known: true}},
		Versions: "documented for every one since Windows 2000",
		Summary:  "The time between two keep-alives while no answer comes.",
		Source:   keepAlives,
	},
	{
		Attribute: "tcp_num_connections", ValueName: "TcpNumConnections",
		Unit: Count, Min: 0, Max: 0xfffffe, Restart: true,
		Defaults: []Default{{Since: Windows2000, Value: 0xfffffe, Known: true}},
		Versions: "documented for Windows XP and Server 2003, not for later ones",
		Summary:  "The most connections that TCP holds open at once.",
		Mistake:  "A low number cuts off WinRM as well, and with it the way back; what Windows does at 0 was not tried.",
		Source:   kb314053,
	},
}
