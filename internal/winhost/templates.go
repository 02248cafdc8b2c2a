package winhost

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// maxTemplates bounds how many ranges are believed; Windows has six templates.
const maxTemplates = 64

// templates reads what the templates of MSFT_NetTCPSetting say of port ranges. Where
// netsh has told the ranges, only templates are asked for that say something else, or
// that set an auto-reuse range: a host that agrees with itself answers at once, where
// six templates take a second round trip.
func (r *factsRead) templates(ctx context.Context) error {
	if !r.facts.System.Build.HasStandardCimv2() {
		return nil
	}
	found := []tcpip.PortRange{}
	var reuse *tcpip.PortRange
	err := r.host.wsman.Enumerate(ctx, namespaceStandard, r.templateQuery(), func(item wsman.Item) error {
		dynamic, err := rangeIn(item, startColumn, numberColumn)
		if err != nil {
			return fmt.Errorf("MSFT_NetTCPSetting: %w", err)
		}
		if dynamic != nil && !slices.Contains(found, *dynamic) {
			if len(found) == maxTemplates {
				return fmt.Errorf("MSFT_NetTCPSetting reports more than %d dynamic port ranges", maxTemplates)
			}
			found = append(found, *dynamic)
		}
		other, err := rangeIn(item, reuseStartColumn, reuseNumberColumn)
		switch {
		case err != nil:
			return fmt.Errorf("MSFT_NetTCPSetting: auto-reuse: %w", err)
		case other == nil:
		case reuse != nil && *reuse != *other:
			return fmt.Errorf("MSFT_NetTCPSetting reports two auto-reuse port ranges, %s and %s: which one rules is not known", reuse, other)
		default:
			reuse = other
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.facts.Templates, r.facts.AutoReuse = found, reuse
	return nil
}

func (r *factsRead) templateQuery() string {
	columns, reuses := []string{startColumn, numberColumn}, r.facts.System.Build >= tcpip.Server2016
	if reuses {
		columns = append(columns, reuseStartColumn, reuseNumberColumn)
	}
	query := "SELECT " + strings.Join(columns, ", ") + " FROM MSFT_NetTCPSetting"
	var others []string
	for _, family := range tcpip.Families {
		known, ok := r.facts.Ranges[tcpip.Pool{Transport: tcpip.TCP, Family: family}]
		other := fmt.Sprintf("(%s <> %d OR %s <> %d)", startColumn, known.Start, numberColumn, known.Number)
		if ok && !slices.Contains(others, other) {
			others = append(others, other)
		}
	}
	if len(others) == 0 {
		return query
	}
	query += " WHERE " + strings.Join(others, " AND ") // which binds closer than OR
	if reuses {
		query += " OR " + reuseNumberColumn + " <> 0"
	}
	return query
}
