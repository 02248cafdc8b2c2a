package winhost

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Nothing in this provider restarts a host. This is the half of the proof that reads
// the code: whatever can be done on a host goes through two doors, a WMI method and a
// command in a shell, and all that passes them is listed here. The other half,
// TestAccNothingRestartsAHost, counts what a simulated host was asked for.

// source parses every file that is linked into a program for users.
func source(t *testing.T) (*token.FileSet, map[string]*ast.File) {
	t.Helper()
	set, files := token.NewFileSet(), map[string]*ast.File{}
	apart := regexp.MustCompile(`^(internal/(winsim|winreplay|fleetbench|mutations)|cmd/winsim|tools|examples)(/|$)`)
	const root = "../.."
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		switch {
		case entry.IsDir() && (apart.MatchString(name) || strings.HasPrefix(entry.Name(), ".") && path != root):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		files[name] = file
		return err
	})
	if err != nil || files["internal/winhost/registry.go"] == nil || files["main.go"] == nil {
		t.Fatalf("reading the code: %d files, %v", len(files), err)
	}
	return set, files
}

func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		text, err := strconv.Unquote(lit.Value)
		if err == nil {
			return text
		}
	}
	return ""
}

// field is the value of a field in a composite literal.
func field(c *ast.CompositeLit, name string) string {
	for _, element := range c.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == name {
				return literal(pair.Value)
			}
		}
	}
	return ""
}

// commandOf is a command's line: a constant, or the format of one.
func commandOf(e ast.Expr) string {
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) > 0 {
		return literal(call.Args[0])
	}
	return literal(e)
}

func TestNoPathReachesShutdown(t *testing.T) {
	set, files := source(t)
	methods := map[string]bool{}
	for _, m := range []string{"EnumValues", "GetDWORDValue", "GetQWORDValue", "GetStringValue", "GetMultiStringValue",
		"SetDWORDValue", "SetQWORDValue", "SetStringValue", "DeleteValue", "CreateKey", "DeleteKey"} {
		methods[m] = true
	}
	line := regexp.MustCompile(`^(netstat -ano -p (tcp|tcpv6|udp|udpv6)` +
		`|netsh int (ipv4|ipv6|%s) show (dynamicport (tcp|udp|%s)|excludedportrange protocol=(tcp|udp|%s))` +
		`|netsh int %s set dynamicport %s start=%d num=%d store=persistent)$`)
	words := regexp.MustCompile(`(?i)shutdown|restart-computer|win32_operatingsystem\.reboot|exitwindows|stop-computer|restart-service`)
	seen := map[string]int{}
	for name, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			at := func() string { return set.Position(n.Pos()).String() }
			switch n := n.(type) {
			case *ast.BasicLit:
				if text := literal(n); words.MatchString(text) {
					t.Errorf("%s: %q", at(), text)
				}
			case *ast.CompositeLit:
				if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "section" && len(n.Elts) == 2 {
					seen["line"]++
					if text := commandOf(n.Elts[1]); !line.MatchString(text) {
						t.Errorf("%s: the command %q", at(), text)
					}
				}
			case *ast.CallExpr:
				selector, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				on, _ := selector.X.(*ast.SelectorExpr)
				switch {
				case on != nil && on.Sel.Name == "wsman" && selector.Sel.Name == "Run":
					seen["Run"]++
					if name != "internal/winhost/print.go" {
						t.Errorf("%s: a command is run outside print.go", at())
					}
				case on != nil && on.Sel.Name == "wsman" && selector.Sel.Name == "Invoke":
					seen["Invoke"]++
					call, _ := n.Args[1].(*ast.CompositeLit)
					if name != "internal/winhost/registry.go" || call == nil || field(call, "Class") != "StdRegProv" || field(call, "Namespace") != "root/default" {
						t.Errorf("%s: a method is invoked that is not StdRegProv's", at())
					}
				case selector.Sel.Name == "registry" && len(n.Args) >= 3:
					if method := literal(n.Args[2]); method != "" {
						seen["method"]++
						if !methods[method] {
							t.Errorf("%s: StdRegProv's method %q is not listed", at(), method)
						}
					}
				}
			}
			return true
		})
	}
	if seen["Run"] != 1 || seen["Invoke"] != 1 || seen["method"] < 8 || seen["line"] < 7 {
		t.Errorf("the test looked past something: %v", seen)
	}
}
