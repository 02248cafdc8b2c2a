package provider

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// Every configuration in the documentation is applied to simulated hosts. What a reader
// completes by himself, the test does:
//
//   - the terraform block that names the provider's source, where there is none;
//   - host names of contoso.com and example.com are simulated hosts: one with 2003 in
//     its name is a Server 2003, the others are of 2022. A provider block that says
//     https = true, and is no alias, gets their HTTPS ports;
//   - var.host, var.hosts (a set of names) and var.windows_password, where they are not
//     declared; what is declared without a default, by these names, gets a value;
//   - a resource or data source of ours that a fragment refers to and does not declare.
//
// A block that this is not enough for says so in a comment right before it:
//
//	<!-- hcl: needs terraform 1.12, tofu 1.12 -->   an older one must refuse it
//	<!-- hcl: validate only: REASON -->
//	<!-- hcl: not checked: REASON -->               listed, and counted in docUnchecked

// docUnchecked is how many blocks nobody checks.
const docUnchecked = 0

// docVersion is a CLI with the first version that takes a block.
type docVersion struct {
	product      string
	major, minor int
}

var docNeeds = regexp.MustCompile(`^(terraform|tofu) (\d+)\.(\d+)$`)

// docMode reads a directive.
func docMode(directive string) (mode string, needs []docVersion, ok bool) {
	if directive == "" {
		return "apply", nil, true
	}
	for _, mode := range []string{"validate only", "not checked"} {
		if reason, found := strings.CutPrefix(directive, mode+": "); found {
			return mode, nil, len(reason) > 5
		}
	}
	list, found := strings.CutPrefix(directive, "needs ")
	for item := range strings.SplitSeq(list, ", ") {
		parts := docNeeds.FindStringSubmatch(item)
		if parts == nil {
			return "", nil, false
		}
		major, _ := strconv.Atoi(parts[2])
		minor, _ := strconv.Atoi(parts[3])
		needs = append(needs, docVersion{parts[1], major, minor})
	}
	return "apply", needs, found
}

var docCLI = regexp.MustCompile(`^(Terraform|OpenTofu) v(\d+)\.(\d+)`)

// tooOld tells whether the CLI is older than a block needs.
func (c *cli) tooOld(needs []docVersion) bool {
	about := docCLI.FindStringSubmatch(c.must(0, "version"))
	if about == nil {
		c.t.Fatal("the CLI does not say its version")
	}
	product := map[string]string{"Terraform": "terraform", "OpenTofu": "tofu"}[about[1]]
	major, _ := strconv.Atoi(about[2])
	minor, _ := strconv.Atoi(about[3])
	for _, need := range needs {
		if need.product == product {
			return cmp.Or(cmp.Compare(major, need.major), cmp.Compare(minor, need.minor)) < 0
		}
	}
	return len(needs) > 0 // of the other product only
}

var (
	docHost     = regexp.MustCompile(`@?\b[a-z0-9-]+(\.[a-z0-9-]+)*\.(contoso|example)\.com(:\d+)?`)
	docProvider = regexp.MustCompile(`(?ms)^provider "windows" \{\n(.*?)^\}`)
	docUsername = regexp.MustCompile(`(?m)^ *username *= *("(?:[^"\\]|\\.)*")`)
	docDeclared = regexp.MustCompile(`(?ms)^variable "(\w+)" \{(.*?)\}\n`)
	docVariable = regexp.MustCompile(`\bvar\.(\w+)`)
	docRefers   = regexp.MustCompile(`(?m)^(.*?)\b((?:data\.)?windows_(?:tcpip_tuning|tcpip_settings|socket_stats))\.([a-z_]\w*)`)
	docSource   = regexp.MustCompile(`(?m)^( *source *= *)"[^"]*(examples/[\w-]+|server-baseline)/?"`)
)

// docConfig is a block, completed; the hosts that it names run.
type docConfig struct {
	text  string
	env   []string
	certs string
}

