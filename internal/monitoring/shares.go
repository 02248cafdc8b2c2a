package monitoring

import (
	"context"
	"sync"
	"time"
)

// shares divides the time that is left among the hosts that are waiting for their
// turn, so that some slow ones cannot take it all.
type shares struct {
	mu       sync.Mutex
	waiting  int // hosts whose turn has not come
	parallel int
}

// next bounds one host's turn: what is left of the context's time, divided by the
// rounds that are to come, this one included. share is 0 where it is all of it.
func (s *shares) next(ctx context.Context) (turn context.Context, share time.Duration, cancel context.CancelFunc) {
	s.mu.Lock()
	rounds := (s.waiting + s.parallel - 1) / s.parallel
	s.waiting--
	s.mu.Unlock()
	end, bounded := ctx.Deadline()
	if !bounded || rounds <= 1 {
		turn, cancel = context.WithCancel(ctx)
		return turn, 0, cancel
	}
	share = time.Until(end) / time.Duration(rounds)
	turn, cancel = context.WithTimeout(ctx, share)
	return turn, share, cancel
}
