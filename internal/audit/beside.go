package audit

import (
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// beside warns of a MaxUserPort that is on the host, or comes back to it, while TCP's
// range is set: a pair that no configuration can have. Another type than REG_DWORD is
// reported to be ignored, and is the audit's matter.
func (o *outlook) beside() {
	argument := tcpip.Pool{Transport: tcpip.TCP}.Argument()
	if _, ok := o.ports(tcpip.TCP); !ok || !o.modern() {
		return
	}
	p, _ := tcpip.ByAttribute("max_user_port")
	value, leaves := o.Becomes[p.Attribute]
	summary, when := "%s is put back to %s and stays beside "+argument, ", after the apply"
	if !leaves {
		value = o.Values[p.Attribute]
		summary, when = "%s is %s on this host, beside "+argument, ""
	}
	number, ok := value.DWORD()
	if !ok {
		return
	}
	makes := "to set TCP's range"
	if r, ok := upTo(modernStart, number); ok {
		makes = "to make TCP's range " + r.String()
	}
	o.warn(argument, fmt.Sprintf(summary, p.ValueName, show(value)),
		fmt.Sprintf("It is the highest port of the pool before Windows Vista. On %s it is reported %s at the next restart; which of the two rules then is not known. "+
			"Unless something there needs it, delete it on the host%s:\n\n  reg delete \"HKLM\\%s\" /v %s /f\n", o.version(), makes, when, tcpip.KeyPath, p.ValueName))
}
