package provider

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

var catalogue = tcpip.Catalogue

// numbers and originals are a whole state: what is not named must be null or not
// be there.
type (
	numbers   map[string]int64
	originals map[string]string
)

// differences compares registry values of a host with what they should be.
func differences(host *winsim.Host, want map[string]string) error {
	var errs []error
	for name, text := range want {
		got, ok := host.Value(name)
		if !ok {
			got = "absent"
		}
		if got != text {
			errs = append(errs, fmt.Errorf("%s is %s, want %s", name, got, text))
		}
	}
	return errors.Join(errs...)
}

// holds checks registry values of a host after a step.
func holds(host *winsim.Host, want map[string]string) resource.TestCheckFunc {
	return func(*terraform.State) error { return differences(host, want) }
}

// state checks every attribute of the resource, the nulls too.
func state(want numbers, before originals) []statecheck.StateCheck {
	var checks []statecheck.StateCheck
	for _, p := range catalogue {
		var check knownvalue.Check = knownvalue.Null()
		if number, ok := want[p.Attribute]; ok {
			check = knownvalue.Int64Exact(number)
		}
		checks = append(checks, statecheck.ExpectKnownValue(address, tfjsonpath.New(p.Attribute), check))
	}
	texts := map[string]knownvalue.Check{}
	for attribute, text := range before {
		texts[attribute] = knownvalue.StringExact(text)
	}
	return append(checks, statecheck.ExpectKnownValue(address, tfjsonpath.New("original"), knownvalue.MapExact(texts)))
}

// stateIs is state for steps that take only the older kind of check.
func stateIs(want numbers, before originals) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		found, ok := s.RootModule().Resources[address]
		if !ok {
			return fmt.Errorf("%s is not in state", address)
		}
		return attributesAre(found.Primary.Attributes, want, before)
	}
}

// importedIs is state for what an import brought.
func importedIs(want numbers, before originals) resource.ImportStateCheckFunc {
	return func(states []*terraform.InstanceState) error {
		if len(states) != 1 {
			return fmt.Errorf("%d resources were imported", len(states))
		}
		if got := states[0].Attributes["on_destroy"]; got != "restore" {
			return fmt.Errorf("on_destroy was imported as %q", got)
		}
		return attributesAre(states[0].Attributes, want, before)
	}
}

func attributesAre(got map[string]string, want numbers, before originals) error {
	var errs []error
	for _, p := range catalogue {
		text := ""
		if number, ok := want[p.Attribute]; ok {
			text = strconv.FormatInt(number, 10)
		}
		if got[p.Attribute] != text {
			errs = append(errs, fmt.Errorf("%s is %q in state, want %q", p.Attribute, got[p.Attribute], text))
		}
	}
	if n := got["original.%"]; n != strconv.Itoa(len(before)) {
		errs = append(errs, fmt.Errorf("original has %s entries, want %d", n, len(before)))
	}
	for attribute, text := range before {
		if got["original."+attribute] != text {
			errs = append(errs, fmt.Errorf("original.%s is %q, want %q", attribute, got["original."+attribute], text))
		}
	}
	return errors.Join(errs...)
}

// port gives ":5986" of "127.0.0.1:5986".
func port(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err)
	}
	return ":" + port
}

// pattern makes an expression that does not care where the CLI breaks lines.
func pattern(text string) *regexp.Regexp {
	return regexp.MustCompile("(?s)" + strings.ReplaceAll(text, " ", `\s+`))
}

// valueWrites counts what was written beside the journal, which is a text and a key.
func valueWrites(host *winsim.Host) int {
	methods := host.Counters().Methods
	return methods["SetDWORDValue"] + methods["SetQWORDValue"] + methods["DeleteValue"]
}
