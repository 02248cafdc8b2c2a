package profile

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// Answers to Shape's questions that have more than two.
const (
	// ProviderFault: how a WMI provider's error is wrapped in a SOAP fault. All four were reported from Windows; which
	// error takes which is unknown.
	FaultNested     = 0 // f:WSManFault > f:Message > f:ProviderFault > f:WSManFault beside __ExtendedStatus
	FaultWmiError   = 1 // p:MSFT_WmiError alone in s:Detail
	FaultBareText   = 2 // f:ProviderFault with nothing but text
	FaultWmiErrorIn = 3 // p:MSFT_WmiError within f:ProviderFault

	// FirstItems: what an Enumerate reply holds that needs Pulls after it.
	OneItem    = 0 // recorded on 2012
	EmptyItems = 1 // reported
	NoItems    = 2 // no w:Items at all (reported)

	// NamespaceCase: the spelling in a reply's resource URI; one that was not asked for was reported.
	CaseAsAsked = 0
	CaseLower   = 1
	CaseUpper   = 2

	// Reason: what a fault says in words, which Windows localises; an empty one with xml:lang="" was reported.
	ReasonEnglish = 0
	ReasonEmpty   = 1
	ReasonGerman  = 2
)

// Shape says how this host behaves where Windows' behaviour is assumed. Every field is one open question; a false or
// zero answer is not likelier than another.
type Shape struct {
	ReturnValueFirst  bool          // in an _OUTPUT; it is last in the one public recording (EnumKey on 2003)
	NilOutputs        bool          // where ReturnValue is not 0, out-parameters are xsi:nil; else missing
	NilEmptyArray     bool          // an array without elements is one xsi:nil element; else missing
	NilDefaultName    bool          // EnumValues' unnamed default value is xsi:nil; else an empty element
	ReverseOutputs    bool          // out-parameters in another order than the signature's
	Prefix            string        // of the class's namespace in replies; "" is a default namespace
	NamespaceCase     int           // in replies
	NeedHive          bool          // a missing hDefKey is an error; else HKEY_LOCAL_MACHINE
	DeleteAbsentCode  uint32        // ReturnValue of DeleteValue where there is no such value
	UnknownMethodWMI  bool          // an unknown method is the WMI provider's error; else an unsupported action
	DefaultValue      bool          // Tcpip\Parameters has an unnamed default value
	FirstItems        int           // of an enumeration that pages
	ContextAtEnd      bool          // a context stands beside EndOfSequence
	FullInstances     bool          // column lists give instances too (only where no recording says otherwise)
	ShuffleProperties bool          // properties in another order than the class's (likewise)
	Offset            time.Duration // of the host's time zone
	FractionDigits    int           // of datetimes, 0-7
	ProviderFault     int
	NilStatusCode     bool // __ExtendedStatus.StatusCode is nil
	ClassWmiError     bool // MSFT_WmiError is in the class's namespace; else in cim-schema/2
	WSManFaultAction  bool // faults bear …/wsman/fault as their Action; else …/addressing/fault
	Reason            int
	DeniedHRESULT     bool // "access denied" is 0x80070005; else 5
	QuotaOperations   bool // the quota fault is 2150859174; else 2150859173
	ClampDelay        bool // a TcpTimedWaitDelay or MaxUserPort out of range is the nearest in range; else the default
	TimeWait240       bool // TIME_WAIT lasts 240 s by default since 2008; else 120 s
	OnePool2008R2     bool // 2008 R2 gives every outgoing connection a port of its own; else per remote endpoint
	RandomPorts       bool // ephemeral ports are drawn at random; else in sequence
	AutomaticZero     bool // the template Automatic reports port ranges of 0; else of null
	Perf2003          bool // 2003 has the counter classes TCPv4 and TCPv6

	NoShellAction    bool // what a host without a shell refuses is the action; else the resource
	ShellInCreated   bool // the reply to a Create bears the shell too (only before 2012)
	ShellUTF8        bool // code page 65001 is honoured (only since 2008 R2)
	ShellTimesOut    bool // the first Receive of a command times out
	ShellPart        int  // most output in one reply to a Receive, in bytes
	ShellPieces      bool // that output comes in several Streams; else in one
	ShellSaysRunning bool // a command that is not done is Running; else nothing is said
	ShellDoneApart   bool // Done comes after the last output; else with it
	ShellEnds        bool // Streams are ended; else they just stop
	EchoSucceeds     bool // echo makes the exit code 0; else it leaves it
	NoProgramCode    int  // exit code where there is no such program
	NetstatIndent    int  // blanks before a row of netstat
	ExcludedHotfix   bool // 2008 R2 has the hotfix that shows excluded port ranges

	BootFollowsClock bool // LastBootUpTime moves along when the clock is stepped; else it stays

	NetshUsage       bool   // netsh answers a range that is out of bounds with its usage; else with one sentence
	MaxUserPortRules bool   // since 2008 a boot makes TCP's ranges of MaxUserPort; else it does nothing
	MaxUserPortWins  bool   // where it rules, also over a range that netsh has set to stay; else not
	SettingFamily    string // whose range MSFT_NetTCPSetting and MSFT_NetUDPSetting show: "ipv4" or "ipv6"

	PolicyResults string // of whoever asks for root/rsop/computer: "read"; "denied"; the namespace is "missing"
	DomainLogon   bool   // where no port is left for a domain controller, domain accounts are let in all the same
	SmallGPO      bool   // RSOP_GPO.id is not spelt as RSOP_RegistryPolicySetting.GPOID is, but in small letters
}

