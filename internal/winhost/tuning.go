package winhost

import (
	"context"
	"errors"
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// ReadTuning reads the given parameters. A registry value is absent, a REG_DWORD, or
// of another type: the key is listed first (one operation), since types and presence
// then come from Microsoft's documented type numbers and not from return codes that
// are only reported; each value that is there costs one operation more. Port ranges,
// where any is asked for, cost one command in a shell.
func (h *Host) ReadTuning(ctx context.Context, parameters []tcpip.Parameter) (tuning.Values, error) {
	var registry, ranges []tcpip.Parameter
	for _, p := range parameters {
		if p.IsRange() {
			ranges = append(ranges, p)
		} else {
			registry = append(registry, p)
		}
	}
	values := tuning.Values{}
	if len(registry) > 0 || len(ranges) == 0 {
		var err error
		values, err = h.readTuning(ctx, registry)
		if errors.Is(err, errChanged) {
			values, err = h.readTuning(ctx, registry)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := h.readRanges(ctx, ranges, values); err != nil {
		return nil, err
	}
	return values, nil
}

// errChanged is a value that changed between the listing and the reading.
var errChanged = errors.New("the value changed while it was read")

func (h *Host) readTuning(ctx context.Context, parameters []tcpip.Parameter) (tuning.Values, error) {
	listed, err := h.valueTypes(ctx, tcpip.KeyPath)
	if err != nil {
		return nil, err
	}
	return h.readListed(ctx, folded(listed), parameters)
}

// readListed reads those of the parameters that a listing of the key has. The error is
// errChanged where they are not as it says any more.
func (h *Host) readListed(ctx context.Context, types map[string]tuning.Type, parameters []tcpip.Parameter) (tuning.Values, error) {
	values := tuning.Values{}
	for _, p := range parameters {
		typ, present := types[fold(p.ValueName)]
		if !present {
			values[p.Attribute] = tuning.Absent
			continue
		}
		value, err := h.readValue(ctx, p.ValueName, typ)
		if errors.Is(err, ErrNotExist) || errors.Is(err, ErrUnexpectedType) {
			return nil, fmt.Errorf("%w: %w", errChanged, err)
		}
		if err != nil {
			return nil, err
		}
		values[p.Attribute] = value
	}
	return values, nil
}

func (h *Host) readValue(ctx context.Context, name string, typ tuning.Type) (tuning.Value, error) {
	switch typ {
	case tuning.TypeDWORD:
		number, err := h.dword(ctx, name)
		return tuning.DWORD(number), err
	case tuning.TypeString:
		text, ok, err := h.text(ctx, name)
		if !ok {
			return tuning.Opaque(typ), err
		}
		return tuning.String(text), err
	case tuning.TypeQWORD:
		number, err := h.number(ctx, "GetQWORDValue", name, 64)
		if h.isNoSuchMethod(ctx, err) {
			return tuning.Opaque(typ), nil // Windows Server 2003, as far as is known
		}
		return tuning.QWORD(number), err
	default:
		return tuning.Opaque(typ), nil
	}
}

// isNoSuchMethod tells whether the host said that it has no such method, so that
// the value counts as one that cannot be put back. Any other fault stays an error:
// it may pass, and a good value must not count as lost by it. Faults of WMI can come
// without WMI's own code [recorded]; such a one is believed of Windows Server 2003
// alone, since GetQWORDValue is documented from its successor on. To know that costs
// one operation, in this case only.
func (h *Host) isNoSuchMethod(ctx context.Context, err error) bool {
	var fault *wsman.Fault
	if !errors.As(err, &fault) {
		return false
	}
	if fault.UnknownMethod() || !fault.Vague() {
		return fault.UnknownMethod()
	}
	system, err := h.ReadSystem(ctx)
	return err == nil && system.Build == tcpip.Server2003
}

// WriteTuning carries out one step. The error is a [*tuning.WriteError]. A write
// whose reply was lost is never sent again: the value is read, and counts as
// written if it is what was asked for.
func (h *Host) WriteTuning(ctx context.Context, step tuning.Step) error {
	write, perhaps := h.write, mayHaveHappened
	if step.Parameter.IsRange() {
		write, perhaps = h.setRange, mayHaveRun
	}
	err := write(ctx, step)
	if err == nil {
		return nil
	}
	uncertain := perhaps(err)
	if uncertain && h.reads(ctx, step) {
		return nil
	}
	return &tuning.WriteError{Step: step, Uncertain: uncertain, Err: err}
}

// mayHaveHappened tells whether a write may be done all the same, or may still
// land: its reply was lost, or the host itself stopped waiting for WMI, which goes
// on. A return value and any other fault say that it was not done.
func mayHaveHappened(err error) bool {
	var fault *wsman.Fault
	if errors.As(err, &fault) {
		return fault.OperationTimeout() || fault.Subcode == "InternalError" && fault.WMICode == 0 && !fault.Busy() && !fault.AccessDenied()
	}
	return transport.MayHaveHappened(err)
}

// mayHaveRun is mayHaveHappened of a command: what comes before it, such as the making
// of its shell, changes nothing.
func mayHaveRun(err error) bool {
	var unfinished *wsman.UnfinishedError
	return errors.As(err, &unfinished)
}

// reads tells whether the host has what a step was to write.
func (h *Host) reads(ctx context.Context, step tuning.Step) bool {
	values, err := h.ReadTuning(ctx, []tcpip.Parameter{step.Parameter})
	return err == nil && values[step.Parameter.Attribute] == step.To
}
