package provider

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every claim of these guides has a source that its table names, and every source a claim.
func TestSourcesOfGuides(t *testing.T) {
	for page, least := range map[string]int{"prepare-a-host.md": 20, "rights.md": 6} {
		text, table, found := strings.Cut(guide(t, page), "\n## Sources\n")
		if !found {
			t.Fatalf("%s: there are no sources", page)
		}
		named := map[string]bool{}
		for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]) \| .+ \|$`).FindAllStringSubmatch(table, -1) {
			named[row[1]] = true
		}
		used := map[string]bool{}
		for _, mark := range regexp.MustCompile(`\[((?:documented|reported)[^\]]*|[A-Z](?:[ ,][^\]]*)?)\]`).FindAllStringSubmatch(text, -1) {
			for _, letter := range regexp.MustCompile(`\b[A-Z]\b`).FindAllString(mark[1], -1) {
				used[letter] = true
				if !named[letter] {
					t.Errorf("%s: [%s] names no source of the table", page, mark[1])
				}
			}
		}
		for letter := range named {
			if !used[letter] {
				t.Errorf("%s: nothing is said by source %s", page, letter)
			}
		}
		if len(named) < least {
			t.Errorf("%s: %d sources", page, len(named))
		}
	}
}

// powershellOf is the PowerShell of a guide, block by block.
func powershellOf(t *testing.T, name string) (texts []string) {
	t.Helper()
	all, _ := docBlocks(name, guide(t, name))
	for _, block := range all {
		if block.language == "powershell" {
			texts = append(texts, block.text)
		}
	}
	return texts
}

// What the blocks of the guides make they take away again, and what they change they put
// back as it was: it is written down before, and the undo reads it.
func TestGuidesUndoWhatTheyDo(t *testing.T) {
	const policy = "LocalAccountTokenFilterPolicy"
	pages := map[string][][2]string{
		"prepare-a-host.md": {
			{"New-WSManInstance winrm/config/Listener -SelectorSet @{ Transport = 'HTTPS'; Address = '*' }", "Remove-WSManInstance winrm/config/Listener -SelectorSet @{ Transport = 'HTTPS'; Address = '*' }"},
			{"Remove-WSManInstance winrm/config/Listener -SelectorSet @{ Transport = 'HTTP'; Address = '*' }", "New-WSManInstance winrm/config/Listener -SelectorSet @{ Transport = 'HTTP'; Address = '*' }"},
			{"New-NetFirewallRule -Name terraform-winrm-https", "Remove-NetFirewallRule -Name terraform-winrm-https"},
			{"New-SelfSignedCertificate", "{ $_.FriendlyName -eq 'terraform-winrm-https' } | Remove-Item -DeleteKey"},
			{"Set-NetFirewallRule -Name $rule.Name -RemoteAddress $management", "Set-NetFirewallRule -Name $name -RemoteAddress $before.GetValue($name)"},
			{"-Name " + policy + " -PropertyType DWord -Value 1", "Remove-ItemProperty -Path $key -Name " + policy},
			{"-Name " + policy + " -PropertyType DWord -Value 1", "Set-ItemProperty -Path $key -Name " + policy + " -Value ([int]$found)"},
		},
		"test-on-your-windows.md": {
			{"New-LocalUser -Name tf-core-test", "Remove-CimInstance\n    Remove-LocalUser -Name tf-core-test"}, // the profile while its account is there
			{"-Name " + policy + " -PropertyType DWord -Value 1", "Remove-ItemProperty -Path $key -Name " + policy},
			{"-Name " + policy + " -PropertyType DWord -Value 1", "Set-ItemProperty -Path $key -Name " + policy + " -Value ([int]$kept.GetValue('" + policy + "'))"},
			{"Set-WSManQuickConfig", "Remove-WSManInstance winrm/config/Listener -SelectorSet @{ Transport = 'HTTP'; Address = '*' }"},
			{"Set-WSManQuickConfig", "Disable-NetFirewallRule -Name $rule.Name"},
			{"Set-Service -Name WinRM -StartupType Automatic", "Set-Service -Name WinRM -StartupType $kept.GetValue('StartType')"},
			{"Start-Service -Name WinRM", "Stop-Service -Name WinRM"},
		},
	}
	kept := regexp.MustCompile(`New-ItemProperty -Path (?:\$before|HKLM:\\SOFTWARE\\[\w-]+-before) -Name ([\w.$]+)`)
	for page, pairs := range pages {
		blocks := powershellOf(t, page)
		text := strings.Join(blocks, "")
		for _, pair := range pairs {
			if made, gone := strings.Index(text, pair[0]), strings.LastIndex(text, pair[1]); made < 0 || gone < made {
				t.Errorf("%s: %q is not undone by %q", page, pair[0], pair[1])
			}
		}
		for _, name := range kept.FindAllStringSubmatch(text, -1) {
			read := "GetValue('" + name[1] + "')"
			if name[1] == "$rule.Name" {
				read = "GetValue($"
			}
			if !strings.Contains(text, read) {
				t.Errorf("%s: %s is written down, and no undo reads it", page, name[1])
			}
		}
		for _, block := range blocks {
			for _, change := range []string{"-PropertyType DWord -Value 1", "Set-WSManQuickConfig", "-RemoteAddress $management\n    \""} {
				before, _, found := strings.Cut(block, change)
				if found && !kept.MatchString(before) {
					t.Errorf("%s: before %q nothing is written down in\n%s", page, change, block)
				}
			}
		}
	}
}

// certificateGone is the only way in which a certificate may be removed: by the name that
// we gave it. Others in that store are those of Exchange, of IIS, of remote desktop.
var certificateGone = regexp.MustCompile(`^ *Get-ChildItem (-Path )?Cert:\\LocalMachine\\My \| Where-Object \{ \$_\.FriendlyName -eq ('terraform-winrm-https'|\$env:TEST_USER) \} \| Remove-Item -DeleteKey( -Force)?\n?$`)

// Certificates that we make carry our name, those of others are neither taken, if they
// sign themselves, nor removed.
func TestCertificatesOfOthersAreLeftAlone(t *testing.T) {
	codes := map[string]string{}
	for _, block := range allDocBlocks(t, "powershell") {
		codes[block.place] = block.text
	}
	for name, w := range workflows(t) {
		for _, job := range w.Jobs {
			for i, step := range job.Steps {
				if step.Shell == "powershell" {
					codes[fmt.Sprint(name, " step ", i)] = step.Run
				}
			}
		}
	}
	made, removed, taken := 0, 0, 0
	for place, code := range codes {
		if strings.Contains(code, "New-SelfSignedCertificate") {
			made++
			if !strings.Contains(code, ".FriendlyName = 'terraform-winrm-https'") && !strings.Contains(code, "-FriendlyName $env:TEST_USER") {
				t.Errorf("%s makes a certificate without a name of ours", place)
			}
		}
		if strings.Contains(code, "Sort-Object -Property NotAfter") {
			taken++
			for _, condition := range []string{"$_.Issuer -ne $_.Subject", "'2.5.29.17'", "$_.HasPrivateKey", "'1.3.6.1.5.5.7.3.1'"} {
				if !strings.Contains(code, condition) {
					t.Errorf("%s takes a certificate without looking at %s", place, condition)
				}
			}
		}
		for line := range strings.Lines(code) {
			if strings.Contains(line, "Cert:") && strings.Contains(line, "Remove-Item") {
				removed++
				if !certificateGone.MatchString(line) {
					t.Errorf("%s removes certificates by %q", place, line)
				}
			}
		}
		if strings.Contains(code, "DnsNameList") {
			t.Errorf("%s: DnsNameList has the common name too, which is not looked at", place)
		}
	}
	if made != 2 || removed != 2 || taken != 2 {
		t.Errorf("%d made, %d removed, %d taken: does the test still see them?", made, removed, taken)
	}
}

// A console runs each pasted line as it comes: 'Stop' stops nothing then, and Read-Host
// takes the next line for the answer. So a block is one line, or one script block that
// ends at its first error and asks nothing; and without an empty line, which ends the
// input in old consoles.
func TestPowerShellInDocsCanBePasted(t *testing.T) {
	for _, block := range allDocBlocks(t, "powershell") {
		if err := pastable(block.text); err != nil {
			t.Errorf("%s: %v", block.place, err)
		}
	}
	for code, want := range map[string]bool{
		"$password = Read-Host -AsSecureString 'Password'\n": true,
		"& {\n  $ErrorActionPreference = 'Stop'\n  a\n}\n":   true,
		"a\nb\n":        false,
		"& {\n  a\n}\n": false,
		"& {\n  $ErrorActionPreference = 'Stop'\n\n  a\n}\n":                                     false,
		"& {\n  $ErrorActionPreference = 'Stop'\n  a\n}\nb\n":                                    false,
		"& {\n  $ErrorActionPreference = 'Stop'\n  Read-Host\n}\n":                               false,
		"$a = Read-Host 'A'\n$b = Read-Host 'B'\n":                                               false,
		"& {\n  $ErrorActionPreference = 'Stop'\n}\n& {\n  $ErrorActionPreference = 'Stop'\n}\n": false,
	} {
		if err := pastable(code); (err == nil) != want {
			t.Errorf("%q: %v", code, err)
		}
	}
}

func pastable(code string) error {
	lines := strings.Split(strings.TrimSuffix(code, "\n"), "\n")
	if len(lines) == 1 {
		return nil
	}
	if strings.Contains(code, "Read-Host") {
		return errors.New("Read-Host takes the next pasted line for the answer: a block of its own for it")
	}
	last := len(lines) - 1
	if lines[0] != "& {" || lines[1] != "  $ErrorActionPreference = 'Stop'" || lines[last] != "}" {
		return errors.New("several lines, and not one & { … } that stops at its first error")
	}
	for _, line := range lines[1:last] {
		if !strings.HasPrefix(line, "  ") {
			return fmt.Errorf("%q is empty or outside", line)
		}
	}
	return nil
}

// The same in a shell: what is pasted after a read is its answer.
func TestShellInDocsReadsPasswordsLast(t *testing.T) {
	found := 0
	for _, block := range allDocBlocks(t, "sh", "shell", "bash") {
		lines := strings.Split(strings.TrimSpace(block.text), "\n")
		for i, line := range lines {
			if !strings.Contains(line, "read -rs") {
				continue
			}
			found++
			if i != len(lines)-1 || !strings.Contains(line, "printf 'Password: '") {
				t.Errorf("%s: a password is read in the middle of a block, or without a word: %s", block.place, line)
			}
		}
	}
	if found == 0 {
		t.Error("no password is read: does the test still see them?")
	}
	typed := regexp.MustCompile(`TF_VAR_accounts=['{]|WINDOWS_PASSWORD=…`)
	for name, text := range docFiles(t) {
		if command := typed.FindString(text); command != "" {
			t.Errorf("%s: %s puts a password into the history of a shell", name, command)
		}
	}
}

