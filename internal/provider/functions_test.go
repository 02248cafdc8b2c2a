package provider

import (
	"context"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"pgregory.net/rapid"
)

// call runs a function as the framework does, with the numbers as Terraform reads them.
func call(t interface{ Fatal(...any) }, constructor func() function.Function, arguments ...attr.Value) (attr.Value, *function.FuncError) {
	ctx := context.Background()
	f := constructor()
	var definition function.DefinitionResponse
	f.Definition(ctx, function.DefinitionRequest{}, &definition)
	result, err := definition.Definition.Return.NewResultData(ctx)
	if err != nil {
		t.Fatal(err)
	}
	resp := function.RunResponse{Result: result}
	f.Run(ctx, function.RunRequest{Arguments: function.NewArgumentsData(arguments)}, &resp)
	return resp.Result.Value(), resp.Error
}

// num is a number as Terraform reads it from a configuration: "0.1" with 512 bits.
func num(text string) types.Number {
	number, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return types.NumberValue(number)
}

func list(texts ...string) types.List {
	elements := []attr.Value{}
	for _, text := range texts {
		elements = append(elements, num(text))
	}
	return types.ListValueMust(types.NumberType, elements)
}

func TestFunctionSustainableConnectionRate(t *testing.T) {
	for _, tt := range [][3]string{
		{"16384", "240", "68.26666666666667"},
		{"64510", "30", "2150.3333333333335"},
		{"3976", "120", "33.13333333333333"},
		{"9", "30", "0.3"},
		{"0", "300", "0"},
		{"65535", "1", "65535"},
	} {
		got, err := call(t, newSustainableConnectionRate, num(tt[0]), num(tt[1]))
		if err != nil {
			t.Fatal(err)
		}
		number := got.(types.Number).ValueBigFloat()
		if f, _ := number.Float64(); big.NewFloat(f).Text('g', -1) != tt[2] {
			t.Errorf("%s ports, %s s: %s", tt[0], tt[1], number.Text('g', 30))
		}
		// The number is the one that Terraform's own division gives.
		if quotient := new(big.Float).Quo(num(tt[0]).ValueBigFloat(), num(tt[1]).ValueBigFloat()); quotient.Cmp(number) != 0 {
			t.Errorf("%s / %s is %s to Terraform, %s here", tt[0], tt[1], quotient.Text('g', 200), number.Text('g', 200))
		}
	}
}

func TestFunctionRequiredPorts(t *testing.T) {
	for _, tt := range [][3]string{
		{"500", "30", "15000"},
		{"0.1", "30", "3"},
		{"0.1000000000000000055511151231257827", "30", "3"}, // what a float64 has for 0.1
		{"68.26666666666667", "240", "16384"},               // what an output of the other function may say
		{"68.3", "240", "16392"},
		{"546.3", "30", "16389"},
		{"0", "30", "0"},
		{"1e-400", "30", "1"},
		{"2150.5", "30", "64515"}, // more than the widest range has
		{"1000000000", "300", "300000000000"},
	} {
		got, err := call(t, newRequiredPorts, num(tt[0]), num(tt[1]))
		if err != nil {
			t.Fatalf("%v: %v", tt, err)
		}
		if number := got.(types.Number).ValueBigFloat().Text('f', -1); number != tt[2] {
			t.Errorf("%s per s, %s s: %s, want %s", tt[0], tt[1], number, tt[2])
		}
	}
}

// What a range sustains requires that range, and anything more requires more.
func TestFunctionsOfSizingAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := func(low, high int64, name string) types.Number {
			return types.NumberValue(new(big.Float).SetPrec(512).SetInt64(rapid.Int64Range(low, high).Draw(t, name)))
		}
		ports, delay := whole(0, 65535, "ports"), whole(1, 300, "delay")
		rate, err := call(t, newSustainableConnectionRate, ports, delay)
		if err != nil {
			t.Fatal(err)
		}
		// As it comes, and as it comes out of a state, in which Terraform writes all its digits.
		for _, rate := range []attr.Value{rate, num(rate.(types.Number).ValueBigFloat().Text('f', -1))} {
			required, err := call(t, newRequiredPorts, rate, delay)
			if err != nil || required.(types.Number).ValueBigFloat().Cmp(ports.ValueBigFloat()) != 0 {
				t.Fatalf("%s ports, %s s sustain %s, which require %v (%v)", ports, delay, rate, required, err)
			}
		}
	})
}

