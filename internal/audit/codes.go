package audit

// Code names a kind of finding. Codes are stable: configurations compare them.
type Code string

// The codes.
const (
	NameMisspelled         Code = "name_misspelled"
	WrongType              Code = "wrong_type"
	OutOfRange             Code = "out_of_range"
	MaxUserPortOnModern    Code = "max_user_port_on_modern_windows"
	MaxUserPortBesideRange Code = "max_user_port_beside_range"
	ListenerInRange        Code = "listener_in_range"
	ListenerFromRange      Code = "listener_from_range"
	ServicePortInRange     Code = "service_port_in_range"
	PoolBelowDefault       Code = "pool_below_default"
	FamiliesDiffer         Code = "families_differ"
	StartBelowMinimum      Code = "start_below_minimum"
	RangeSourcesDiffer     Code = "range_sources_differ"
	ExcludedCoversRange    Code = "excluded_covers_range"
	ExcludedCoversHalf     Code = "excluded_covers_half"
	AutoReuseRange         Code = "auto_reuse_range"
	DelayWithoutPool       Code = "delay_without_pool"
	PoolWithoutDelay       Code = "pool_without_delay"
	RestartPending         Code = "restart_pending"
	SetByPolicy            Code = "set_by_policy"
	ReservedPorts          Code = "reserved_ports"
	ReservedPortsMalformed Code = "reserved_ports_malformed"
	Undocumented           Code = "undocumented_on_this_version"
	JournalUnusable        Code = "journal_unusable"
	JournalCopied          Code = "journal_copied"
	NotRead                Code = "not_read"
)

// Rule is a code with what it means and what to do about it.
type Rule struct {
	Code     Code
	Severity Severity
	Means    string
	Remedy   string
}

// Codes is every code, by severity and in the order in which they are read best. The
// guide of the documentation is made from it.
var Codes = []Rule{
	{WrongType, Error, "A value has another type than REG_DWORD. Windows is reported to ignore it and to use its default.",
		"Write it as a REG_DWORD: manage its attribute with `windows_tcpip_tuning`, which repairs the type."},
	{ExcludedCoversRange, Error, "Every port of a dynamic port range is excluded: Windows has none to hand out.",
		"Find who reserved them (`netsh int ipv4 show excludedportrange protocol=tcp`; a star marks what an administrator reserved), or move the range."},

	{NameMisspelled, Warn, "A value's name is close to one that Windows knows and is not it. Windows says nothing and uses its default.",
		"Delete the misspelt value and set the right one."},
	{OutOfRange, Warn, "A value is outside the range that Microsoft documents. Whether Windows clamps it or ignores it is not documented.",
		"Set one inside the range. Numbers that regedit shows in hexadecimal are often copied as decimal."},
	{MaxUserPortOnModern, Warn, "MaxUserPort is set on Windows Server 2008 or later. The documented control there is the dynamic port range, yet the value is reported to set the TCP range at the next restart: its start to 1024, its end to the value. Below 17407 that is a smaller pool than the default.",
		"Delete it, and set `dynamic_port_range` instead."},
	{MaxUserPortBesideRange, Warn, "The host's journal says that `dynamic_port_range` is managed, and MaxUserPort is set as well. Which of the two rules after a restart is not known.",
		"Delete MaxUserPort."},
	{ListenerInRange, Warn, "Something listens on a port inside the TCP range, and no reservation of it was found. While it is stopped, a client's connection may get the port, and it cannot start again.",
		"Where the program asks for any port and has another one after each start, there is nothing to do. Else reserve the port with the line of the message, while the program is stopped: netsh is reported to refuse a port that a socket has."},
	{PoolBelowDefault, Warn, "A dynamic port range has fewer ports than Windows gives by default: 16384 on Windows Server 2008 and later, 3976 before.",
		"Widen it, unless somebody means it so. The example of Microsoft's article on port exhaustion (`start=10000 num=1000`) is such a range."},
	{FamiliesDiffer, Warn, "IPv4 and IPv6 have different ranges for one transport.",
		"Set both, as `dynamic_port_range` does."},
	{RangeSourcesDiffer, Warn, "The templates of MSFT_NetTCPSetting report several ranges, or one that netsh shows for neither family. They are reported to share one.",
		"Compare `Get-NetTCPSetting` with `netsh int ipv4 show dynamicport tcp`, and set the range by netsh or `dynamic_port_range`."},
	{ExcludedCoversHalf, Warn, "More than half of a dynamic port range is excluded.",
		"As for `excluded_covers_range`."},
	{RestartPending, Warn, "A value is another one than at the last start of Windows, as far as the host's journal knows. Windows goes by what it read then.",
		"Restart the host. This provider never does."},
	{ReservedPortsMalformed, Warn, "An entry of ReservedPorts (Windows Server 2003) is not of the form `1433-1433`, or continues another one.",
		"Write `first-last`, also for a single port, and ports in a row as one range (KB812873)."},
	{JournalUnusable, Warn, "What stands in the journal's place on the host cannot be used: it is damaged, of a newer version, or perhaps of another machine. Who manages the host is not certain.",
		"A plan of the resource that manages it prints what to do."},

	{ListenerFromRange, Info, "Something listens on a port inside the TCP range that it seems to have from there: RPC services ask for any port, and in Windows' default range so does nearly every program.",
		"Nothing, if it has another port after each start. A port that stays the same is reserved as for `listener_in_range`."},
	{ServicePortInRange, Info, "The range contains ports of well-known services on which nothing listens now, and no reservation of them was found.",
		"Before such a service is installed or started, reserve its port: `netsh int ipv4 add excludedportrange protocol=tcp startport=1433 numberofports=1 store=persistent`, and the same with `ipv6`; on Windows Server 2003 the value ReservedPorts."},
	{StartBelowMinimum, Info, "A range starts below 1025. Machines have that; by KB929851 netsh sets no such range, nor does this provider.",
		"Know it before you manage the range: a destroy sets it to start at 1025."},
	{AutoReuseRange, Info, "An auto-reuse range is set: connections that do not ask for a port draw from it, and not from the dynamic port range.",
		"Size that range."},
	{DelayWithoutPool, Info, "TcpTimedWaitDelay is lowered, and the pool is no larger than the default.",
		"If ports still run out, widen `dynamic_port_range` (`max_user_port` on Windows Server 2003)."},
	{PoolWithoutDelay, Info, "The pool is larger than the default, and TcpTimedWaitDelay is not set.",
		"If ports still run out, set `tcp_timed_wait_delay`."},
	{SetByPolicy, Info, "Group Policy sets a value. What you write is overwritten when the policy is applied again.",
		"Change it in the policy, or take it out of there."},
	{ReservedPorts, Info, "ReservedPorts (Windows Server 2003 and before) keeps ports from being handed out.",
		"Nothing. The message says which."},
	{Undocumented, Info, "A value is set of which Microsoft does not say what it does on this version of Windows.",
		"Do not rely on it before you have measured it."},
	{JournalCopied, Info, "The host has the journal of another machine: its disk was cloned, or restored onto other hardware. It is ignored.",
		"Nothing. The next create on this host writes its own."},
	{NotRead, Info, "A part of the host could not be read. No other finding says anything about it.",
		"The message says why."},
}

// rule finds a code's rule; a code without one is a slip that a test finds.
func (c Code) rule() Rule {
	for _, rule := range Codes {
		if rule.Code == c {
			return rule
		}
	}
	return Rule{Code: c}
}
