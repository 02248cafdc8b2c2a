package winreplay

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func ask(t *testing.T, h *Host, password, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.HTTPAddr()+"/wsman", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(Username, password)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close() //nolint:errcheck // a test's
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

func TestRepliesInTurn(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"Win32_X_star_000.xml": "\ufeff<a:RelatesTo>uuid:OLD</a:RelatesTo>\r\n<n:EnumerationContext> one </n:EnumerationContext>$1",
		"Win32_X_star_001.xml": "<x:RelatesTo y='z'>uuid:OLD</x:RelatesTo><n:EnumerationContext/>end",
		"Win32_X_all_000.xml":  "columns",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := Start(t, folder)
	enumerate := func(wql string) string {
		return "<a:Action x='y'>http://e/Enumerate</a:Action><a:MessageID>uuid:$1N</a:MessageID><w:Filter D='WQL'>" + wql + "</w:Filter>"
	}
	const pull = "<a:Action>http://e/Pull</a:Action><a:MessageID>uuid:P</a:MessageID><n:EnumerationContext>one</n:EnumerationContext>"
	for _, step := range []struct {
		body   string
		status int
		want   string
	}{
		{pull, 500, "nothing was recorded"},
		{enumerate("Select *\n From Win32_X"), 200, "\ufeff<a:RelatesTo>uuid:$1N</a:RelatesTo>\r\n<n:EnumerationContext> one </n:EnumerationContext>$1"},
		{pull, 200, "<x:RelatesTo y='z'>uuid:P</x:RelatesTo><n:EnumerationContext/>end"},
		{pull, 500, "nothing was recorded"},
		{enumerate("select A, B from Win32_X"), 200, "columns"},
		{enumerate("select * from Win32_Y"), 500, "nothing was recorded"},
		{enumerate("select * from ../Win32_X"), 500, "nothing was recorded"},
		{"<a:Action>http://e/Release</a:Action>", 500, "nothing was recorded"},
		{"", 500, "nothing was recorded"},
	} {
		status, reply := ask(t, h, Password, step.body)
		if status != step.status || !strings.Contains(reply, step.want) || status == 200 && reply != step.want {
			t.Errorf("%s gives %d %q", step.body, status, reply)
		}
	}
	want := []string{"", "Win32_X_star_000.xml", "Win32_X_star_001.xml", "", "Win32_X_all_000.xml", "", "", "", ""}
	if got := h.Answered(); !slices.Equal(got, want) {
		t.Errorf("answered %q", got)
	}
	if status, _ := ask(t, h, "wrong", pull); status != http.StatusUnauthorized {
		t.Errorf("a wrong password gives %d", status)
	}
}
