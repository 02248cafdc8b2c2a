package provider

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// commandChecker looks whether what a shell command of the documentation names is
// there: targets of make, scripts and their flags, flags and verbs of our programs,
// packages of Go. It runs none of them but for their --help.
type commandChecker struct {
	makefile string
	scripts  map[string]bool // base names of every script in the tree
	programs string          // the folder with ours
	checked  map[string]int  // how many commands of each kind there were

	mu    sync.Mutex
	helps map[string]string
}

var (
	docTarget     = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	docAssignment = regexp.MustCompile(`^[A-Za-z_]\w*=`)
	docFlag       = regexp.MustCompile(`^(--[a-z][\w-]*|-[a-zA-Z])(=|$)`)
	docSeparator  = regexp.MustCompile(`;|&&|\|\||\||&`)
	docRemark     = regexp.MustCompile(`(^|\s)#.*$`)
	docHereText   = regexp.MustCompile(`(?ms)<<-?'?(\w+)'?(.*?)\n.*?^\s*(\w+)$`)
	docQuoted     = regexp.MustCompile(`'[^']*'|"[^"]*"`)
)

// buildPrograms builds our programs once for the test binary's life.
var buildPrograms = sync.OnceValues(func() (dir string, err error) {
	dir, err = os.MkdirTemp("", "windows-programs-")
	if err != nil {
		return "", err
	}
	built.Store(dir, nil)
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../../cmd/winsim", "../../cmd/windows-socket-stats")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return dir, nil
})

func newCommandChecker(t *testing.T) *commandChecker {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(docRoot, "GNUmakefile"))
	if err != nil {
		t.Fatal(err)
	}
	programs, err := buildPrograms()
	if err != nil {
		t.Fatal(err)
	}
	c := &commandChecker{makefile: string(makefile), scripts: map[string]bool{}, programs: programs, checked: map[string]int{}, helps: map[string]string{}}
	err = fs.WalkDir(os.DirFS(docRoot), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(name, ".sh") {
			c.scripts[path.Base(name)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// problems says what is wrong with the commands of a shell text.
func (c *commandChecker) problems(text string) (list []string) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	text = docHereText.ReplaceAllString(text, "$2")
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(docRemark.ReplaceAllString(strings.TrimSpace(line), ""), "$ ")
		// What is quoted is a value: its content must not be taken for commands.
		line = docQuoted.ReplaceAllStringFunc(line, func(quoted string) string {
			return strings.Map(func(r rune) rune {
				if strings.ContainsRune(";&| \t", r) {
					return '_'
				}
				return r
			}, quoted[1:len(quoted)-1])
		})
		for _, command := range docSeparator.Split(line, -1) {
			words := strings.Fields(command)
			for len(words) > 0 && (docAssignment.MatchString(words[0]) || slices.Contains([]string{"sudo", "env", "exec", "if", "then", "do", "!", "time", "while", "until", "(", "{", "command"}, words[0])) {
				words = words[1:]
			}
			if len(words) > 0 {
				list = append(list, c.command(words[0], words[1:])...)
			}
		}
	}
	return list
}

func (c *commandChecker) command(name string, args []string) []string {
	base := path.Base(name)
	switch {
	case name == "make":
		c.checked["make"]++
		return c.targets(args)
	case base == "winsim", base == "windows-socket-stats":
		c.checked[base]++
		return c.flags(base, args)
	case strings.HasPrefix(name, "scripts/"), strings.HasPrefix(name, "./scripts/"):
		c.checked["script"]++
		return c.script(name, args)
	case name == "sh" || name == "bash":
		for _, arg := range args {
			if strings.HasPrefix(arg, "-") {
				continue
			}
			c.checked["sh"]++
			if strings.HasSuffix(arg, ".sh") && c.scripts[path.Base(arg)] {
				return nil
			}
			return c.script(arg, nil)
		}
	case name == "go":
		c.checked["go"]++
		return c.packages(args)
	}
	return nil
}

func (c *commandChecker) targets(args []string) (list []string) {
	known := map[string]bool{}
	for _, target := range docTarget.FindAllStringSubmatch(c.makefile, -1) {
		known[target[1]] = true
	}
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") || docAssignment.MatchString(arg) || i > 0 && args[i-1] == "-C" {
			continue
		}
		if !known[arg] {
			list = append(list, "make has no target "+arg)
		}
	}
	return list
}

func (c *commandChecker) script(name string, args []string) (list []string) {
	content, err := os.ReadFile(filepath.Join(docRoot, filepath.FromSlash(name)))
	if err != nil {
		return []string{"there is no " + name}
	}
	for _, arg := range args {
		if flag := docFlag.FindStringSubmatch(arg); flag != nil && !strings.Contains(string(content), flag[1]) {
			list = append(list, name+" has no flag "+flag[1])
		}
	}
	return list
}

func (c *commandChecker) packages(args []string) (list []string) {
	for _, arg := range args {
		if folder, ok := strings.CutPrefix(strings.TrimSuffix(arg, "/..."), "./"); ok && folder != "" && folder != "..." {
			if _, err := os.Stat(filepath.Join(docRoot, folder)); err != nil {
				list = append(list, "there is no "+arg)
			}
		}
	}
	return list
}

