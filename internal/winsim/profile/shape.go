package profile

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// ProviderFault is how a WMI provider's error is wrapped in a SOAP fault. All four were reported from Windows; which
// error takes which is unknown.
type ProviderFault int

// The wrappings.
const (
	FaultNested     ProviderFault = iota // f:WSManFault > f:Message > f:ProviderFault > f:WSManFault beside __ExtendedStatus
	FaultWmiError                        // p:MSFT_WmiError alone in s:Detail
	FaultBareText                        // f:ProviderFault with nothing but text
	FaultWmiErrorIn                      // p:MSFT_WmiError within f:ProviderFault
)

// FirstItems is what an Enumerate reply holds that needs Pulls after it: one item (recorded on 2012), an empty w:Items,
// or no w:Items at all (both reported).
type FirstItems int

// The contents of a first reply.
const (
	OneItem FirstItems = iota
	EmptyItems
	NoItems
)

// LetterCase is the spelling of the namespace in a reply's resource URI; one that was not asked for was reported.
type LetterCase int

// The spellings.
const (
	CaseAsAsked LetterCase = iota
	CaseLower
	CaseUpper
)

// Reason is what a fault says in words, which Windows localises; an empty Reason with xml:lang="" was reported.
type Reason int

// The reasons.
const (
	ReasonEnglish Reason = iota
	ReasonEmpty
	ReasonGerman
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
	NamespaceCase     LetterCase    // in replies
	NeedHive          bool          // a missing hDefKey is an error; else HKEY_LOCAL_MACHINE
	DeleteAbsentCode  uint32        // ReturnValue of DeleteValue where there is no such value
	UnknownMethodWMI  bool          // an unknown method is the WMI provider's error; else an unsupported action
	DefaultValue      bool          // Tcpip\Parameters has an unnamed default value
	FirstItems        FirstItems    // of an enumeration that pages
	ContextAtEnd      bool          // a context stands beside EndOfSequence
	FullInstances     bool          // column lists give instances too (only where no recording says otherwise)
	ShuffleProperties bool          // properties in another order than the class's (likewise)
	Offset            time.Duration // of the host's time zone
	FractionDigits    int           // of datetimes, 0-7
	ProviderFault     ProviderFault
	NilStatusCode     bool // __ExtendedStatus.StatusCode is nil
	ClassWmiError     bool // MSFT_WmiError is in the class's namespace; else in cim-schema/2
	WSManFaultAction  bool // faults bear …/wsman/fault as their Action; else …/addressing/fault
	Reason            Reason
	DeniedHRESULT     bool // "access denied" is 0x80070005; else 5
	QuotaOperations   bool // the quota fault is 2150859174; else 2150859173
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
		Prefix: []string{"p", "ns1", ""}[pick(3)], NamespaceCase: LetterCase(pick(3)), NeedHive: yes(), DeleteAbsentCode: uint32(1 + pick(2)),
		UnknownMethodWMI: yes(), DefaultValue: yes(), FirstItems: FirstItems(pick(3)), ContextAtEnd: yes(), FullInstances: yes(), ShuffleProperties: yes(),
		Offset:         []time.Duration{0, 8 * time.Hour, -(3*time.Hour + 30*time.Minute)}[pick(3)],
		FractionDigits: pick(8), ProviderFault: ProviderFault(pick(4)), NilStatusCode: yes(), ClassWmiError: yes(), WSManFaultAction: yes(),
		Reason: Reason(pick(3)), DeniedHRESULT: yes(), QuotaOperations: yes(),
	}
}
