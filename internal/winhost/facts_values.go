package winhost

import (
	"context"
	"errors"
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// reservedPorts is the value of Windows Server 2003 that takes ports out of 1025 to
// MaxUserPort: a REG_MULTI_SZ of ranges such as "1433-1433" (KB812873).
const reservedPorts = "ReservedPorts"

// maxReserved bounds how many ranges of ReservedPorts are believed.
const maxReserved = 10_000

// values lists the key once and reads each value of the catalogue that is there: one
// operation, and one for each.
func (r *factsRead) values(ctx context.Context) error {
	types, err := r.catalogue(ctx)
	if errors.Is(err, errChanged) {
		types, err = r.catalogue(ctx)
	}
	if err != nil || r.facts.System.Build.HasDynamicPortRange() || types[fold(reservedPorts)] != tuning.TypeMulti {
		return err
	}
	r.facts.ReservedPorts, err = r.host.texts(ctx, reservedPorts)
	if err != nil && !isOver(ctx, err) {
		r.missing(audit.PartValues, "reserved ports", err)
		return nil
	}
	return err
}

func (r *factsRead) catalogue(ctx context.Context) (types map[string]tuning.Type, err error) {
	if r.facts.Names, err = r.host.valueTypes(ctx, tcpip.KeyPath); err != nil {
		return nil, err
	}
	types = folded(r.facts.Names)
	r.facts.Values, err = r.host.readListed(ctx, types, tcpip.Catalogue)
	return types, err
}

// texts reads a REG_MULTI_SZ.
func (h *Host) texts(ctx context.Context, value string) ([]string, error) {
	output, err := h.registry(ctx, transport.Read, "GetMultiStringValue", tcpip.KeyPath, value)
	if err != nil {
		return nil, err
	}
	return textsIn(output.Fields, value)
}

func textsIn(output wsman.Fields, value string) ([]string, error) {
	texts := []string{}
	for _, field := range output.All("sValue") {
		if field.Null {
			continue // an empty list may come as one null
		}
		if len(texts) == maxReserved {
			return nil, fmt.Errorf("%s has more than %d lines", value, maxReserved)
		}
		texts = append(texts, field.Text)
	}
	return texts, nil
}
