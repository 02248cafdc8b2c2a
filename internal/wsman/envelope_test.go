package wsman

import (
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Tables may come in replies as large as the host makes them, within our own bound.
func TestEnvelopeSizes(t *testing.T) {
	for _, test := range []struct {
		asked      int
		reply      int64
		plain, big int
	}{
		{0, 0, 500 << 10, 4 << 20},
		{0, 2 << 20, 500 << 10, 1 << 20},
		{0, 4096, 500 << 10, 500 << 10},
		{150 << 10, 0, 150 << 10, 150 << 10},
		{1, 0, 8 << 10, 8 << 10},
	} {
		carrier, err := transport.New(transport.Config{
			Address: "mail01:5985", Auth: transport.AuthNTLM, Username: "svc", Password: "not-a-real-password-1", MaxReplyBytes: test.reply,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer carrier.Close()
		client := New(carrier, Options{MaxEnvelopeSize: test.asked})
		if plain, big := client.envelopeSize(request{}), client.envelopeSize(request{stream: true}); plain != test.plain || big != test.big {
			t.Errorf("%+v: %d and %d", test, plain, big)
		}
	}
}

// Only the messages that bring a table or output ask for large replies.
func TestWhichMessagesAskForLargeReplies(t *testing.T) {
	var size string
	client := host(t, func(r string) (int, string) {
		size = between(r, "<w:MaxEnvelopeSize s:mustUnderstand=\"true\">", "<")
		if strings.Contains(r, "/shell/Receive<") {
			return 200, soap(`<ReceiveResponse><CommandState State="x/CommandState/Done"><ExitCode>0</ExitCode></CommandState></ReceiveResponse>`)
		}
		return 200, soap(page("EnumerateResponse", "", true, "a"))
	})
	if _, err := names(t, client); err != nil || size != "4194304" {
		t.Errorf("an enumeration asks for %s, %v", size, err)
	}
	s := &shell{client: client, id: "1", process: "2"}
	if err := s.receiveAll(t.Context()); err != nil || size != "4194304" {
		t.Errorf("a Receive asks for %s, %v", size, err)
	}
	if err := s.create(t.Context()); err == nil || size != "512000" {
		t.Errorf("a Create asks for %s, %v", size, err)
	}
}
