package transport

import (
	"context"
	"errors"
	"testing"
)

func TestLogons(t *testing.T) {
	ctx := context.Background()
	refusal := &UnauthorizedError{Address: "mail01:5985", Refused: true}

	t.Run("a refusal is final for every host", func(t *testing.T) {
		l := NewLogons()
		leave, _, err := l.enter(ctx, "mail01:5985")
		if err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error)
		go func() { _, _, err := l.enter(ctx, "mail02:5985"); waiting <- err }()
		leave(refusal)
		var notTried *NotTriedError
		if err := <-waiting; !errors.As(err, &notTried) || notTried.Address != "mail02:5985" || !errors.Is(err, error(refusal)) {
			t.Errorf("the second host got %v", err)
		}
	})
	t.Run("an acceptance opens the way for all at once", func(t *testing.T) {
		l := NewLogons()
		leave, _, _ := l.enter(ctx, "a")
		leave(nil)
		one, _, err := l.enter(ctx, "b")
		if err != nil {
			t.Fatal(err)
		}
		two, _, err := l.enter(ctx, "c") // while the other is under way
		if err != nil {
			t.Fatal(err)
		}
		one(refusal) // b's own affair from now on
		two(nil)
		if _, _, err := l.enter(ctx, "d"); err != nil {
			t.Errorf("after b refused: %v", err)
		}
	})
	t.Run("a dead host tells nothing", func(t *testing.T) {
		l := NewLogons()
		leave, _, _ := l.enter(ctx, "a")
		leave(&UnreachableError{Reason: Dropped})
		leave, _, err := l.enter(ctx, "b")
		if err != nil {
			t.Fatal(err)
		}
		leave(refusal)
		if _, _, err := l.enter(ctx, "c"); err == nil {
			t.Error("c was tried after the refusal")
		}
	})
	t.Run("a scheme that is not offered is no bad logon", func(t *testing.T) {
		l := NewLogons()
		leave, _, _ := l.enter(ctx, "a")
		leave(&UnauthorizedError{Refused: false})
		if _, _, err := l.enter(ctx, "b"); err != nil {
			t.Errorf("%v", err)
		}
	})
	t.Run("waiting obeys the context", func(t *testing.T) {
		l := NewLogons()
		if _, waited, err := l.enter(ctx, "a"); err != nil || waited {
			t.Fatalf("waited %t, %v", waited, err)
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, waited, err := l.enter(gone, "b"); !errors.Is(err, context.Canceled) || !waited {
			t.Errorf("waited %t, %v", waited, err)
		}
	})
	t.Run("no watch", func(t *testing.T) {
		leave, _, err := (*Logons)(nil).enter(ctx, "a")
		if err != nil {
			t.Fatal(err)
		}
		leave(refusal)
	})
}