// flags asks a program for its help, with the words that are its verbs.
func (c *commandChecker) flags(program string, args []string) (list []string) {
	words := 0
	for words < min(2, len(args)) && regexp.MustCompile(`^[a-z]+$`).MatchString(args[words]) && program == "winsim" {
		words++
	}
	help, ok := "", false
	for ; words >= 0 && !ok; words-- {
		help, ok = c.help(program, args[:words])
		if words == 0 && len(args) > 0 && program == "winsim" && !strings.HasPrefix(args[0], "-") {
			return []string{"winsim has no verb " + args[0]}
		}
	}
	for _, arg := range args {
		if flag := docFlag.FindStringSubmatch(arg); flag != nil && !regexp.MustCompile(`(?m)(^|[\s,])`+regexp.QuoteMeta(flag[1])+`([=,\s]|$)`).MatchString(help) {
			list = append(list, fmt.Sprintf("%s has no flag %s", program, flag[1]))
		}
	}
	return list
}

func (c *commandChecker) help(program string, words []string) (text string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := program + " " + strings.Join(words, " ")
	if text, ok := c.helps[key]; ok {
		return text, text != ""
	}
	output, err := exec.Command(filepath.Join(c.programs, program), append(slices.Clone(words), "--help")...).Output() //nolint:noctx // ours, and done at once
	if err != nil {
		output = nil
	}
	c.helps[key] = string(output)
	return string(output), err == nil
}

var docBashOnly = regexp.MustCompile(`(?m)(^|[;&|] *)read -\w*s|\[\[ |<\(`)

// unreadable says why the shell that a block is marked with cannot read it; empty if it can.
func unreadable(t *testing.T, language, text string) string {
	t.Helper()
	shell := "sh"
	if language == "bash" {
		shell = "bash"
	}
	check := exec.CommandContext(t.Context(), shell, "-n") // #nosec G204 -- one of two
	check.Stdin = strings.NewReader(text)
	output, err := check.CombinedOutput()
	switch {
	case language == "console": // with what the commands say
	case err != nil:
		return strings.TrimSpace(string(output)) + " (" + err.Error() + ")"
	case shell == "sh" && docBashOnly.MatchString(text):
		return "it is marked " + language + ", and only bash knows " + docBashOnly.FindString(text)
	}
	return ""
}

// Every command in the documentation that is ours exists, with its flags.
func TestAccCommandsInDocs(t *testing.T) {
	t.Parallel()
	newCLI(t, "") // with the tests that take their time
	c := newCommandChecker(t)
	for _, block := range allDocBlocks(t, "sh", "shell", "bash", "console") {
		if why := unreadable(t, block.language, block.text); why != "" {
			t.Errorf("%s: %s", block.place, why)
		}
		for _, problem := range c.problems(block.text) {
			t.Errorf("%s: %s", block.place, problem)
		}
	}
	inline := regexp.MustCompile("`((?:make|scripts/[a-z_-]+|windows-socket-stats|winsim|sh|go (?:test|run|build))( [^`\n]*)?)`")
	for name, content := range docFiles(t) {
		for _, code := range inline.FindAllStringSubmatch(content, -1) {
			if strings.ContainsAny(code[1], "…<[") {
				continue // a form, not a command
			}
			for _, problem := range c.problems(code[1]) {
				t.Errorf("%s: `%s`: %s", name, code[1], problem)
			}
		}
	}
	for _, kind := range []string{"make", "winsim", "windows-socket-stats", "script", "go"} {
		if c.checked[kind] == 0 {
			t.Errorf("no command of the kind %s was found: does the test still see them?", kind)
		}
	}
	// What is wrong is seen.
	for text, language := range map[string]string{"read -rs A": "sh", "true; read -rsp x A": "sh", "if true; then": "sh", "a=(1 2": "bash"} {
		if unreadable(t, language, text) == "" {
			t.Errorf("%s takes %q", language, text)
		}
	}
	if why := unreadable(t, "bash", "read -rs A; [[ $A ]]"); why != "" {
		t.Error(why)
	}
	for text, want := range map[string]string{
		"make demo && make nothing":                            "make has no target nothing",
		"TF_LOG=INFO make -C ../x testing V=1":                 "make has no target testing",
		"scripts/nothing --yes":                                "there is no scripts/nothing",
		"scripts/test-windows --yess mail01":                   "scripts/test-windows has no flag --yess",
		"/usr/bin/windows-socket-stats --formatt=json \\\n  a": "windows-socket-stats has no flag --formatt",
		"x=$(../winsim reg add -v A -t REG_DWORD -q 1)":        "",
		"../winsim reg add -v A -q 1 | cat":                    "winsim has no flag -q",
		"winsim netsh int ipv4 show dynamicport tcp":           "",
		"winsim fly": "winsim has no verb fly",
		"until [ -s a ]; do winsim serve --profil x; done":         "winsim has no flag --profil",
		"go run ./cmd/nothing":                                     "there is no ./cmd/nothing",
		"go test ./internal/provider/... -run 'make nothing'":      "",
		"sh elsewhere.sh":                                          "there is no elsewhere.sh",
		"TF_CLI=tofu sh drift.sh -chdir=infra":                     "",
		"cat >f <<'EOF'\nmake nothing\nEOF\nmake test # make none": "",
	} {
		got := strings.Join(c.problems(text), "; ")
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
