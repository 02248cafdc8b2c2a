package provider

import (
	"context"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

var _ provider.ProviderWithFunctions = (*windowsProvider)(nil)

// Functions are what a configuration can compute without a host; Terraform calls them
// on a provider that was not configured.
func (p *windowsProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newSustainableConnectionRate, newRequiredPorts, newPortRangeConflicts}
}

// numberPrecision is the precision, in bits, that Terraform computes with.
const numberPrecision = 512

// The whole numbers that the functions take.
var (
	// numberOfPorts: a pool can be excluded to its last port, and then has none.
	numberOfPorts = argument{
		tcpip.Parameter{Attribute: "number_of_ports", Unit: tcpip.Count, Min: 0, Max: 65535},
		"Give how many ports the range has, less those that are excluded: 16384 on an untouched Windows Server 2008 or later.",
	}
	// timedWaitDelay: 0, which Windows Server 2003 is documented to take, would hold no
	// port; below 30 later versions are not documented to go.
	timedWaitDelay = argument{
		tcpip.Parameter{Attribute: "timed_wait_delay", Unit: tcpip.Seconds, Min: 1, Max: 300},
		"Give the host's TcpTimedWaitDelay, or 240 where it is not set.",
	}
	conflictStart = argument{
		tcpip.Parameter{Attribute: "start_port", Unit: tcpip.Port, Min: 1, Max: 65535},
		"Give the first port of the range.",
	}
	conflictNumber = argument{
		tcpip.Parameter{Attribute: "number_of_ports", Unit: tcpip.Count, Min: 1, Max: 65535},
		"Give how many ports the range has, not its last port.",
	}
)

// servicePort is the element of the list of ports that path names.
func servicePort(path string) argument {
	return argument{
		tcpip.Parameter{Attribute: path, Unit: tcpip.Port, Min: 1, Max: 65535},
		"Give the port on which the service listens.",
	}
}

// argument is a whole number that a function takes: its name, unit and range, and what
// to give.
type argument struct {
	tcpip.Parameter
	advice string
}

// check gives the number, which is neither null nor unknown, or an error that blames
// the argument at the position.
func (a argument) check(position int64, value types.Number) (uint32, *function.FuncError) {
	if err := checkNumber(a.Parameter, value); err != nil {
		return 0, argumentError(position, advised(err, a.advice))
	}
	number, _ := value.ValueBigFloat().Uint64()
	return uint32(number), nil // #nosec G115 -- no argument's range is wider
}

// advised puts what to do after an error.
func advised(err error, advice string) string {
	text := err.Error()
	if !strings.HasSuffix(text, "?") {
		text += "."
	}
	return text + " " + advice
}

// exactly gives a fraction as the number that Terraform's own division makes of it, so
// that the two compare as equal.
func exactly(fraction *big.Rat) *big.Float {
	return new(big.Float).SetPrec(numberPrecision).SetRat(fraction)
}

// argumentError is an error about an argument. Terraform puts a full stop behind it.
func argumentError(position int64, text string) *function.FuncError {
	return function.NewArgumentFuncError(position, strings.TrimSuffix(text, "."))
}
