package tcpip

import (
	"fmt"
	"strconv"
)

// Check tells whether a number may be written for this parameter. The error
// gives the number in decimal and hexadecimal, the range with its unit, and,
// where a common slip explains the number, what was probably meant.
func (p Parameter) Check(number int64) error {
	if p.inRange(number) {
		return nil
	}
	return fmt.Errorf("%s %s, outside its range %d to %d (%s)%s", p.Attribute, hexadecimal(number), p.Min, p.Max, p.Unit, p.hint(number))
}

// hexadecimal writes a number both ways, since regedit shows hexadecimal and
// people copy the digits without the base.
func hexadecimal(number int64) string {
	if number < 0 {
		return fmt.Sprintf("%d is negative", number)
	}
	return fmt.Sprintf("%d is 0x%x", number, number)
}

// hint guesses only where the digits leave little doubt: a documented bound whose
// decimal digits were read as hexadecimal, and milliseconds for seconds.
func (p Parameter) hint(number int64) string {
	digits := strconv.FormatInt(number, 16)
	for _, bound := range []uint32{p.Min, p.Max} {
		if digits == strconv.FormatUint(uint64(bound), 10) {
			return fmt.Sprintf(": did you mean %d?", bound)
		}
	}
	if p.Unit == Seconds && number%1000 == 0 && p.inRange(number/1000) {
		return fmt.Sprintf(": did you mean %d? The unit is %s", number/1000, p.Unit)
	}
	return ""
}

func (p Parameter) inRange(number int64) bool {
	return number >= int64(p.Min) && number <= int64(p.Max)
}
