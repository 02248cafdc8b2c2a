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
	if hint := p.hint(number); hint != "" {
		return fmt.Errorf("%s %s: %s", p.Attribute, hexadecimal(number), hint)
	}
	return fmt.Errorf("%s %s, outside its range %d to %d (%s)", p.Attribute, hexadecimal(number), p.Min, p.Max, p.Unit)
}

// hexadecimal writes a number both ways, since regedit shows hexadecimal and
// people copy the digits without the base.
func hexadecimal(number int64) string {
	if number < 0 {
		return fmt.Sprintf("%d is negative", number)
	}
	return fmt.Sprintf("%d is 0x%x", number, number)
}

func (p Parameter) hint(number int64) string {
	if meant, err := strconv.ParseInt(strconv.FormatInt(number, 16), 10, 64); err == nil && number > 0 && p.inRange(meant) {
		return fmt.Sprintf("did you mean %d?", meant)
	}
	if p.Unit == Seconds && number%1000 == 0 && p.inRange(number/1000) {
		return fmt.Sprintf("the unit is %s: did you mean %d?", p.Unit, number/1000)
	}
	return ""
}

func (p Parameter) inRange(number int64) bool {
	return number >= int64(p.Min) && number <= int64(p.Max)
}