// quickconfig opens more than its name says: whoever is told to run it is told so.
func TestQuickconfigIsNotAlone(t *testing.T) {
	files := docFiles(t)
	for _, name := range []string{"templates/index.md.tmpl", "templates/guides/prepare-a-host.md", "templates/guides/test-on-your-windows.md"} {
		if !strings.Contains(strings.ToLower(files[name]), "quickconfig") || !strings.Contains(files[name], "#what-winrm-quickconfig-changes") {
			t.Errorf("%s does not say what quickconfig changes", name)
		}
	}
}

// Whoever manages a domain controller is an administrator of the domain: no inventory puts
// one beside ordinary servers.
func TestInventoriesHaveNoDomainController(t *testing.T) {
	inventories, err := filepath.Glob(filepath.Join(docRoot, "examples", "server-baseline", "examples", "*", "hosts.yaml"))
	if err != nil || len(inventories) != 2 {
		t.Fatal(inventories, err)
	}
	for _, inventory := range inventories {
		content, err := os.ReadFile(inventory)
		if err != nil {
			t.Fatal(err)
		}
		if name := regexp.MustCompile(`(?mi)^ +[\w-]*dc\d*\.`).Find(content); name != nil {
			t.Errorf("%s: %s is a domain controller by its name", inventory, name)
		}
	}
}

