package provider

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/reconcile"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// How long a whole call may take where timeouts says nothing.
const (
	createTimeout = 5 * time.Minute
	readTimeout   = 2 * time.Minute
	updateTimeout = 5 * time.Minute
	deleteTimeout = 5 * time.Minute
)

func timeoutText(limit time.Duration) string {
	return fmt.Sprintf("Bounds the whole call, as a number with a unit (`30s`, `5m`), beside up to two minutes for taking back and reading what was written. Default `%gm`.", limit.Minutes())
}

// tuningModel is the resource as configuration, plan or state have it. It is
// read attribute by attribute, since the catalogue decides which there are.
type tuningModel struct {
	Host      types.String
	OnDestroy types.String
	Original  types.Map
	Owner     types.String
	Pending   types.Set
	Timeouts  timeouts.Value
	Numbers   map[string]types.Number // by catalogue attribute
	Ranges    types.Object            // dynamic_port_range
}

// attributes is what tfsdk.Config, Plan and State have in common for reading.
type attributes interface {
	GetAttribute(ctx context.Context, at path.Path, target any) diag.Diagnostics
}

func readModel(ctx context.Context, from attributes) (tuningModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	model := tuningModel{Numbers: map[string]types.Number{}}
	diags.Append(from.GetAttribute(ctx, path.Root("host"), &model.Host)...)
	diags.Append(from.GetAttribute(ctx, path.Root("on_destroy"), &model.OnDestroy)...)
	diags.Append(from.GetAttribute(ctx, path.Root("original"), &model.Original)...)
	diags.Append(from.GetAttribute(ctx, path.Root("owner"), &model.Owner)...)
	diags.Append(from.GetAttribute(ctx, path.Root("pending_restart"), &model.Pending)...)
	diags.Append(from.GetAttribute(ctx, path.Root("timeouts"), &model.Timeouts)...)
	for _, p := range tcpip.Catalogue {
		var number types.Number
		diags.Append(from.GetAttribute(ctx, path.Root(p.Attribute), &number)...)
		model.Numbers[p.Attribute] = number
	}
	diags.Append(from.GetAttribute(ctx, path.Root(tcpip.RangeAttribute), &model.Ranges)...)
	return model, diags
}

// settable is what tfsdk.State and Plan have in common for writing.
type settable interface {
	SetAttribute(ctx context.Context, at path.Path, value any) diag.Diagnostics
}

// store writes what is true on the host into state, and what is to be remembered
// into private state.
func store(ctx context.Context, into settable, memory settablePrivate, truth *reconcile.Resource) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range tcpip.Catalogue {
		value := types.NumberNull()
		if number, ok := truth.Numbers[p.Attribute].DWORD(); ok {
			value = whole(number)
		}
		diags.Append(into.SetAttribute(ctx, path.Root(p.Attribute), value)...)
	}
	diags.Append(into.SetAttribute(ctx, path.Root(tcpip.RangeAttribute), rangesOf(truth.Numbers))...)
	diags.Append(into.SetAttribute(ctx, path.Root("original"), originalTexts(truth.Original))...)
	owner := types.StringValue(truth.Owner)
	if truth.Owner == "" { // a state from before there were owners; the next update makes one
		owner = types.StringNull()
	}
	diags.Append(into.SetAttribute(ctx, path.Root("owner"), owner)...)
	diags.Append(into.SetAttribute(ctx, path.Root("pending_restart"), truth.Pending)...)
	diags.Append(storeMemory(ctx, memory, truth.Memory)...)
	return diags
}

// originalTexts is how state keeps the originals.
func originalTexts(original tuning.Values) map[string]string {
	texts := make(map[string]string, len(original))
	for attribute, value := range original {
		texts[attribute] = value.String()
	}
	return texts
}

func whole(number uint32) types.Number {
	return types.NumberValue(new(big.Float).SetUint64(uint64(number)))
}

// natural is a number of 32 bits; ok is false where it is null, unknown or another.
func natural(value types.Number) (number uint32, ok bool) {
	if value.IsNull() || value.IsUnknown() {
		return 0, false
	}
	n, accuracy := value.ValueBigFloat().Uint64()
	return uint32(n), accuracy == big.Exact && n <= math.MaxUint32 // #nosec G115 -- only used where it fits
}

