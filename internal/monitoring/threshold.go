package monitoring

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Range is a Nagios range: when a number is to alert (Monitoring Plugins development
// guidelines, "Threshold and ranges").
type Range struct {
	low, high float64 // both inclusive; infinite where there is no bound
	inside    bool    // @: alert inside, not outside
	text      string
}

// parseRange reads 10 (alert below 0 or above 10), 10: (below 10), ~:10 (above 10),
// 10:20 (outside) and @10:20 (inside).
func parseRange(text string) (Range, error) {
	r := Range{low: 0, high: math.Inf(1), text: text}
	body, inside := strings.CutPrefix(text, "@")
	r.inside = inside
	low, high, two := strings.Cut(body, ":")
	if !two {
		low, high = "0", body
	}
	var err error
	if low == "" { // ":10", which plugins take as "10"
		low = "0"
	}
	if r.low, err = bound(low, "~", math.Inf(-1)); err != nil {
		return Range{}, fmt.Errorf("range %q: %w", text, err)
	}
	if r.high, err = bound(high, "", math.Inf(1)); err != nil || body == "" || body == ":" {
		return Range{}, fmt.Errorf("range %q: %w", text, errBound(high))
	}
	if r.low > r.high {
		return Range{}, fmt.Errorf("range %q: its start is above its end, so that everything would alert; write START:END", text)
	}
	return r, nil
}

func errBound(text string) error {
	return fmt.Errorf("%q is no number; write a range as Nagios has it: 10 (alert below 0 or above 10), 10: (below 10), ~:10 (above 10), 10:20 (outside), @10:20 (inside)", text)
}

func bound(text, infinite string, infinity float64) (float64, error) {
	if text == infinite {
		return infinity, nil
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) || strings.ContainsAny(text, "xX_pP+") {
		return 0, errBound(text)
	}
	return number, nil
}

// Alerts tells whether a number is to alert.
func (r Range) Alerts(number float64) bool {
	within := number >= r.low && number <= r.high
	return within == r.inside
}

// String is the range as it was written.
func (r Range) String() string { return r.text }

// Threshold is a range on one metric.
type Threshold struct {
	Metric Metric
	Range  Range
}

// ParseThreshold reads METRIC=RANGE.
func ParseThreshold(text string) (Threshold, error) {
	name, limits, ok := strings.Cut(text, "=")
	if !ok {
		return Threshold{}, fmt.Errorf("%q is no threshold: write METRIC=RANGE, for example utilisation=0.8", text)
	}
	metric, ok := find(name)
	if !ok {
		return Threshold{}, fmt.Errorf("%q is no metric; there are: %s", name, strings.Join(Names(), ", "))
	}
	limit, err := parseRange(limits)
	if err != nil {
		return Threshold{}, fmt.Errorf("%s: %w", name, err)
	}
	if metric.Unit == Ratio && (limit.low > 1 || limit.high > 1 && !math.IsInf(limit.high, 1)) {
		return Threshold{}, fmt.Errorf("%s: range %q is beyond a ratio, which is 0 to 1: for 80 %% write 0.8", name, limits)
	}
	return Threshold{metric, limit}, nil
}

// Thresholds are what makes a plugin's result a warning or critical.
type Thresholds struct{ Warning, Critical []Threshold }

// DefaultThresholds hold where none are given.
func DefaultThresholds() Thresholds {
	at := func(text string) []Threshold {
		t, err := ParseThreshold(text)
		if err != nil {
			panic(err) // a constant of ours
		}
		return []Threshold{t}
	}
	return Thresholds{Warning: at("utilisation=0.8"), Critical: at("utilisation=0.9")}
}

// on gives the ranges on a metric.
func on(list []Threshold, name string) (ranges []Range) {
	for _, t := range list {
		if t.Metric.Name == name {
			ranges = append(ranges, t.Range)
		}
	}
	return ranges
}
