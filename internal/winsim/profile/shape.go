package profile

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// ProviderFault is how a WMI provider's error is wrapped in a SOAP fault.
type ProviderFault int

// All four were seen from Windows by others; which error takes which is unknown.
const (
	FaultNested        ProviderFault = iota // f:WSManFault > f:Message > f:ProviderFault > f:WSManFault beside f:ExtendedError/p:__ExtendedStatus
	FaultWmiError                           // p:MSFT_WmiError alone in s:Detail
	FaultBareText                           // f:ProviderFault with nothing but text
	FaultWmiErrorIn                         // p:MSFT_WmiError within f:ProviderFault
	providerFaultCount = 4
)

// FirstItems is what an Enumerate reply holds that needs Pulls after it.
type FirstItems int

// One item is recorded on Server 2012; the other two are reported by other clients.
const (
	OneItem FirstItems = iota
	EmptyItems
	NoItems
	firstItemsCount = 3
)

// LetterCase is the spelling of the namespace in a reply's resource URI.
type LetterCase int

// A spelling other than the asked one was seen (`root/standardcimv2`).
const (
	CaseAsAsked LetterCase = iota
	CaseLower
	CaseUpper
	letterCaseCount = 3
)

// Reason is the language of a fault's texts, which Windows localises.
type Reason int

// An empty reason comes with xml:lang="", as seen by others.
const (
	ReasonEnglish Reason = iota
	ReasonEmpty
	ReasonGerman
	reasonCount = 3
)

// Shape says how this host behaves where Windows' behaviour is assumed. Every
// field is one open question; a false or zero answer is not likelier than another.
type Shape struct {
	ReturnValueFirst  bool   // of an _OUTPUT; last in the one public recording (EnumKey on 2003)
	NilOutputs        bool   // ReturnValue is not 0: out-parameters are xsi:nil, else missing
	NilEmptyArray     bool   // an array without elements: one xsi:nil element, else missing
	NilDefaultName    bool   // EnumValues' unnamed default value is xsi:nil, else an empty element
	ReverseOutputs    bool   // out-parameters in another order than the signature's
	Prefix            string // of the class's namespace in replies; "" is a default namespace
	NamespaceCase     LetterCase
	NeedHive          bool // a missing hDefKey is an error, else HKEY_LOCAL_MACHINE
	DeleteAbsentCode  uint32
	UnknownMethodWMI  bool // an unknown method is the WMI provider's error, else an unsupported action
	DefaultValue      bool // Tcpip\Parameters has an unnamed default value
	FirstItems        FirstItems
	ContextAtEnd      bool // a context stands beside EndOfSequence
	FullInstances     bool // column lists give instances too (only where no recording says otherwise)
	ShuffleProperties bool // properties in another order than the class's (likewise)
	Offset            time.Duration
	FractionDigits    int // of datetimes, 0-7
	ProviderFault     ProviderFault
	NilStatusCode     bool // __ExtendedStatus.StatusCode is nil, as seen beside an unknown class
	ClassWmiError     bool // MSFT_WmiError is in the class's namespace, else in cim-schema/2
	WSManFaultAction  bool // faults bear …/wsman/fault as their Action, else …/addressing/fault
	Reason            Reason
	DeniedHRESULT     bool // "access denied" is 0x80070005, else 5
	QuotaOperations   bool // the quota fault is 2150859174, else 2150859173
}

// ShapeOf draws the shape of a seed. Of a question with n answers, the seeds
// 1 to n show every answer once, so three seeds see all of most questions; the
// order in which they come differs from question to question.
func ShapeOf(seed int64) Shape {
	d := draw{seed: seed - 1}
	return Shape{
		ReturnValueFirst:  d.yes(),
		NilOutputs:        d.yes(),
		NilEmptyArray:     d.yes(),
		NilDefaultName:    d.yes(),
		ReverseOutputs:    d.yes(),
		Prefix:            []string{"p", "ns1", ""}[d.pick(3)],
		NamespaceCase:     LetterCase(d.pick(int(letterCaseCount))),
		NeedHive:          d.yes(),
		DeleteAbsentCode:  uint32(1 + d.pick(2)),
		UnknownMethodWMI:  d.yes(),
		DefaultValue:      d.yes(),
		FirstItems:        FirstItems(d.pick(int(firstItemsCount))),
		ContextAtEnd:      d.yes(),
		FullInstances:     d.yes(),
		ShuffleProperties: d.yes(),
		Offset:            []time.Duration{0, 8 * time.Hour, -(3*time.Hour + 30*time.Minute)}[d.pick(3)],
		FractionDigits:    d.pick(8),
		ProviderFault:     ProviderFault(d.pick(int(providerFaultCount))),
		NilStatusCode:     d.yes(),
		ClassWmiError:     d.yes(),
		WSManFaultAction:  d.yes(),
		Reason:            Reason(d.pick(int(reasonCount))),
		DeniedHRESULT:     d.yes(),
		QuotaOperations:   d.yes(),
	}
}

// draw answers questions in turn.
type draw struct {
	seed     int64
	question uint64
}

func (d *draw) yes() bool { return d.pick(2) == 1 }

// pick walks through the n answers as the seed grows, beginning anew, with
// another first answer and direction, after every n seeds.
func (d *draw) pick(n int) int {
	d.question++
	count := int64(n)
	turn := ((d.seed % count) + count) % count
	block := (d.seed - turn) / count
	h := fnv.New64a()
	_ = binary.Write(h, binary.LittleEndian, []uint64{d.question, uint64(block)})
	sum := h.Sum64() >> 16
	if sum&1 == 1 {
		turn = count - 1 - turn
	}
	return int((turn + int64(sum>>1%uint64(n))) % count)
}