// numbers is the attributes that are set. State may hold any number that a host
// had; what is not one of 32 bits is left out.
func (m tuningModel) numbers() tuning.Desired {
	numbers := tuning.Desired{}
	for attribute, value := range m.Numbers {
		if number, ok := natural(value); ok {
			numbers[attribute] = tuning.DWORD(number)
		}
	}
	for _, transport := range tcpip.Transports {
		if r, ok := m.portRange(transport); ok {
			numbers[tcpip.Pool{Transport: transport}.Argument()] = tuning.Ports(r)
		}
	}
	return numbers
}

// desired is the numbers that shall be on the host. They were validated at plan
// time, but those that were unknown then are checked here, before anything is
// written.
func (m tuningModel) desired() (tuning.Desired, diag.Diagnostics) {
	var diags diag.Diagnostics
	for _, p := range tuning.Parameters(m.Numbers) {
		if value := m.Numbers[p.Attribute]; !value.IsNull() {
			if err := checkNumber(p, value); err != nil {
				diags.AddAttributeError(path.Root(p.Attribute), "Invalid "+p.Attribute, sentence(err))
			}
		}
	}
	diags.Append(m.checkRanges()...)
	numbers := m.numbers()
	if len(numbers) == 0 && !diags.HasError() {
		diags.Append(nothingManaged())
	}
	return numbers, diags
}

// configured says of each attribute whether a configuration sets it.
func (m tuningModel) configured() map[string]tuning.Configured {
	configured := map[string]tuning.Configured{}
	for attribute, number := range m.Numbers {
		switch {
		case number.IsUnknown():
			configured[attribute] = tuning.Unknown
		case !number.IsNull():
			configured[attribute] = tuning.Known
		}
	}
	for _, transport := range tcpip.Transports {
		if said := m.configuredRange(transport); said != tuning.Null {
			configured[tcpip.Pool{Transport: transport}.Argument()] = said
		}
	}
	return configured
}

// observed is the values as state last saw them.
func (m tuningModel) observed() tuning.Values {
	observed, numbers := tuning.Values{}, m.numbers()
	for _, p := range tcpip.Settings {
		if value, ok := numbers[p.Argument()]; ok {
			observed[p.Attribute] = value
		}
	}
	return observed
}

// original parses what state keeps. Text that cannot be understood is an error:
// nothing is restored from a guess.
func (m tuningModel) original(ctx context.Context) (tuning.Values, diag.Diagnostics) {
	var texts map[string]string
	diags := m.Original.ElementsAs(ctx, &texts, false)
	original := tuning.Values{}
	for attribute, text := range texts {
		p, known := tcpip.ByAttribute(attribute)
		value, err := tuning.ParseOriginal(p, text)
		if !known {
			err = fmt.Errorf("this version of the provider does not know the attribute %q", attribute)
		}
		if err != nil {
			diags.AddAttributeError(path.Root("original").AtMapKey(attribute), "Unable to Read State of "+m.Host.ValueString(),
				sentence(err)+" State was edited by hand, or written by a newer version of this provider. Nothing was changed on the host.")
			continue
		}
		original[attribute] = value
	}
	return original, diags
}

// resource is what state and private state remember.
func (m tuningModel) resource(ctx context.Context, memory private) (reconcile.Resource, diag.Diagnostics) {
	original, diags := m.original(ctx)
	remembered, more := readMemory(ctx, memory)
	diags.Append(more...)
	var pending []string
	diags.Append(m.Pending.ElementsAs(ctx, &pending, false)...)
	return reconcile.Resource{
		Owner: m.Owner.ValueString(), Original: original, Numbers: m.numbers(), Pending: pending, Memory: remembered,
	}, diags
}

// privateMemory is the key of private state under which [tuning.Memory] is kept.
const privateMemory = "memory"

// private is what requests and responses offer of private state.
type private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// readMemory gives what is remembered beside state; the zero Memory where Terraform
// lost it, as it does for a tainted resource or when the provider died in Update.
func readMemory(ctx context.Context, from private) (tuning.Memory, diag.Diagnostics) {
	data, diags := from.GetKey(ctx, privateMemory)
	if data == nil || diags.HasError() {
		return tuning.Memory{}, diags
	}
	return tuning.ParseMemory(data), diags
}

type settablePrivate interface {
	private
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// storeMemory writes only what differs: a Read that touches private state makes
// `plan -refresh-only -detailed-exitcode` return 2.
func storeMemory(ctx context.Context, into settablePrivate, memory tuning.Memory) diag.Diagnostics {
	before, diags := into.GetKey(ctx, privateMemory)
	if data := memory.Bytes(); !bytes.Equal(before, data) {
		diags.Append(into.SetKey(ctx, privateMemory, data)...)
	}
	return diags
}
