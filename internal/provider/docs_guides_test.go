package provider

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every claim of the guide has a source that its table names, and every source a claim.
func TestPrepareAHostSources(t *testing.T) {
	text, table, found := strings.Cut(guide(t, "prepare-a-host.md"), "\n## Sources\n")
	if !found {
		t.Fatal("there are no sources")
	}
	named := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]) \| .+ \| .+ \|$`).FindAllStringSubmatch(table, -1) {
		named[row[1]] = true
	}
	used := map[string]bool{}
	for _, mark := range regexp.MustCompile(`\[((?:documented|reported)[^\]]*|[A-Z](?:[ ,][^\]]*)?)\]`).FindAllStringSubmatch(text, -1) {
		for _, letter := range regexp.MustCompile(`\b[A-Z]\b`).FindAllString(mark[1], -1) {
			used[letter] = true
			if !named[letter] {
				t.Errorf("[%s] names no source of the table", mark[1])
			}
		}
	}
	for letter := range named {
		if !used[letter] {
			t.Errorf("nothing is said by source %s", letter)
		}
	}
	if len(named) < 15 {
		t.Errorf("%d sources", len(named))
	}
}

// What the blocks of the guides make they take away again.
func TestGuidesUndoWhatTheyDo(t *testing.T) {
	blocks := func(name string) string {
		all, _ := docBlocks(name, guide(t, name))
		text := ""
		for _, block := range all {
			if block.language == "powershell" {
				text += block.text
			}
		}
		return text
	}
	prepare, own := blocks("prepare-a-host.md"), blocks("test-on-your-windows.md")
	for _, pair := range [][3]string{
		{prepare, "New-WSManInstance winrm/config/Listener -SelectorSet @{ Transport = 'HTTPS'; Address = '*' }", "Remove-WSManInstance winrm/config/Listener -SelectorSet @{ Transport = 'HTTPS'; Address = '*' }"},
		{prepare, "New-NetFirewallRule -Name terraform-winrm-https", "Remove-NetFirewallRule -Name terraform-winrm-https"},
		{prepare, "New-SelfSignedCertificate", "Remove-Item"},
		{own, "New-LocalUser -Name tf-core-test", "Remove-LocalUser -Name tf-core-test"},
		{own, "-Name LocalAccountTokenFilterPolicy -PropertyType DWord -Value 1", "Remove-ItemProperty -Path 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System' -Name LocalAccountTokenFilterPolicy"},
	} {
		if made, gone := strings.Index(pair[0], pair[1]), strings.LastIndex(pair[0], pair[2]); made < 0 || gone < made {
			t.Errorf("%q is not undone by %q", pair[1], pair[2])
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
