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

// exchangeTCP repeats the question of a over a connection of its own (RFC 7766), which takes at most one time-out
// from dial to reply. The truncated answer over UDP is never read: when TCP does not mend it, there is no answer.
func (r *Resolver) exchangeTCP(ctx context.Context, a *asker, u *upstream) ([]byte, *Error) {
	select {
	case r.tcpSlots <- struct{}{}:
		defer func() { <-r.tcpSlots }()
	case <-ctx.Done():
		return nil, fault(fmt.Errorf("no TCP connection to spare: %w", context.Cause(ctx))) // the queue was too long
	case <-r.ctx.Done():
		return nil, fault(context.Cause(r.ctx))
	}
	if err := r.waitForRate(ctx, a.sweeping); err != nil {
		return nil, err
	}
	a.trace.Attempts++
	u.counts.asked.Add(1)
	u.counts.tcp.Add(1)

	attempt, cancel := context.WithTimeout(ctx, r.schedule.timeout)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	reply, err := r.dialTCP(attempt, a, u)
	switch {
	case err == nil && u.breaker.IsDistrusted() && !a.isCanary:
		return nil, fault(errDistrusted)
	case err == nil && !dnswire.IsTruncated(reply):
		return reply, nil
	case err == nil:
		err = errTruncated // over TCP: there is nothing left to try
	case ctx.Err() != nil:
		return nil, endedBy(ctx)
	case r.ctx.Err() != nil:
		return nil, fault(context.Cause(r.ctx))
	case errors.Is(attempt.Err(), context.DeadlineExceeded):
		u.counts.timeouts.Add(1)
		err = errNoAnswer
	case isLocal(err):
		u.counts.failed.Add(1)
		return nil, fault(err)
	default:
		u.counts.failed.Add(1)
	}
	return nil, failure(codes.RecordTruncated, err)
}

// dialTCP asks over one connection, from dial to reply.
func (r *Resolver) dialTCP(ctx context.Context, a *asker, u *upstream) ([]byte, error) {
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
		r.countDatagram(u, valid)
		if valid {
			return reply, nil
		}
	}
}
