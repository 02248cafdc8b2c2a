package provider

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A text of an error or a warning goes into a report word by word, and only words that
// are known to be harmless do: those of this program's own texts, numbers that name
// nobody, times. Whatever else there is, a name in a certificate or in a text of Windows,
// is hidden without being known as a name.

var (
	// coreToken is a word with all that a name may join to it: mail01.contoso.com:5986,
	// svc-tf@contoso.com, CONTOSO\svc-tf, fe80::1%eth0.
	coreToken = regexp.MustCompile(`[\p{L}\p{N}_]+(?:[.:@\\%$'-]+[\p{L}\p{N}_]+)*`)
	coreWord  = regexp.MustCompile(`^(?:[a-z_]+(?:-[a-z]+)*|ipv[46]|x509|v[46]|\d{1,10})$`)
	coreShort = regexp.MustCompile(`^\d{1,3}(?:\.\d{1,3})?(?:ns|µs|ms|s|m|h)?$`) // a count, a status of HTTP, a time that it took
	coreHex   = regexp.MustCompile(`^0x[0-9a-fA-F]{1,8}$`)
	coreStamp = regexp.MustCompile(`^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z?)?$`)
	// coreNames is where crypto/x509 lists the names of a certificate, which may be words.
	coreNames = regexp.MustCompile(`(certificate is (?:not )?valid for )[^\n]*?(, (?:not|but wanted to match) )\S+`)
	coreGaps  = regexp.MustCompile(`\(hidden\)(?:[\s,;/]+\(hidden\))+`)
)

// coreBorrowed are words of Go's own errors.
const coreBorrowed = `x509 tls certificate is not valid for any names but wanted to match signed by unknown authority has expired or yet current time before after
	dial tcp udp read write lookup on connect connection refused reset by peer broken pipe no such host route to network unreachable i o timeout eof unexpected
	context deadline exceeded canceled server misbehaving temporary failure in name resolution handshake remote local error alert protocol version bad use of closed
	failed verify to load post get put http https wsman cannot could error while obtain provider plugin schema schemas execution halted auto-approve input false json
	detailed-exitcode no-color stdregprov exited with want and plan apply destroy refresh import show manage other audit stats rescue interrupted signal killed exit status because doesn contain san sans ip`

// coreVocabulary are the words of the string literals of the program, in lower case.
var coreVocabulary = sync.OnceValues(func() (map[string]bool, error) {
	words := map[string]bool{}
	add := func(text string) {
		for _, word := range coreToken.FindAllString(strings.ToLower(text), -1) {
			if coreWord.MatchString(word) {
				words[word] = true
			}
		}
	}
	add(coreBorrowed)
	for _, parameter := range coreParameters {
		for _, number := range parameter.numbers {
			add(strconv.FormatInt(number, 10))
		}
	}
	for _, room := range []string{"audit", "provider", "sockets", "tcpip", "tuning", "winhost", "wsman"} {
		err := filepath.WalkDir(filepath.Join("..", room), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path) // #nosec G122 -- this tree
			if err != nil {
				return err
			}
			var s scanner.Scanner
			files := token.NewFileSet()
			s.Init(files.AddFile(path, files.Base(), len(source)), source, nil, 0)
			for {
				_, kind, literal := s.Scan()
				if kind == token.EOF {
					return nil
				}
				if text, err := strconv.Unquote(literal); kind == token.STRING && err == nil {
					add(text)
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return words, nil
})

// coreWords is a text without what is not known to be harmless. The secrets go wherever
// they stand, the names, which are in lower case, where they are a whole word: a computer
// that is named like a word of the text costs that word.
func coreWords(text string, secrets []string, names map[string]bool) string {
	vocabulary, err := coreVocabulary()
	if err != nil {
		return "(hidden: " + strconv.Itoa(len(text)) + " bytes, since the words of the program could not be read)"
	}
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "(hidden)")
	}
	text = coreNames.ReplaceAllString(text, "$1(hidden)$2(hidden)")
	text = coreToken.ReplaceAllStringFunc(text, func(word string) string {
		lower := strings.TrimSuffix(strings.ToLower(word), "'s")
		lower = strings.TrimPrefix(lower, "stdregprov.") // a method of that class of WMI
		number, err := strconv.ParseUint(word, 10, 64)
		fault := err == nil && number >= 0x80000000 && number <= 0x80ffffff // an HRESULT in decimal, as WinRM has it
		switch {
		case names[lower]:
		case vocabulary[lower], fault, coreShort.MatchString(word), coreHex.MatchString(word), coreStamp.MatchString(strings.TrimSuffix(word, "Z")):
			return word
		}
		return "(hidden)"
	})
	text = strings.ReplaceAll(text, "((hidden))", "(hidden)")
	return coreGaps.ReplaceAllString(strings.Join(strings.Fields(text), " "), "(hidden)")
}
