package provider

import (
	"context"
	"fmt"
	"math"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

var (
	_ function.Function = sustainableConnectionRate{}
	_ function.Function = requiredPorts{}
)

// sizingModel is what both functions say of the arithmetic and of its limits.
const sizingModel = "In steady state the ports that closed connections hold are `connections_per_second` × `timed_wait_delay`: each stays in TIME_WAIT for so many seconds, and as many come as go. They cannot be more than the range has, so\n\n" +
	"    connections_per_second <= number_of_ports / timed_wait_delay\n\n" +
	"The limits of this model:\n\n" +
	"- It counts new outgoing connections **to one destination** (remote address and port). On modern Windows a local port can serve several destinations at once, so that ports run out for each on its own: take the rate to the busiest one. A program that binds its socket before it connects takes a port for itself: then count all its destinations together.\n" +
	"- Only the side that **closes first** holds TIME_WAIT. Where the other side does, the port is free at once.\n" +
	"- Listeners, excluded ranges and connections that are still open take ports of the range too: subtract them.\n" +
	"- Where TcpTimedWaitDelay is not set, use 240 seconds: for Windows Server 2008 and later no page of Microsoft's gives the default by version. Its article on port exhaustion says 4 minutes; about 120 seconds were measured once.\n" +
	"- It is an average. Bursts need room above it."

var timedWaitDelayParameter = function.NumberParameter{Name: "timed_wait_delay",
	MarkdownDescription: "How long a closed connection stays in TIME_WAIT, in whole seconds, 1 to 300: the host's `tcp_timed_wait_delay`, or 240 where it is not set. (Windows is documented to take 30 to 300, Server 2003 also less.)"}

// sustainableConnectionRate is provider::windows::sustainable_connection_rate.
type sustainableConnectionRate struct{}

func newSustainableConnectionRate() function.Function { return sustainableConnectionRate{} }

func (sustainableConnectionRate) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "sustainable_connection_rate"
}

func (sustainableConnectionRate) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "How many new connections per second a port range sustains",
		MarkdownDescription: "Returns how many new outgoing connections per second to one destination a port range sustains: `number_of_ports / timed_wait_delay`, not rounded, as Terraform itself divides. " +
			"`floor(…)` or `format(\"%.1f\", …)` make it short.\n\n" + sizingModel,
		Parameters: []function.Parameter{
			function.NumberParameter{Name: "number_of_ports",
				MarkdownDescription: "How many ports the range has, less those that are excluded or listened on; a whole number, 0 to 65535."},
			timedWaitDelayParameter,
		},
		Return: function.NumberReturn{},
	}
}

func (sustainableConnectionRate) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var ports, delay types.Number
	if resp.Error = req.Arguments.Get(ctx, &ports, &delay); resp.Error != nil {
		return
	}
	number, err := numberOfPorts.check(0, ports)
	if err != nil {
		resp.Error = err
		return
	}
	seconds, err := timedWaitDelay.check(1, delay)
	if err != nil {
		resp.Error = err
		return
	}
	rate, _ := tcpip.ExactConnectionRate(number, seconds) // seconds is not 0
	resp.Error = resp.Result.Set(ctx, exactly(rate))
}

// requiredPorts is provider::windows::required_ports.
type requiredPorts struct{}

func newRequiredPorts() function.Function { return requiredPorts{} }

func (requiredPorts) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "required_ports"
}

func (requiredPorts) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "How many ports a rate of new connections requires",
		MarkdownDescription: "Returns how many ports closed connections hold at a rate of new outgoing connections to one destination: `connections_per_second * timed_wait_delay`, rounded up. " +
			"A rate of up to twelve digits counts exactly as it is written; of a longer one, such as a quotient, what was rounded away does not cost a port.\n\n" +
			"The answer can be more than any machine has: the widest dynamic range, from 1025 to 65535, has 64511 ports. Then shorten the delay, or let the other side close first; the cure that lasts is a program that keeps its connections.\n\n" + sizingModel,
		Parameters: []function.Parameter{
			function.NumberParameter{Name: "connections_per_second",
				MarkdownDescription: "New outgoing connections per second to one destination, 0 to 1000000000; need not be whole."},
			timedWaitDelayParameter,
		},
		Return: function.NumberReturn{},
	}
}

func (requiredPorts) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var rate, delay types.Number
	if resp.Error = req.Arguments.Get(ctx, &rate, &delay); resp.Error != nil {
		return
	}
	seconds, err := timedWaitDelay.check(1, delay)
	if err != nil {
		resp.Error = err
		return
	}
	ports, refused := tcpip.RequiredPorts(float64Of(rate.ValueBigFloat()), seconds)
	if refused != nil {
		resp.Error = argumentError(0, fmt.Sprintf("connections_per_second %s is outside its range 0 to %d. Give how many new connections to one destination the host opens each second.",
			rate.ValueBigFloat().Text('g', 20), int64(tcpip.MaxConnectionRate)))
		return
	}
	resp.Error = resp.Result.Set(ctx, new(big.Float).SetUint64(ports))
}

// float64Of is the nearest float64; a rate that is not 0 does not become 0.
func float64Of(number *big.Float) float64 {
	f, _ := number.Float64()
	if f == 0 && number.Sign() != 0 {
		return math.Copysign(math.SmallestNonzeroFloat64, float64(number.Sign()))
	}
	return f
}
