package starttls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A Prober probes each host once, or twice where that is asked for. It keeps at most 128 octets for each host,
// and the facts of each certificate once. It may be used concurrently.
type Prober struct {
	config Config
	began  time.Time

	mu      sync.Mutex
	probes  map[string]*probe // going on, by host
	results results
}

// A probe is one that is going on.
type probe struct {
	done   chan struct{} // closed when it is over
	result Result
	err    error
}

// New makes a Prober.
func New(c Config) *Prober {
	if c.Deadline <= 0 {
		c.Deadline = 30 * time.Second
	}
	began := time.Now().Truncate(time.Second)
	return &Prober{config: c, began: began, probes: make(map[string]*probe), results: newResults()}
}

// Longest is how long a probe can take.
func (p *Prober) Longest() time.Duration { return 2*p.config.Deadline + quitWithin }

// Probe probes a host, or gives the result of the one probe that there is, when it is over. The deadline is the
// Prober's own; ctx ends it early. stalls counts the times that this process was stopped or starved; nil: that
// is not known.
//
// The error is a fault of this machine, that of ctx, [ErrStalled], or [ErrLater], whose result has the address
// to wait for. After an error the next call probes the host again.
func (p *Prober) Probe(ctx context.Context, host string, stalls func() int64) (Result, error) {
	return p.probeOnce(ctx, host, nil, stalls)
}

// ProbeAgain is Probe for a host whose result a row has. Where that is doubtful, ProbeAgain makes a second probe,
// unless it was made already. Its result counts, and keeps the class of the first; where no server could be talked
// to, the first result stands.
//
// Of an earlier process only the row is left. Its result is known here too, and counts as the first probe where
// this Prober has probed the host since.
func (p *Prober) ProbeAgain(ctx context.Context, host string, previous Previous, stalls func() int64) (Result, error) {
	return p.probeOnce(ctx, host, &previous, stalls)
}

// probeOnce gives what is known of a host, or makes the probe that is missing. With a row of an earlier process
// it waits for a probe that is going on, since that may be the second.
func (p *Prober) probeOnce(ctx context.Context, host string, previous *Previous, stalls func() int64) (Result, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	second := previous != nil && previous.Doubtful()
	p.mu.Lock()
	one, going := p.probes[host]
	for going && previous != nil {
		p.mu.Unlock()
		if result, err := one.wait(ctx); err != nil {
			return result, err
		}
		p.mu.Lock()
		one, going = p.probes[host]
	}
	known, ok := p.lookUp(host, previous)
	switch {
	case ok && (!second || known.Final):
		p.mu.Unlock()
		return known, nil
	case going:
		p.mu.Unlock()
		return one.wait(ctx)
	}
	one = &probe{done: make(chan struct{})}
	p.probes[host] = one
	p.mu.Unlock()
	if stalls == nil {
		stalls = func() int64 { return 0 }
	}
	before := stalls()
	one.result, one.err = p.run(ctx, host)
	if one.err == nil && one.result.mayDependOnTime() && stalls() != before {
		one.result, one.err = Result{}, ErrStalled
	}
	if one.err == nil && second {
		one.result = combine(known, one.result)
	}
	p.mu.Lock()
	delete(p.probes, host)
	if one.err == nil {
		p.results.keep(host, one.result)
	}
	p.mu.Unlock()
	close(one.done)
	return one.result, one.err
}

// lookUp is what is known of a host, or else what a row has; ok is false where that is nothing, or is doubtful
// and from the row alone. The row of an earlier process and a probe of this one are the first and the second
// probe, and there is no third. The caller holds the lock.
func (p *Prober) lookUp(host string, previous *Previous) (known Result, ok bool) {
	known, ok = p.results.get(host)
	switch {
	case previous == nil, ok && known.Final:
		return known, ok
	case !ok && previous.Doubtful():
		return previous.Result, false
	case !ok:
		known = previous.Result
	case previous.Seen.Before(p.began), previous.Doubtful() && !known.Doubtful():
		known.First, known.Final = previous.first(), true
	}
	p.results.keep(host, known)
	return known, true
}

// wait is the result, once the probe is over.
func (one *probe) wait(ctx context.Context) (Result, error) {
	select {
	case <-one.done:
		return one.result, one.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// run probes a host.
func (p *Prober) run(ctx context.Context, host string) (Result, error) {
	conn, addr, err := p.config.Dialer.Dial(ctx, host, p.config.Deadline)
	switch {
	case fault.PutOff(err) && ctx.Err() == nil:
		return Result{Addr: addr}, fmt.Errorf("%w: %w", ErrLater, err)
	case err != nil && (ours(err) || ctx.Err() != nil):
		return Result{}, err
	case err != nil:
		return Result{Class: unconnected(err), Addr: addr}, nil
	}
	defer conn.Close()
	probing, cancel := context.WithTimeout(ctx, p.config.Deadline)
	defer cancel()
	stop := context.AfterFunc(probing, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	s := &session{conn: conn, host: host, name: p.name(probing, conn), dialer: p.config.Dialer}
	s.result.Addr = addr
	err = s.talk(probing)
	if err != nil && (ours(err) || ctx.Err() != nil) {
		return Result{}, err
	}
	return s.result, nil
}

func (p *Prober) name(ctx context.Context, conn net.Conn) string {
	var own netip.Addr
	if at, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		own = at.AddrPort().Addr().Unmap()
	}
	if p.config.Name != nil {
		if name := p.config.Name(ctx, own); name != "" {
			return name
		}
	}
	if own.Is6() {
		return "[IPv6:" + own.String() + "]" // RFC 5321, section 4.1.3
	}
	return "[" + own.String() + "]"
}

// unconnected is the class of a probe without a connection.
func unconnected(err error) codes.STARTTLS {
	failed, ok := errors.AsType[codes.PolicyFailure](err)
	if !ok {
		return codes.STARTTLSNoConnection
	}
	switch failed.PolicyReason() {
	case codes.ReasonOptedOut:
		return codes.STARTTLSOptedOut
	case codes.ReasonNXDomain, codes.ReasonNoData, codes.ReasonForbiddenAddress:
		return codes.STARTTLSNoAddress
	case codes.ReasonNoIPv4, codes.ReasonNoIPv6:
		return codes.STARTTLSUnknown // this machine has no such address
	}
	if failed.PolicyStage() == codes.StageDNS {
		return codes.STARTTLSUnknown
	}
	return codes.STARTTLSNoConnection
}
