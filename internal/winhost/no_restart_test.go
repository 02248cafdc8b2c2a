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

// sectionsIn is the commands of a section, or of a list of them.
func sectionsIn(n *ast.CompositeLit) (commands []ast.Expr) {
	isSection := func(e ast.Expr) bool {
		kind, ok := e.(*ast.Ident)
		return ok && kind.Name == "section"
	}
	list := []ast.Expr{n}
	switch kind := n.Type.(type) {
	case *ast.ArrayType:
		if !isSection(kind.Elt) {
			return nil
		}
		list = n.Elts
	default:
		if !isSection(kind) {
			return nil
		}
	}
	for _, one := range list {
		if lit, ok := one.(*ast.CompositeLit); ok && (lit.Type == nil || lit == n) {
			commands = append(commands, commandIn(lit))
		}
	}
	return commands
}

// commandIn is the second field of a section; nil where it has none, which no line fits.
func commandIn(lit *ast.CompositeLit) ast.Expr {
	if len(lit.Elts) != 2 {
		return nil
	}
	if pair, ok := lit.Elts[1].(*ast.KeyValueExpr); ok {
		return pair.Value
	}
	return lit.Elts[1]
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
				for _, one := range sectionsIn(n) {
					seen["line"]++
					if text := commandOf(one); !line.MatchString(text) {
						t.Errorf("%s: the command %q", at(), text)
					}
				}
				if named, ok := n.Type.(*ast.SelectorExpr); ok && named.Sel.Name == "Invocation" {
					seen["Invocation"]++
					if name != "internal/winhost/registry.go" || field(n, "Class") != "StdRegProv" || field(n, "Namespace") != "root/default" {
						t.Errorf("%s: a method is invoked that is not StdRegProv's", at())
					}
				}
			case *ast.CallExpr:
				selector, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				// By name, on whatever variable: nothing else of the house is called so.
				switch house := strings.HasPrefix(name, "internal/"); {
				case house && selector.Sel.Name == "Run":
					seen["Run"]++
					if name != "internal/winhost/print.go" {
						t.Errorf("%s: a command is run outside print.go", at())
					}
				case house && selector.Sel.Name == "Invoke":
					seen["Invoke"]++
					if name != "internal/winhost/registry.go" {
						t.Errorf("%s: a method is invoked outside registry.go", at())
					}
				case selector.Sel.Name == "registry" && len(n.Args) >= 3:
					method := literal(n.Args[2])
					seen["method"]++
					if variable, ok := n.Args[2].(*ast.Ident); ok && variable.Name == "method" && name == "internal/winhost/registry.go" {
						break // number passes on what its callers name
					}
					if !methods[method] {
						t.Errorf("%s: StdRegProv's method %q is not listed", at(), method)
					}
				case selector.Sel.Name == "number" && name != "internal/winhost/registry.go" && len(n.Args) >= 2 && strings.HasPrefix(name, "internal/winhost/"):
					if method := literal(n.Args[1]); !methods[method] {
						t.Errorf("%s: StdRegProv's method %q is not listed", at(), method)
					}
				}
			}
			return true
		})
	}
	if seen["Run"] != 1 || seen["Invoke"] != 1 || seen["Invocation"] != 1 || seen["method"] < 8 || seen["line"] < 7 {
		t.Errorf("the test looked past something: %v", seen)
	}
}
