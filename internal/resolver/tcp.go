package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
)

// overTCP repeats the question of a over a connection of its own (RFC 7766),
// which takes at most one time-out from dial to reply. The truncated answer
// over UDP is never read: when TCP does not mend it, there is no answer.
func (r *Resolver) overTCP(ctx context.Context, a *asker, u *upstream) ([]byte, *Error) {
	select {
	case r.tcp <- struct{}{}:
		defer func() { <-r.tcp }()
	case <-ctx.Done():
		return nil, fault(fmt.Errorf("no TCP connection to spare: %w", context.Cause(ctx))) // our own queue was too long
	case <-r.life.Done():
		return nil, fault(context.Cause(r.life))
	}
	if err := r.admit(ctx, a.plain); err != nil {
		return nil, err
	}
	a.trace.Attempts++
	u.counts.asked.Add(1)
	u.counts.tcp.Add(1)

	attempt, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	defer context.AfterFunc(r.life, cancel)()
	reply, err := r.dialogue(attempt, a, u)
	switch {
	case err == nil && u.guard.barred.Load() && !a.canary:
		return nil, fault(errBarred)
	case err == nil && !dnswire.IsTruncated(reply):
		return reply, nil
	case err == nil:
		err = errTruncated // over TCP: there is nothing left to try
	case ctx.Err() != nil:
		return nil, ended(ctx)
	case r.life.Err() != nil:
		return nil, fault(context.Cause(r.life))
	case errors.Is(attempt.Err(), context.DeadlineExceeded):
		u.counts.timeouts.Add(1)
		err = errNoAnswer
	case ours(err):
		u.counts.failed.Add(1)
		return nil, fault(err)
	default:
		u.counts.failed.Add(1)
	}
	return nil, failure(codes.RecordTruncated, err)
}

// dialogue is one connection, from dial to reply.
func (r *Resolver) dialogue(ctx context.Context, a *asker, u *upstream) ([]byte, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.addr.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	message := a.query.Message()
	id := uint16(rand.Uint32())
	binary.BigEndian.PutUint16(message, id)
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(message)))
	if _, err := conn.Write(append(framed, message...)); err != nil {
		return nil, err
	}
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return nil, err
		}
		reply := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, reply); err != nil {
			return nil, err
		}
		valid := dnswire.IsReply(reply, id, a.query.Question())
		r.received(u, valid)
		if valid {
			return reply, nil
		}
	}
}