// completed makes a configuration of a block that can be applied.
func completed(t *testing.T, text string) (config docConfig) {
	t.Helper()
	options, https := []winsim.Option{}, false
	for _, block := range docProvider.FindAllStringSubmatch(text, -1) {
		https = https || !strings.Contains(block[1], "alias") && regexp.MustCompile(`(?m)^ *https *= *true`).MatchString(block[1])
		if user := docUsername.FindStringSubmatch(block[1]); user != nil {
			name, err := strconv.Unquote(user[1])
			if err != nil {
				t.Fatal(err)
			}
			options = append(options, winsim.Account(name, winsim.DefaultPassword))
		}
	}
	options = append(options, winsim.Account(winsim.DefaultUsername, winsim.DefaultPassword))
	addresses := map[string]string{}
	address := func(name string) string {
		if known, ok := addresses[name]; ok {
			return known
		}
		profile := winsim.Server2022()
		if strings.Contains(name, "2003") {
			profile = winsim.Server2003()
		}
		host := winsim.Start(t, profile, options...)
		config.certs += host.CACertificate()
		addresses[name] = host.HTTPAddr()
		if https || strings.HasSuffix(name, ":5986") {
			addresses[name] = host.HTTPSAddr()
		}
		return addresses[name]
	}
	const usual = "mail01.contoso.com"
	host := address(usual)
	config.text = docHost.ReplaceAllStringFunc(text, func(name string) string {
		if strings.HasPrefix(name, "@") {
			return name // of an account
		}
		return address(name)
	})
	config.text = docSource.ReplaceAllStringFunc(config.text, func(line string) string {
		parts := docSource.FindStringSubmatch(line)
		path, err := filepath.Abs(filepath.Join(docRoot, "examples", strings.TrimPrefix(parts[2], "examples/")))
		if err != nil {
			t.Fatal(err)
		}
		return parts[1] + strconv.Quote(path)
	})

	added, declared := "", map[string]bool{}
	for _, variable := range docDeclared.FindAllStringSubmatch(text, -1) {
		declared[variable[1]] = true
	}
	types := map[string]string{"host": "string", "hosts": "set(string)", "windows_password": "string"}
	for _, variable := range docVariable.FindAllStringSubmatch(text, -1) {
		if kind := types[variable[1]]; kind != "" && !declared[variable[1]] {
			declared[variable[1]] = true
			added += fmt.Sprintf("variable %q {\n  type = %s\n}\n", variable[1], kind)
		}
	}
	if !strings.Contains(text, "required_providers") {
		added += "terraform {\n  required_providers {\n    windows = { source = \"windows-baseline/windows\" }\n  }\n}\n"
	}
	for _, reference := range docRefers.FindAllStringSubmatch(text, -1) {
		kind, name := strings.TrimPrefix(reference[2], "data."), reference[3]
		word := map[bool]string{true: "data", false: "resource"}[kind != reference[2]]
		block := fmt.Sprintf("%s %q %q {", word, kind, name)
		if strings.Contains(reference[1], "from") || strings.Contains(reference[1], "#") || strings.Contains(text+added, block) {
			continue // of a removed block; a remark; declared
		}
		tuning := ""
		if word == "resource" {
			tuning = "  tcp_timed_wait_delay = 30\n"
		}
		added += fmt.Sprintf("%s\n  host = %q\n%s}\n", block, host, tuning)
	}
	config.text += "\n" + added
	config.env = []string{"WINDOWS_USERNAME=" + winsim.DefaultUsername, "WINDOWS_PASSWORD=" + winsim.DefaultPassword}
	names := slices.Sorted(maps.Values(addresses))
	for i, name := range names {
		names[i] = strconv.Quote(name)
	}
	// A value for a variable that is not declared is an error by -var and none by TF_VAR_.
	config.env = append(config.env, "TF_VAR_host="+host, "TF_VAR_hosts=["+strings.Join(names, ",")+"]", "TF_VAR_windows_password="+winsim.DefaultPassword)
	return config
}

