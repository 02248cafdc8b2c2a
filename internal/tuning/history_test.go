package tuning

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// Whatever is configured in whatever order, and whichever writes fail on the
// way: as long as nobody else writes, a destroy with "restore" leaves the host
// exactly as it was found; of port ranges that cannot be set again, the nearest.
func TestAnyHistoryEndsWhereItBegan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := Values{}
		for _, p := range tcpip.PortRanges {
			before[p.Attribute] = rapid.SampledFrom([]Value{usual, wide, low}).Draw(t, p.ValueName)
		}
		for _, p := range tcpip.Catalogue {
			before[p.Attribute] = rapid.OneOf(
				rapid.Just(Absent), rapid.Map(rapid.Uint32(), DWORD), rapid.Just(String("30")), rapid.Just(QWORD(30)),
			).Draw(t, p.ValueName)
		}
		host := maps.Clone(before)
		prior := Prior{Written: Values{}}
		for range rapid.IntRange(1, 6).Draw(t, "updates") {
			desired := Desired{}
			for _, p := range tcpip.Catalogue {
				if rapid.Bool().Draw(t, "managed") {
					desired[p.Attribute] = DWORD(rapid.Uint32Range(p.Min, p.Max).Draw(t, "number"))
				}
			}
			for _, argument := range []string{tcp, udp} {
				if rapid.Bool().Draw(t, "managed") {
					desired[argument] = rapid.SampledFrom([]Value{usual, other, near}).Draw(t, "range")
				}
			}
			switch {
			case len(prior.Carried) == 0 && rapid.Bool().Draw(t, "memory lost, and there is no journal"):
				prior.Written = nil
			case prior.Written != nil && rapid.Bool().Draw(t, "another owner takes over, by the journal"):
				prior = takenOver(prior)
			}
			plan, err := Apply(host, desired, prior, Restore)
			if err != nil {
				t.Fatal(err)
			}
			done := rapid.IntRange(0, len(plan.Steps)).Draw(t, "steps done")
			for _, step := range plan.Steps[:done] {
				host[step.Parameter.Attribute] = step.To
			}
			if done < len(plan.Steps) {
				late := plan.Steps[done] // its reply is lost, and by chance it lands later
				uncertain := ""
				if rapid.Bool().Draw(t, "reply lost") {
					uncertain = late.Parameter.Attribute
				}
				if done > 0 && rapid.Bool().Draw(t, "somebody else writes") {
					p := plan.Steps[done-1].Parameter
					host[p.Attribute] = drawnWritten(p).Draw(t, "theirs")
				}
				prior = AfterFailure(plan, prior, host, uncertain)
				paired(t, prior)
				if uncertain != "" && rapid.Bool().Draw(t, "lands late") {
					host[uncertain] = late.To
				}
				continue
			}
			if err := Verify(plan, desired, host); err != nil {
				t.Fatal(err)
			}
			prior = plan.Prior()
			paired(t, prior)
		}
		for _, step := range Destroy(host, prior, Restore).Steps {
			host[step.Parameter.Attribute] = step.To
		}
		for attribute, value := range before {
			if host[attribute] != value && host[attribute] != value.nearest() {
				t.Fatalf("%s was %s and ended as %s", attribute, value, host[attribute])
			}
		}
	})
}

// paired: both families of a transport are managed, or none.
func paired(t *rapid.T, prior Prior) {
	for _, transport := range tcpip.Transports {
		count := 0
		for _, p := range tcpip.PortRanges {
			if _, managed := prior.Original[p.Attribute]; managed && p.Pool.Transport == transport {
				count++
			}
		}
		if count == 1 {
			t.Fatalf("one family's range is managed and the other's is not: %v", prior.Original)
		}
	}
}

// takenOver is what a create that finds the journal goes by: everything is another
// owner's.
func takenOver(prior Prior) Prior {
	carried := maps.Clone(prior.Carried)
	if carried == nil {
		carried = Values{}
	}
	maps.Copy(carried, prior.Original)
	return Prior{Original: Values{}, Carried: carried, Written: prior.Written}
}
