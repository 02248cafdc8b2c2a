package monitoring

import (
	"strings"
	"testing"
)

func TestRange(t *testing.T) {
	for _, tt := range []struct {
		text   string
		alerts []float64
		quiet  []float64
	}{
		{"10", []float64{-0.1, 10.1, 1e9}, []float64{0, 10, 5}},
		{"10:", []float64{9.99, 0, -1}, []float64{10, 1e12}},
		{"~:10", []float64{10.01}, []float64{-1e9, 0, 10}},
		{":10", []float64{-1, 11}, []float64{0, 10}},
		{"10:20", []float64{9, 21}, []float64{10, 15, 20}},
		{"@10:20", []float64{10, 15, 20}, []float64{9.9, 20.1}},
		{"@~:0", []float64{0, -5}, []float64{0.1}},
		{"-10:-5", []float64{-11, -4, 0}, []float64{-10, -5}},
		{"0.8", []float64{0.81, 1}, []float64{0.8, 0}},
		{"0", []float64{1, -1}, []float64{0}},
	} {
		r, err := parseRange(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		for _, number := range tt.alerts {
			if !r.Alerts(number) {
				t.Errorf("%s does not alert at %v", tt.text, number)
			}
		}
		for _, number := range tt.quiet {
			if r.Alerts(number) {
				t.Errorf("%s alerts at %v", tt.text, number)
			}
		}
	}
}

func TestRangeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"": "write a range as Nagios has it", ":": "write a range", "@": "write a range", "ten": `"ten" is no number`, "10:x": `"x" is no number`,
		"x:10": `"x" is no number`, "20:10": "its start is above its end", "NaN": "no number", "inf": "no number", "1:2:3": `"2:3" is no number`,
		"~": "no number", "0x10": "no number", "1_0": "no number", "10%": "no number", "1 0": "no number", "5:~": `"~" is no number`,
	} {
		if _, err := parseRange(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestThreshold(t *testing.T) {
	reading := example("mail01")
	for text, want := range map[string]bool{
		"utilisation=0.79": true, "utilisation=0.8": false, "stale=~:59": true, "pool_free=188:": false, "pool_free=189:": true,
		"state_time_wait=59": true, "connection_failures=21": false, "connection_failures=20": true, "probe_success=1:": false,
	} {
		threshold, err := ParseThreshold(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if number, known := threshold.Metric.Of(&reading); !known || threshold.Range.Alerts(number) != want {
			t.Errorf("%s: %v (%t), alerts %t", text, number, known, !want)
		}
	}
	for text, want := range map[string]string{
		"utilisation": "write METRIC=RANGE", "usage=1": "there are: active, stale", "utilisation=80": "for 80 % write 0.8", "utilisation=80:": "for 80 % write 0.8",
		"utilisation=@0.5:90": "for 80 % write 0.8", "stale=": "write a range", "state_time=5": "is no metric",
	} {
		if _, err := ParseThreshold(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