func TestFunctionPortRangeConflicts(t *testing.T) {
	for _, tt := range []struct {
		start, number string
		ports, want   types.List
	}{
		{"49152", "16384", list("1433", "3389"), list()},
		{"1025", "64511", list("5985", "1433", "5985", "443", "65535", "1025"), list("1025", "1433", "5985", "65535")},
		{"10000", "255", list("9999", "10000", "10254", "10255"), list("10000", "10254")},
		{"65535", "1", list("65535", "65534"), list("65535")},
		{"1", "65535", list("1", "65535"), list("1", "65535")},
		{"1025", "64511", list(), list()},
		{"1025", "64511", types.ListValueMust(types.NumberType, []attr.Value{num("1433"), types.NumberUnknown()}), types.ListUnknown(types.NumberType)},
	} {
		got, err := call(t, newPortRangeConflicts, num(tt.start), num(tt.number), tt.ports)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(tt.want) {
			t.Errorf("%s+%s, %v: %v, want %v", tt.start, tt.number, tt.ports, got, tt.want)
		}
	}
}

// Each error blames an argument, names it, gives its number and its range, and says
// what to do.
func TestFunctionsRefuse(t *testing.T) {
	const delayAdvice = "Give the host's TcpTimedWaitDelay, or 240 where it is not set"
	none := types.ListValueMust(types.NumberType, []attr.Value{num("1433"), types.NumberNull()})
	for _, tt := range []struct {
		f         func() function.Function
		arguments []attr.Value
		position  int64
		want      []string
	}{
		{newSustainableConnectionRate, []attr.Value{num("-1"), num("30")}, 0, []string{"number_of_ports -1 is negative, outside its range 0 to 65535 (count). Give how many ports"}},
		{newSustainableConnectionRate, []attr.Value{num("65536"), num("30")}, 0, []string{"number_of_ports 65536 is 0x10000, outside its range 0 to 65535"}},
		{newSustainableConnectionRate, []attr.Value{num("100.5"), num("30")}, 0, []string{"number_of_ports 100.5 is no whole number from 0 to 65535. Give how many"}},
		{newSustainableConnectionRate, []attr.Value{num("1e30"), num("30")}, 0, []string{"number_of_ports 1e+30 is no whole number from 0 to 65535"}},
		{newSustainableConnectionRate, []attr.Value{num("100"), num("0")}, 1, []string{"timed_wait_delay 0 is 0x0, outside its range 1 to 300 (seconds). " + delayAdvice}},
		{newSustainableConnectionRate, []attr.Value{num("100"), num("301")}, 1, []string{"timed_wait_delay 301 is 0x12d, outside its range 1 to 300 (seconds)"}},
		{newSustainableConnectionRate, []attr.Value{num("100"), num("30.5")}, 1, []string{"timed_wait_delay 30.5 is no whole number from 1 to 300. " + delayAdvice}},
		{newSustainableConnectionRate, []attr.Value{num("100"), num("120000")}, 1, []string{"timed_wait_delay 120000 is 0x1d4c0", "did you mean 120? The unit is seconds. " + delayAdvice}},
		{newSustainableConnectionRate, []attr.Value{num("100"), num("768")}, 1, []string{"did you mean 300? " + delayAdvice}},
		{newRequiredPorts, []attr.Value{num("-0.1"), num("30")}, 0, []string{"connections_per_second -0.1 is outside its range 0 to 1000000000. Give how many new connections"}},
		{newRequiredPorts, []attr.Value{num("-1e-400"), num("30")}, 0, []string{"connections_per_second -1e-400 is outside"}},
		{newRequiredPorts, []attr.Value{num("1000000000.5"), num("30")}, 0, []string{"connections_per_second 1000000000.5 is outside"}},
		{newRequiredPorts, []attr.Value{num("1e400"), num("30")}, 0, []string{"connections_per_second 1e+400 is outside"}},
		{newRequiredPorts, []attr.Value{num("5"), num("-30")}, 1, []string{"timed_wait_delay -30 is negative, outside its range 1 to 300"}},
		{newPortRangeConflicts, []attr.Value{num("0"), num("255"), list()}, 0, []string{"start_port 0 is 0x0, outside its range 1 to 65535 (port number). Give the first port"}},
		{newPortRangeConflicts, []attr.Value{num("65536"), num("1"), list()}, 0, []string{"start_port 65536 is 0x10000, outside"}},
		{newPortRangeConflicts, []attr.Value{num("1025"), num("0"), list()}, 1, []string{"number_of_ports 0 is 0x0, outside its range 1 to 65535 (count). Give how many"}},
		{newPortRangeConflicts, []attr.Value{num("1025"), num("64512"), list()}, 1, []string{"64512 ports from start_port 1025 on end at 65536, after the last port, 65535. Give number_of_ports 64511 or fewer"}},
		{newPortRangeConflicts, []attr.Value{num("65535"), num("65535"), list()}, 1, []string{"end at 131069", "Give number_of_ports 1 or fewer"}},
		{newPortRangeConflicts, []attr.Value{num("1025"), num("255"), list("1433", "0")}, 2, []string{"ports[1] 0 is 0x0, outside its range 1 to 65535 (port number). Give the port on which the service listens"}},
		{newPortRangeConflicts, []attr.Value{num("1025"), num("255"), list("70000")}, 2, []string{"ports[0] 70000 is 0x11170, outside"}},
		{newPortRangeConflicts, []attr.Value{num("1025"), num("255"), list("1433.5")}, 2, []string{"ports[0] 1433.5 is no whole number"}},
		{newPortRangeConflicts, []attr.Value{num("1025"), num("255"), none}, 2, []string{"ports[1] is null. Give the port"}},
	} {
		_, err := call(t, tt.f, tt.arguments...)
		if err == nil || err.FunctionArgument == nil {
			t.Errorf("%v: %v blames no argument", tt.arguments, err)
			continue
		}
		if *err.FunctionArgument != tt.position {
			t.Errorf("%v: argument %d is blamed: %s", tt.arguments, *err.FunctionArgument, err.Text)
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Text, want) {
				t.Errorf("%v: %q lacks %q", tt.arguments, err.Text, want)
			}
		}
		if strings.HasSuffix(err.Text, ".") {
			t.Errorf("%v: Terraform puts a full stop behind it: %q", tt.arguments, err.Text)
		}
	}
}

