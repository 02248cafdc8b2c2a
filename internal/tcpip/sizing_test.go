package tcpip

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestSustainableConnectionRate(t *testing.T) {
	tests := []struct {
		ports, delay uint32
		want         float64
	}{
		{16384, 240, 16384.0 / 240}, // an untouched Server 2008 or later
		{3976, 120, 3976.0 / 120},
		{64510, 30, 64510.0 / 30},
		{15000, 30, 500},
		{1, 300, 1.0 / 300}, // not rounded down to none
		{0, 30, 0},
		{65535, 1, 65535},
		{0xffffffff, 0xffffffff, 1},
		{0xffffffff, 1, 4294967295},
		{1, 0, math.Inf(1)},
		{0, 0, math.Inf(1)},
	}
	for _, tt := range tests {
		if got := SustainableConnectionRate(tt.ports, tt.delay); got != tt.want {
			t.Errorf("%d ports, %d s: %v, want %v", tt.ports, tt.delay, got, tt.want)
		}
	}
}

func TestExactConnectionRate(t *testing.T) {
	rate, ok := ExactConnectionRate(9, 30)
	if !ok || rate.Cmp(big.NewRat(3, 10)) != 0 {
		t.Errorf("9 ports, 30 s: %v, %v", rate, ok)
	}
	if rate, ok := ExactConnectionRate(9, 0); ok {
		t.Errorf("a delay of 0 gives %v", rate)
	}
}

func TestRequiredPorts(t *testing.T) {
	tenth, fifth := 0.1, 0.2
	tests := []struct {
		rate  float64
		delay uint32
		want  uint64
	}{
		{500, 30, 15000},
		{68.3, 240, 16392}, // 68.27 is what 16384 sustain
		{0, 240, 0},
		{0.1, 30, 3}, // in float64 0.1 is above 0.1
		{0.29, 100, 29},
		{1.1, 30, 33}, // in float64 1.1*30 is above 33
		{tenth + fifth, 10, 3},
		{0.3000001, 10, 4},
		{546.133333333333, 30, 16384},  // below 16384/30
		{546.1333333333333, 30, 16384}, // the same with all the digits that float64 has
		{0.001, 30, 1},
		{5e-324, 30, 1},
		{1, 0, 0},
		{65535, 1, 65535},
		{2184.5, 30, 65535},
		{2184.50000001, 30, 65536},  // twelve digits count
		{999999.999999, 300, 3e8},   // 0.0003 below
		{0.00000000001, 300, 1},     // and each counts at the small end too
		{0.561872909699, 299, 169},  // 168.000000000001, as close as twelve digits come to a whole number
		{333333.333334, 3, 1000001}, // 0.000002 above
		{1e9, 300, 300_000_000_000}, // no machine has them; the answer stays true
		{1e9, 0xffffffff, 4294967295000000000},
	}
	for _, tt := range tests {
		got, err := RequiredPorts(tt.rate, tt.delay)
		if err != nil || got != tt.want {
			t.Errorf("%v per s, %d s: %d, %v, want %d", tt.rate, tt.delay, got, err, tt.want)
		}
	}
	for _, rate := range []float64{-1, -5e-324, math.NaN(), math.Inf(1), math.Inf(-1), 1e9 + 1} {
		if got, err := RequiredPorts(rate, 30); err == nil {
			t.Errorf("%v connections per second require %d ports", rate, got)
		}
	}
}

// The two functions are each other's inverse, for every range and delay that there is.
func TestRequiredPortsUndoesTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ports := rapid.Uint32Range(1, 65535).Draw(t, "ports")
		delay := rapid.Uint32Range(1, 300).Draw(t, "delay")
		rate := SustainableConnectionRate(ports, delay)
		for _, rate := range []float64{rate, math.Nextafter(rate, math.Inf(1)), math.Nextafter(rate, 0), 3 * (rate / 3)} {
			if got, err := RequiredPorts(rate, delay); err != nil || got != uint64(ports) {
				t.Fatalf("%d ports sustain %v per s, which require %d (%v)", ports, rate, got, err)
			}
		}
		if got, _ := RequiredPorts(rate+0.001/float64(delay), delay); got != uint64(ports)+1 {
			t.Fatalf("a thousandth of a port more than %d ports sustain requires %d", ports, got)
		}
	})
}

// A rate of up to twelve digits counts as it is written.
func TestRequiredPortsIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.Int64Range(0, 999_999_999_999).Draw(t, "digits")
		places := rapid.IntRange(3, 12).Draw(t, "places")
		delay := rapid.Uint32Range(0, 300).Draw(t, "delay")
		text := strconv.FormatInt(digits, 10) + "e-" + strconv.Itoa(places)
		rate, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		exact, _ := new(big.Rat).SetString(text)
		exact.Mul(exact, big.NewRat(int64(delay), 1))
		// The smallest whole number that is not below.
		want, rest := new(big.Int).QuoRem(exact.Num(), exact.Denom(), new(big.Int))
		if rest.Sign() > 0 {
			want.Add(want, big.NewInt(1))
		}
		if got, err := RequiredPorts(rate, delay); err != nil || got != want.Uint64() {
			t.Fatalf("%s per s, %d s: %d (%v), want %d", text, delay, got, err, want)
		}
	})
}

func TestConflicts(t *testing.T) {
	tests := []struct {
		r     PortRange
		ports []uint16
		want  []uint16
	}{
		{PortRange{49152, 16384}, []uint16{1433, 3389, 5985}, nil},
		{PortRange{1025, 64511}, []uint16{5985, 1433, 443, 1433, 65535, 1025, 1024}, []uint16{1025, 1433, 5985, 65535}},
		{PortRange{10000, 255}, []uint16{9999, 10000, 10254, 10255}, []uint16{10000, 10254}},
		{PortRange{65535, 1}, []uint16{65534, 65535, 0}, []uint16{65535}},
		{PortRange{0, 65536}, []uint16{65535, 0}, []uint16{0, 65535}},
		{PortRange{10000, 0}, []uint16{10000}, nil},
		{PortRange{1025, 64511}, nil, nil},
	}
	for _, tt := range tests {
		given := slices.Clone(tt.ports)
		if got := Conflicts(tt.r, tt.ports); !slices.Equal(got, tt.want) {
			t.Errorf("%v, %v: %v, want %v", tt.r, tt.ports, got, tt.want)
		}
		if !slices.Equal(given, tt.ports) {
			t.Errorf("%v: the caller's ports became %v", given, tt.ports)
		}
	}
}
