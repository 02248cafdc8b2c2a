package soap

import (
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

// WMIBase begins the resource URI of every WMI class (documented: MS-WSMV 2.2.4.30).
const WMIBase = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"

// ContentType is that of every envelope.
const ContentType = "application/soap+xml;charset=UTF-8"

// Writer writes the replies of one host.
type Writer struct {
	Shape   profile.Shape
	Machine string // the host's own full name
}

// Reply wraps a body's content into the envelope that answers r; the header's
// elements and their order are recorded.
func (w Writer) Reply(action string, r Request, content string) []byte {
	relates := ""
	if r.MessageID != "" {
		relates = `<a:RelatesTo>` + Escape(r.MessageID) + `</a:RelatesTo>`
	}
	return fmt.Appendf(nil, `<s:Envelope xml:lang="en-US" xmlns:s="%s" xmlns:a="%s" xmlns:n="%s" xmlns:w="%s">`+
		`<s:Header><a:Action>%s</a:Action><a:MessageID>%s</a:MessageID><a:To>%s</a:To>%s</s:Header><s:Body>%s</s:Body></s:Envelope>`,
		nsEnvelope, nsAddressing, NSEnumeration, nsWSMan, Escape(action), NewID(), anonymous, relates, content)
}

// NewID makes a message id or an enumeration context, written as Windows does.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (documented: crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("uuid:%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Escape makes text fit for XML; what XML cannot hold becomes U+FFFD.
func Escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder never fails
	return b.String()
}