func TestAccConfigurationsInDocs(t *testing.T) {
	t.Parallel()
	formatted := newCLI(t, "")
	unchecked := 0
	for i, block := range allDocBlocks(t, "hcl", "terraform", "tf") {
		mode, needs, ok := docMode(block.directive)
		switch {
		case !ok:
			t.Errorf("%s: <!-- hcl: %s --> is none of what docs_hcl_acc_test.go knows, or has no reason", block.place, block.directive)
			continue
		case mode == "not checked":
			unchecked++
			t.Logf("%s: %s", block.place, block.directive)
			continue
		}
		formatted.file(fmt.Sprintf("block%02d.tf", i), "# "+block.place+"\n\n"+block.text)
		t.Run(block.place, func(t *testing.T) {
			t.Parallel()
			config := completed(t, block.text)
			c := newCLI(t, "")
			c.file("main.tf", config.text)
			c.file("ca.pem", config.certs)
			c.env = append(c.env, config.env...)
			if strings.Contains(block.text, "module \"") {
				c.must(0, "get")
			}
			switch {
			case len(needs) > 0 && c.tooOld(needs):
				c.must(1, "validate", "-no-color")
			case mode == "validate only":
				c.must(0, "validate", "-no-color")
			default:
				c.must(0, "apply", "-auto-approve", "-no-color", "-input=false")
			}
		})
	}
	if unchecked != docUnchecked {
		t.Errorf("%d blocks are marked as not checked, docUnchecked says %d", unchecked, docUnchecked)
	}
	if exit, said := formatted.run("fmt", "-check", "-diff", "-no-color"); exit != 0 {
		t.Errorf("fmt wants to change blocks:\n%s", said)
	}
}

// The quick start of the index, step by step.
func TestAccQuickStart(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(docRoot, "templates", "index.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(content), "\n## Quick start\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var configurations []string
	blocks, _ := docBlocks("index.md.tmpl", section)
	for _, block := range blocks {
		if block.language == "terraform" {
			configurations = append(configurations, block.text)
		}
	}
	if len(configurations) != 2 {
		t.Fatalf("%d configurations, want what looks and what changes", len(configurations))
	}
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 120)
	c := newCLI(t, "")
	c.env = append(c.env, "WINDOWS_USERNAME="+host.Username(), "WINDOWS_PASSWORD="+host.Password())
	write := func(texts ...string) {
		c.file("main.tf", strings.ReplaceAll(strings.Join(texts, "\n"), "mail01.contoso.com", host.HTTPAddr()))
	}
	write(configurations[0])
	c.must(0, "apply", "-auto-approve")
	if findings := outputs(c)["findings"]; !strings.Contains(findings, "info: ") || host.Counters().Writes != 0 {
		t.Errorf("findings %s, %d writes", findings, host.Counters().Writes)
	}
	write(configurations...)
	c.must(2, "plan", "-detailed-exitcode")
	c.must(0, "apply", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
	for _, said := range []string{"it acts from the next restart on", "without changing any real infrastructure"} {
		if plan := c.must(0, "plan", "-no-color"); !strings.Contains(plan, said) {
			t.Errorf("the plan after the apply does not say %q: %s", said, plan)
		}
	}
	c.must(0, "destroy", "-auto-approve")
	untouched(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 120"})
}

func TestDocMode(t *testing.T) {
	for directive, want := range map[string]string{
		"": "apply [] true", "validate only: its hosts are many": "validate only [] true", "not checked: another provider": "not checked [] true",
		"not checked: why": "not checked [] false", "validate only": " [] false", "needs terraform 1.12, tofu 1.12": "apply [{terraform 1 12} {tofu 1 12}] true", "needs more": " [] false", "other": " [] false",
	} {
		mode, needs, ok := docMode(directive)
		if got := fmt.Sprint(mode, " ", needs, " ", ok); got != want {
			t.Errorf("%q: %s, want %s", directive, got, want)
		}
	}
}
