package provider

import (
	"cmp"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A docBlock is a fenced block of the documentation, or a file that a command in one
// writes (cat >main.tf <<'EOF').
type docBlock struct {
	place     string // file:line, of the first place where it stands
	language  string
	text      string
	directive string // of the comment right before it: <!-- hcl: … -->
}

// docRoot is the top of the tree.
const docRoot = "../.."

// docFiles is every Markdown file, and template of one, in the tree.
func docFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	tree := os.DirFS(docRoot)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (name == ".git" || name == "bin" || entry.Name() == ".terraform") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".md") && !strings.HasSuffix(name, ".md.tmpl") {
			return nil
		}
		content, err := fs.ReadFile(tree, name)
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := files["README.md"]; !ok || len(files) < 20 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

var (
	docFence     = regexp.MustCompile("^( *)(```+|~~~+) *([\\w+-]*) *$")
	docDirective = regexp.MustCompile(`^\s*<!-- hcl: (.+) -->\s*$`)
	docHeredoc   = regexp.MustCompile(`(?ms)^ *cat >+ *(\S+\.tf) *<<'?(\w+)'?\n(.*?)^(\w+)$`)
)

// docBlocks takes the fenced blocks out of a file; the indentation of a list is taken
// off. open is the line of a fence that nothing ends, 0 where there is none.
func docBlocks(name, content string) (blocks []docBlock, open int) {
	lines := strings.Split(content, "\n")
	directive := ""
	for i := 0; i < len(lines); i++ {
		if found := docDirective.FindStringSubmatch(lines[i]); found != nil {
			directive = found[1]
			continue
		}
		fence := docFence.FindStringSubmatch(lines[i])
		if fence == nil {
			if strings.TrimSpace(lines[i]) != "" {
				directive = ""
			}
			continue
		}
		end := i + 1
		for end < len(lines) && strings.TrimSpace(lines[end]) != fence[2] {
			end++
		}
		if end == len(lines) {
			return blocks, i + 1
		}
		var text strings.Builder
		for _, line := range lines[i+1 : end] {
			text.WriteString(strings.TrimPrefix(line, fence[1]) + "\n")
		}
		place := filepath.ToSlash(name) + ":" + strconv.Itoa(i+1)
		blocks = append(blocks, docBlock{place, fence[3], text.String(), directive})
		if slices.Contains([]string{"sh", "shell", "bash"}, fence[3]) {
			for _, written := range docHeredoc.FindAllStringSubmatch(text.String(), -1) {
				if written[2] == written[4] {
					blocks = append(blocks, docBlock{place, "hcl", written[3], directive})
				}
			}
		}
		directive, i = "", end
	}
	return blocks, 0
}

// allDocBlocks is every block of the documentation, each text once: what docs/ has of
// templates/ and examples/ stands there a second time.
func allDocBlocks(t *testing.T, languages ...string) (list []docBlock) {
	t.Helper()
	seen := map[docBlock]bool{}
	files := docFiles(t)
	generated := func(name string) int { return strings.Count(strings.SplitN(name, "/", 2)[0], "docs") }
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int { return cmp.Or(cmp.Compare(generated(a), generated(b)), cmp.Compare(a, b)) })
	for _, name := range names {
		blocks, open := docBlocks(name, files[name])
		if open > 0 {
			t.Errorf("%s:%d: the block has no end", name, open)
		}
		for _, block := range blocks {
			key := docBlock{text: block.text, directive: block.directive}
			if !slices.Contains(languages, block.language) || seen[key] {
				continue
			}
			seen[key] = true
			list = append(list, block)
		}
	}
	return list
}

func TestDocBlocks(t *testing.T) {
	const page = "# Title\n\n<!-- hcl: validate only: why -->\n\n```hcl\na = 1\n```\n<!-- hcl: lost -->\ntext\n   ```terraform\n   b {\n     c = 2\n   }\n   ```\n" +
		"```sh\ncat >main.tf <<'EOF'\nd = 3\nEOF\ncat >other.txt <<EOF\ne\nEOF\n```\n~~~\n```\n~~~\n"
	blocks, open := docBlocks("page.md", page)
	want := []docBlock{
		{"page.md:5", "hcl", "a = 1\n", "validate only: why"}, {"page.md:10", "terraform", "b {\n  c = 2\n}\n", ""},
		{"page.md:15", "sh", "cat >main.tf <<'EOF'\nd = 3\nEOF\ncat >other.txt <<EOF\ne\nEOF\n", ""}, {"page.md:15", "hcl", "d = 3\n", ""}, {"page.md:23", "", "```\n", ""},
	}
	if open != 0 || !slices.Equal(blocks, want) {
		t.Errorf("blocks %q, open %d; want %q", blocks, open, want)
	}
	if _, open := docBlocks("page.md", "a\n```hcl\nb\n"); open != 2 {
		t.Errorf("a block without an end: line %d", open)
	}
}

// A configuration without a language is highlighted nowhere, and checked by nobody.
func TestConfigurationsInDocsSayTheirLanguage(t *testing.T) {
	configuration := regexp.MustCompile(`(?m)^ *(resource|data|provider|module|terraform) *("[\w-]+" *)*\{`)
	for _, block := range allDocBlocks(t, "") {
		if configuration.MatchString(block.text) {
			t.Errorf("%s: write ```terraform", block.place)
		}
	}
}