// On Windows go names folders with backslashes, which are escapes in HCL.
func TestPrintDevOverrides(t *testing.T) {
	for _, system := range []struct{ os, gobin, gopath, want string }{
		{"windows", `D:\bin`, `C:\Users\me\go`, "D:/bin"},
		{"windows", "", `C:\Users\me\go`, "C:/Users/me/go/bin"},
		{"linux", "", "/home/me/go", "/home/me/go/bin"},
		{"linux", "/opt/bin", "/home/me/go", "/opt/bin"},
	} {
		dir := t.TempDir()
		fake := fmt.Sprintf("#!/bin/sh\ncase $2 in\nGOOS) echo %s ;;\nGOBIN) printf '%%s\\n' '%s' ;;\nGOPATH) printf '%%s\\n' '%s' ;;\n*) exit 1 ;;\nesac\n", system.os, system.gobin, system.gopath)
		if err := os.WriteFile(filepath.Join(dir, "go"), []byte(fake), 0o700); err != nil {
			t.Fatal(err)
		}
		command := exec.CommandContext(t.Context(), "sh", filepath.Join(docRoot, "scripts", "print-dev-overrides"))
		command.Env = append(os.Environ(), "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
		output, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		// All of it is one file of the CLI's: what is no remark is the block.
		var code strings.Builder
		for line := range strings.Lines(string(output)) {
			if !strings.HasPrefix(line, "#") {
				code.WriteString(line)
			}
		}
		text := strings.TrimSpace(code.String())
		if !strings.HasPrefix(text, "provider_installation {") || !strings.HasSuffix(text, "}") || strings.Contains(text, `\`) || strings.Count(text, `/windows" = "`+system.want+`"`) != 2 {
			t.Errorf("%+v:\n%s", system, output)
		}
	}
}

// Nobody could run the PowerShell here: at least its brackets and quotes fit.
func TestPowerShellInDocsIsBalanced(t *testing.T) {
	blocks := allDocBlocks(t, "powershell")
	if len(blocks) < 4 {
		t.Errorf("%d blocks", len(blocks))
	}
	for _, block := range blocks {
		if err := balanced(block.text); err != nil {
			t.Errorf("%s: %v", block.place, err)
		}
	}
	for _, w := range workflows(t) {
		for _, job := range w.Jobs {
			for _, step := range job.Steps {
				if err := balanced(step.Run); step.Shell == "powershell" && err != nil {
					t.Error(err)
				}
			}
		}
	}
	for _, wrong := range []string{"f { (a }", "g 'a", `h "a $(b") `, "i @{ a = 'b' ", "j }"} {
		if balanced(wrong) == nil {
			t.Errorf("%q is taken for balanced", wrong)
		}
	}
}

// balanced looks at brackets outside of strings and remarks.
func balanced(code string) error {
	closes := map[rune]rune{')': '(', '}': '{', ']': '['}
	var open []rune
	for number, line := range strings.Split(code, "\n") {
		quote := rune(0)
		for i, r := range line {
			switch {
			case quote != 0:
				if r == quote && (r == '\'' || i == 0 || line[i-1] != '`') {
					quote = 0
				}
			case r == '#':
				line = ""
			case r == '\'' || r == '"':
				quote = r
			case strings.ContainsRune("({[", r):
				open = append(open, r)
			case closes[r] != 0:
				if len(open) == 0 || open[len(open)-1] != closes[r] {
					return fmt.Errorf("line %d: %q closes nothing: %s", number+1, r, line)
				}
				open = open[:len(open)-1]
			}
			if line == "" {
				break
			}
		}
		if quote != 0 {
			return fmt.Errorf("line %d: %q is not closed: %s", number+1, quote, line)
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("%q is not closed", open)
	}
	return nil
}

var (
	docLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	docHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	docAnchor  = regexp.MustCompile(`<a id="([^"]+)">`)
	docCode    = regexp.MustCompile("(?ms)^ *```.*?^ *```")
)

// anchors is the places of a page that a link may name, as GitHub and the registries
// make them of headings.
func anchors(text string) (list []string) {
	for _, heading := range docHeading.FindAllStringSubmatch(docCode.ReplaceAllString(text, ""), -1) {
		slug := regexp.MustCompile(`[^\p{L}\p{N}\s_-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		list = append(list, strings.ReplaceAll(slug, " ", "-"))
	}
	for _, anchor := range docAnchor.FindAllStringSubmatch(text, -1) {
		list = append(list, anchor[1])
	}
	return list
}

// Every link from page to page leads somewhere. templates/ is looked at as docs/ has it.
func TestLinksInDocsLeadSomewhere(t *testing.T) {
	files := docFiles(t)
	links := 0
	for name, text := range files {
		if strings.HasPrefix(name, "templates/") {
			continue
		}
		for _, link := range docLink.FindAllStringSubmatch(docCode.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			links++
			page := name
			if target != "" {
				page = path.Join(path.Dir(name), target)
			}
			if _, known := files[page]; !known && strings.HasPrefix(name, "docs/") && path.Ext(page) == "" {
				page += ".md" // the registries take a link without
			}
			if _, err := os.Stat(filepath.Join(docRoot, page)); err != nil {
				t.Errorf("%s: %s leads nowhere", name, link[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(files[page]), anchor) {
				t.Errorf("%s: there is no #%s in %s", name, anchor, page)
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links were found", links)
	}
}
