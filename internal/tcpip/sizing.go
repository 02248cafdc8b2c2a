package tcpip

import (
	"fmt"
	"math"
	"math/big"
	"slices"
)

// The arithmetic of a port range in steady state: of the connections that a machine
// opens to one destination and closes first, rate x delay are in TIME_WAIT at any
// time, each with a port of its own. They fit in the range as long as
// rate x delay <= ports. What else takes ports (listeners, excluded ranges, open
// connections) is the caller's to subtract.

// MaxConnectionRate bounds what RequiredPorts takes, in connections per second: far
// more than a machine opens, and few enough that no product with a delay overflows.
const MaxConnectionRate = 1e9

// rateSlack is what RequiredPorts forgives, as a part of the product: some float64
// roundings of the rate (2^-53 each). It is so small that a rate written with up to
// twelve digits counts exactly for every delay up to 300 s, TcpTimedWaitDelay's most:
// the product of such a rate, if it is no whole number, is 1 part in 3e14 or more above
// one.
const rateSlack = 1e-15

// ExactConnectionRate is SustainableConnectionRate as a fraction: 9 ports and 30
// seconds are 0.3, of which float64 knows only a number below. ok is false for a
// delay of 0, with which no port is ever held.
func ExactConnectionRate(ports, delay uint32) (rate *big.Rat, ok bool) {
	if delay == 0 {
		return nil, false
	}
	return big.NewRat(int64(ports), int64(delay)), true
}

// SustainableConnectionRate is the most new connections per second to one destination
// that a number of ports sustains when each is held for delay seconds after its
// connection: their quotient, not rounded. With a delay of 0 it is +Inf.
func SustainableConnectionRate(ports, delay uint32) float64 {
	exact, ok := ExactConnectionRate(ports, delay)
	if !ok {
		return math.Inf(1)
	}
	rate, _ := exact.Float64()
	return rate
}

// RequiredPorts is how many ports closed connections hold at a rate of new ones per
// second, 0 to MaxConnectionRate, when each stays for delay seconds: the product,
// rounded up. It is true mathematically; no machine has more than 65535 ports.
// What a float64 makes of a decimal counts as the decimal: 0.1 x 30 is 3, and the
// rate that n ports sustain requires n.
func RequiredPorts(rate float64, delay uint32) (uint64, error) {
	if !(rate >= 0 && rate <= MaxConnectionRate) { // so NaN is refused as well
		return 0, fmt.Errorf("%v is no rate from 0 to %d connections per second", rate, int64(MaxConnectionRate))
	}
	product := new(big.Rat).SetFloat64(rate)
	product.Mul(product, new(big.Rat).SetUint64(uint64(delay)))
	whole := new(big.Int).Quo(product.Num(), product.Denom())
	rest := new(big.Rat).Sub(product, new(big.Rat).SetInt(whole))
	slack := new(big.Rat).SetFloat64(rateSlack)
	if rest.Cmp(slack.Mul(slack, product)) > 0 {
		return whole.Uint64() + 1, nil
	}
	return whole.Uint64(), nil
}

// Conflicts gives those of the ports that are in the range, sorted and each once.
func Conflicts(r PortRange, ports []uint16) []uint16 {
	var inside []uint16
	for _, port := range ports {
		if r.Contains(port) {
			inside = append(inside, port)
		}
	}
	slices.Sort(inside)
	return slices.Compact(inside)
}