// ShapeOf draws the shape of a seed. Of a question with n answers the seeds 1 to n show every answer once, so three
// seeds see all of most questions; in which order differs from question to question.
func ShapeOf(seed int64) Shape {
	question := uint64(0)
	pick := func(n int64) int {
		question++
		turn := ((seed-1)%n + n) % n
		h := fnv.New64a()
		_ = binary.Write(h, binary.LittleEndian, []uint64{question, uint64((seed - 1 - turn) / n)}) // never fails
		sum := h.Sum64() >> 16
		if sum&1 == 1 {
			turn = n - 1 - turn
		}
		return int((turn + int64(sum>>1%uint64(n))) % n)
	}
	yes := func() bool { return pick(2) == 1 }
	return Shape{
		ReturnValueFirst: yes(), NilOutputs: yes(), NilEmptyArray: yes(), NilDefaultName: yes(), ReverseOutputs: yes(),
		Prefix: []string{"p", "ns1", ""}[pick(3)], NamespaceCase: pick(3), NeedHive: yes(), DeleteAbsentCode: uint32(1 + pick(2)),
		UnknownMethodWMI: yes(), DefaultValue: yes(), FirstItems: pick(3), ContextAtEnd: yes(), FullInstances: yes(), ShuffleProperties: yes(),
		Offset:         []time.Duration{0, 8 * time.Hour, -(3*time.Hour + 30*time.Minute)}[pick(3)],
		FractionDigits: pick(8), ProviderFault: pick(4), NilStatusCode: yes(), ClassWmiError: yes(), WSManFaultAction: yes(),
		Reason: pick(3), DeniedHRESULT: yes(), QuotaOperations: yes(),
		ClampDelay: yes(), TimeWait240: yes(), OnePool2008R2: yes(), RandomPorts: yes(), AutomaticZero: yes(), Perf2003: yes(),
		NoShellAction: yes(), ShellInCreated: yes(), ShellUTF8: yes(), ShellTimesOut: yes(), ShellPart: []int{4 << 10, 32 << 10, 1 << 30}[pick(3)],
		ShellPieces: yes(), ShellSaysRunning: yes(), ShellDoneApart: yes(), ShellEnds: yes(),
		EchoSucceeds: yes(), NoProgramCode: []int{1, 9009}[pick(2)], NetstatIndent: []int{2, 4}[pick(2)], ExcludedHotfix: yes(),
		BootFollowsClock: yes(),
		NetshUsage:       yes(), MaxUserPortRules: yes(), MaxUserPortWins: yes(), SettingFamily: []string{"ipv4", "ipv6"}[pick(2)],
		PolicyResults: []string{"read", "denied", "missing"}[pick(3)], SmallGPO: yes(), DomainLogon: yes(),
	}
}
