package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
	Timeouts  timeouts.Value
	Numbers   map[string]types.Number // by catalogue attribute
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
	diags.Append(from.GetAttribute(ctx, path.Root("timeouts"), &model.Timeouts)...)
	for _, p := range tcpip.Catalogue {
		var number types.Number
		diags.Append(from.GetAttribute(ctx, path.Root(p.Attribute), &number)...)
		model.Numbers[p.Attribute] = number
	}
	return model, diags
}

// settable is what tfsdk.State and Plan have in common for writing.
type settable interface {
	SetAttribute(ctx context.Context, at path.Path, value any) diag.Diagnostics
}

// store writes what is true on the host: the numbers of the managed values, and
// the originals.
func store(ctx context.Context, into settable, numbers tuning.Desired, original tuning.Values) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range tcpip.Catalogue {
		value := types.NumberNull()
		if number, ok := numbers[p.Attribute]; ok {
			value = types.NumberValue(new(big.Float).SetUint64(uint64(number)))
		}
		diags.Append(into.SetAttribute(ctx, path.Root(p.Attribute), value)...)
	}
	diags.Append(into.SetAttribute(ctx, path.Root("original"), originalTexts(original))...)
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

// numbers is the attributes that are set. State may hold any number that a host
// had; what is not one of 32 bits is left out.
func (m tuningModel) numbers() tuning.Desired {
	numbers := tuning.Desired{}
	for attribute, value := range m.Numbers {
		if value.IsNull() || value.IsUnknown() {
			continue
		}
		if number, accuracy := value.ValueBigFloat().Uint64(); accuracy == big.Exact && number <= math.MaxUint32 {
			numbers[attribute] = uint32(number) // #nosec G115 -- bounded just above
		}
	}
	return numbers
}

// desired is the numbers that shall be on the host. They were validated at plan
// time, but those that were unknown then are checked here, before anything is
// written.
func (m tuningModel) desired() (tuning.Desired, diag.Diagnostics) {
	var diags diag.Diagnostics
	for _, p := range managed(m.Numbers) {
		if value := m.Numbers[p.Attribute]; !value.IsNull() {
			if err := checkNumber(p, value); err != nil {
				diags.AddAttributeError(path.Root(p.Attribute), "Invalid "+p.Attribute, sentence(err))
			}
		}
	}
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
	return configured
}

// observed is the values as state last saw them.
func (m tuningModel) observed() tuning.Values {
	observed := tuning.Values{}
	for attribute, number := range m.numbers() {
		observed[attribute] = tuning.DWORD(number)
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
		value, err := tuning.ParseValue(text)
		if _, known := tcpip.ByAttribute(attribute); !known {
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

// managed lists the catalogue's rows that are keys of values, in its order.
func managed[V any](values map[string]V) []tcpip.Parameter {
	var list []tcpip.Parameter
	for _, p := range tcpip.Catalogue {
		if _, ok := values[p.Attribute]; ok {
			list = append(list, p)
		}
	}
	return list
}

// privateWritten is the key of private state under which the numbers that we
// last wrote are kept.
const privateWritten = "written"

// private is what requests and responses offer of private state.
type private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// readWritten gives what we last wrote; nil where Terraform lost the memory, as
// it does for a tainted resource or when the provider died in Update.
func readWritten(ctx context.Context, from private) (tuning.Desired, diag.Diagnostics) {
	data, diags := from.GetKey(ctx, privateWritten)
	if data == nil || diags.HasError() {
		return nil, diags
	}
	var written tuning.Desired
	if err := json.Unmarshal(data, &written); err != nil {
		return nil, diags // as good as lost
	}
	return written, diags
}

type settablePrivate interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func storeWritten(ctx context.Context, into settablePrivate, written tuning.Desired) diag.Diagnostics {
	if written == nil {
		return into.SetKey(ctx, privateWritten, nil)
	}
	data, err := json.Marshal(written)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to keep private state", err.Error())}
	}
	return into.SetKey(ctx, privateWritten, data)
}
