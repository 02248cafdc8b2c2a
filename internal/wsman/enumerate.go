package wsman

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Bounds of one enumeration. A socket table of a busy mail server has some ten
// thousand items of about 300 bytes, and a reply of the recordings holds 75 kB.
const (
	maxItems      = 1_000_000
	maxPulls      = 10_000
	maxEmptyPulls = 8       // replies in a row without an item and without an end
	maxContext    = 8 << 10 // bytes of an EnumerationContext; Windows' is a UUID

	// elementsPerPull lets MaxEnvelopeSize decide how many items come at once: it is
	// the default of MaxBatchItems (MS-WSMV 2.2.4.10), and more must not be asked for.
	elementsPerPull = 32_000

	// releaseTimeout bounds the Release of an enumeration that is given up.
	releaseTimeout = 2 * time.Second
)

const (
	actionEnumerate = nsEnumeration + "/Enumerate"
	actionPull      = nsEnumeration + "/Pull"
	actionRelease   = nsEnumeration + "/Release"
)

// Enumerate runs a WQL query in a namespace such as root/cimv2 and hands on each
// item as its reply is read. Whatever error comes, items may have been handed on
// before it: a caller must drop them then, since they are not the whole.
//
// An error of each ends the enumeration and is found in the error with errors.Is.
// An enumeration that is given up is released on the host, because hosts count
// open ones against a quota.
//
// The first message is retried as a Read (Options.MaxRetries). A Pull is not where
// its reply was lost: the host's cursor may have moved. Nor is the enumeration begun
// anew then: a reply that needs a Pull has brought items on every Windows seen
// [recorded], and these were handed on. A caller who drops them may ask again.
func (c *Client) Enumerate(ctx context.Context, namespace, wql string, each func(Item) error) error {
	resource, err := resourceURI(namespace, "*")
	if err != nil {
		return c.failed("a query", err)
	}
	run := &enumeration{client: c, resource: resource, each: each}
	err = run.all(ctx, wql)
	if err == nil {
		return nil
	}
	if run.context != "" && worthReleasing(err) {
		run.release(ctx)
	}
	return c.failed("the query `"+clip(wql)+"`", err)
}

// enumeration is one query under way.
type enumeration struct {
	client   *Client
	resource string
	each     func(Item) error
	context  string // open on the host; empty: none
	items    int
	pulls    int
	empty    int // replies in a row that brought nothing
}

func (e *enumeration) all(ctx context.Context, wql string) error {
	body, err := enumerateBody(wql)
	if err != nil {
		return err
	}
	ended, err := e.step(ctx, actionEnumerate, body, transport.Read)
	for ; err == nil && !ended; e.pulls++ {
		if e.pulls == maxPulls {
			return fmt.Errorf("the host does not come to an end after %d replies", maxPulls)
		}
		body, err = e.contextBody("Pull", "<n:MaxElements>"+strconv.Itoa(elementsPerPull)+"</n:MaxElements>")
		if err != nil {
			return err
		}
		ended, err = e.step(ctx, actionPull, body, transport.ReadOnce)
	}
	return err
}

// step asks once and hands the items on. It reports whether that was the last of them.
func (e *enumeration) step(ctx context.Context, action, body string, kind transport.Kind) (ended bool, err error) {
	r := newRequest(e.resource, action, body)
	r.stream = true
	reply, err := e.client.exchange(ctx, r, kind, func(item Item) error {
		if ctx.Err() != nil {
			return fmt.Errorf("stopped after %d items: %w", e.items, ctx.Err())
		}
		if e.items++; e.items > maxItems {
			return fmt.Errorf("the host sends more than %d items", maxItems)
		}
		return e.each(item)
	})
	if reply.context != "" {
		e.context = reply.context
	}
	if err != nil {
		return false, err
	}
	if !reply.enumeration {
		return false, e.client.unusable(kind, errors.New("the reply is not that of an enumeration"))
	}
	if reply.ended {
		e.context = ""
		return true, nil
	}
	return false, e.progress(reply)
}

// progress refuses an enumeration that can't go on, or does not.
func (e *enumeration) progress(reply envelope) error {
	if reply.context == "" {
		// To take what came for the whole would be a guess.
		return errors.New("the reply neither ends the enumeration nor says how to go on")
	}
	if len(reply.context) > maxContext {
		e.context = ""
		return fmt.Errorf("the reply's EnumerationContext is longer than %d bytes", maxContext)
	}
	if reply.items > 0 {
		e.empty = 0
		return nil
	}
	if e.empty++; e.empty > maxEmptyPulls {
		return fmt.Errorf("the host sent %d replies in a row without an item, and without an end", e.empty)
	}
	return nil
}

// worthReleasing is false when the host has ended the enumeration by itself, as it
// does on a fault (for time-outs MS-WSMAN 3.1.5 says so), or can't be reached.
func worthReleasing(err error) bool {
	var fault *Fault
	return !errors.As(err, &fault) && reachable(err)
}

// reachable is false when err says that the host can't be reached, or lets us not
// in: there is no point in telling it to clean up.
func reachable(err error) bool {
	var (
		unreachable  *transport.UnreachableError
		unauthorized *transport.UnauthorizedError
	)
	return !errors.As(err, &unreachable) && !errors.As(err, &unauthorized)
}

// release gives the enumeration up on the host, as well as it can: what went wrong
// before is the error that counts. The caller's context may be the reason, so it
// has a deadline of its own.
func (e *enumeration) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	body, err := e.contextBody("Release", "")
	if err != nil {
		return
	}
	r := newRequest(e.resource, actionRelease, body)
	r.once = true
	_, _ = e.client.exchange(ctx, r, transport.ReadOnce, nil)
	e.context = ""
}

func enumerateBody(wql string) (string, error) {
	var out strings.Builder
	out.WriteString(`<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>` + strconv.Itoa(elementsPerPull) +
		`</w:MaxElements><w:Filter Dialect="` + wqlDialect + `">`)
	if err := appendText(&out, "the query", wql); err != nil {
		return "", err
	}
	out.WriteString(`</w:Filter></n:Enumerate>`)
	return out.String(), nil
}

// contextBody writes a Pull or a Release of the open context.
func (e *enumeration) contextBody(verb, rest string) (string, error) {
	var out strings.Builder
	out.WriteString(`<n:` + verb + `><n:EnumerationContext>`)
	if err := appendText(&out, "the EnumerationContext", e.context); err != nil {
		return "", err
	}
	out.WriteString(`</n:EnumerationContext>` + rest + `</n:` + verb + `>`)
	return out.String(), nil
}