// The framework's own rules for functions, and ours: each says what it is.
func TestFunctionDefinitions(t *testing.T) {
	ctx := context.Background()
	for _, constructor := range (&windowsProvider{}).Functions(ctx) {
		var name function.MetadataResponse
		var definition function.DefinitionResponse
		constructor().Metadata(ctx, function.MetadataRequest{}, &name)
		constructor().Definition(ctx, function.DefinitionRequest{}, &definition)
		var valid function.DefinitionValidateResponse
		definition.Definition.ValidateImplementation(ctx, function.DefinitionValidateRequest{FuncName: name.Name}, &valid)
		if valid.Diagnostics.HasError() {
			t.Errorf("%s: %v", name.Name, valid.Diagnostics)
		}
		if definition.Definition.Summary == "" || definition.Definition.MarkdownDescription == "" {
			t.Errorf("%s has no summary or description", name.Name)
		}
		for _, p := range definition.Definition.Parameters {
			if p.GetMarkdownDescription() == "" {
				t.Errorf("%s: %s has no description", name.Name, p.GetName())
			}
		}
	}
}

// The numbers of the documentation's table are the function's.
func TestFunctionTable(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "templates", "functions", "sustainable_connection_rate.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| (\d+) s \| ([0-9.]+) \|`).FindAllStringSubmatch(string(page), -1)
	if len(rows) < 6 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		rate, err := call(t, newSustainableConnectionRate, num(row[1]), num(row[2]))
		if err != nil {
			t.Fatal(err)
		}
		if got := rate.(types.Number).ValueBigFloat().Text('f', 1); got != row[3] {
			t.Errorf("%s ports and %s s sustain %s, the table says %s", row[1], row[2], got, row[3])
		}
	}
}
