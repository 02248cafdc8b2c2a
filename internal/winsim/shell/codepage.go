package shell

import (
	"bytes"
	"strconv"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// codePage is how a console writes its text.
type codePage int

const utf8CodePage codePage = 65001

// encodings of the code pages that a console may have here.
var encodings = map[codePage]encoding.Encoding{
	437: charmap.CodePage437, 850: charmap.CodePage850, 932: japanese.ShiftJIS, 1252: charmap.Windows1252, utf8CodePage: encoding.Nop,
}

// codePage is the code page of a shell whose client asks for that one. Where 65001 is not honoured the machine's own OEM
// code page rules (by seed; never before 2008 R2, whose consoles do not know it, as was reported). ok is false for
// a code page that there is not.
func (m *Machine) codePage(asked string) (page codePage, ok bool) {
	oem := languages[m.Language].codePage
	if asked == "" {
		return oem, true
	}
	number, err := strconv.Atoi(asked)
	page = codePage(number)
	if _, ok := encodings[page]; err != nil || !ok {
		return 0, false
	}
	if page == utf8CodePage && (m.Profile.Build < 7600 || !m.Shape.ShellUTF8) {
		return oem, true
	}
	return page, true
}

// encode writes text; what the code page lacks becomes a question mark (reported).
func (p codePage) encode(text string) []byte {
	out, err := encoding.ReplaceUnsupported(encodings[p].NewEncoder()).Bytes([]byte(text))
	if err != nil {
		return nil // never: text that is no UTF-8 is replaced too
	}
	return bytes.ReplaceAll(out, []byte{encoding.ASCIISub}, []byte{'?'})
}
