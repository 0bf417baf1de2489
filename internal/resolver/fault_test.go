package resolver

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

func wantError(t *testing.T, err error, reason codes.RecordReason, local bool) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want an *Error", err, err)
	}
	if e.RecordReason() != reason || e.Local() != local || e.Timeout() != (reason == codes.RecordTimeout) {
		t.Fatalf("error %v: reason %q, local %v, timeout %v; want reason %q, local %v", err, e.RecordReason(),
			e.Local(), e.Timeout(), reason, local)
	}
}

func TestExchangeOverTCP(t *testing.T) {
	const name = "_mta-sts.example.com"
	stall := func(c net.Conn) {
		_, _ = tcpQuestion(c)
		_, _ = tcpQuestion(c) // until the other side closes
	}
	for title, c := range map[string]struct {
		tcp    func(net.Conn)
		reason codes.RecordReason // "": mended
	}{
		"good": {tcpGood, ""},
		"octet by octet": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			wire := packed(answer(q))
			for _, octet := range append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...) {
				_, _ = c.Write([]byte{octet})
			}
		}, ""},
		"behind nothing": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			_, _ = c.Write(make([]byte, 200)) // a hundred messages of no octets
			_ = tcpSend(c, packed(answer(q)))
		}, ""},
		"behind forgeries": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			for _, forge := range forgeries() {
				_ = tcpSend(c, forge(q))
			}
			_ = tcpSend(c, packed(answer(q)))
		}, ""},
		"forgeries alone": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			for _, forge := range forgeries() {
				_ = tcpSend(c, forge(q))
			}
		}, codes.RecordTruncated},
		"and more behind it": {func(c net.Conn) {
			tcpGood(c)
			_, _ = c.Write(bytes.Repeat([]byte{0xff}, 1<<20))
		}, ""},
		"a length beyond what comes": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			_, _ = c.Write(append([]byte{0xff, 0xff}, packed(answer(q))...))
		}, codes.RecordTruncated},
		"of 65,535 octets": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			wire := packed(answer(q))
			_ = tcpSend(c, append(wire, make([]byte, 65_535-len(wire))...))
		}, ""},
		"refused": {nil, codes.RecordTruncated},
		"stalled": {stall, codes.RecordTruncated},
		"closed":  {func(c net.Conn) { _, _ = tcpQuestion(c) }, codes.RecordTruncated},
		"half": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			wire := packed(answer(q))
			framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)
			_, _ = c.Write(framed[:len(framed)/2])
		}, codes.RecordTruncated},
		"truncated again": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			m := answer(q)
			m.Truncated = true
			_ = tcpSend(c, packed(m))
		}, codes.RecordTruncated},
		"garbled": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			wire := packed(answer(q))
			_ = tcpSend(c, wire[:len(wire)-5])
		}, codes.RecordMalformed},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			timeout := patience
			if title == "stalled" {
				timeout = fairness
			}
			r := open(t, Config{Timeout: timeout}, serve(t, cut, c.tcp))
			var trace Trace
			m, err := r.Exchange(WithTrace(t.Context(), &trace), txt(name))
			if c.reason == "" {
				wantAnswer(t, m, err, name)
			} else {
				wantError(t, err, c.reason, false)
			}
			if trace.Attempts != 2 || !trace.TCP {
				t.Errorf("trace %+v, want two messages, the last over TCP", trace)
			}
			if got := r.Stats()[0]; got.TCP != 1 || got.Asked != 2 {
				t.Errorf("stats %+v", got)
			}
		})
	}
}

// Whose fault it is when nothing comes: a resolver that answers nothing at all, or a closed port, is a fault of this
// machine or its network. One that answers others, but not this question, says something about the domain.
func TestExchangeFaults(t *testing.T) {
	closed := serve(t, good, nil)
	closed.close()
	dead := serve(t, silence, nil)
	alive := serve(t, lively(silence), nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		title   string
		ctx     context.Context
		config  Config
		servers []*server
		reason  codes.RecordReason
		local   bool
		is      error
	}{
		{"a closed port", t.Context(), Config{}, []*server{closed}, "", true, nil},
		{"a closed port, twice", t.Context(), Config{Retries: 1, Timeout: brevity}, []*server{closed}, "", true, nil},
		{"dead", t.Context(), Config{Timeout: brevity}, []*server{dead}, "", true, ErrSilent},
		{"all dead", t.Context(), Config{Timeout: brevity, Retries: 2}, []*server{dead, closed}, "", true, ErrSilent},
		{"silent on this", t.Context(), Config{Timeout: fairness}, []*server{alive}, codes.RecordTimeout, false, nil},
		{"one silent on this, one closed", t.Context(), Config{Timeout: fairness, Retries: 1}, []*server{alive, closed}, codes.RecordTimeout, false, nil},
		{"cancelled", cancelled, Config{}, []*server{dead}, "", true, context.Canceled},
		{"deadline", deadline(t, brevity), Config{}, []*server{dead}, codes.RecordTimeout, false, context.DeadlineExceeded},
	} {
		t.Run(c.title, func(t *testing.T) {
			began := time.Now()
			_, err := open(t, c.config, c.servers...).Exchange(c.ctx, txt("_mta-sts.example.com"))
			wantError(t, err, c.reason, c.local)
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v does not wrap %v", err, c.is)
			}
			if c.config.Timeout == 0 && time.Since(began) > patience/2 {
				t.Errorf("took %v: the time-out was waited for", time.Since(began))
			}
		})
	}
}

func TestExchangeCancelledInFlight(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(*dns.Msg, func([]byte)) { cancel() }, nil)
	_, err := open(t, Config{Retries: 2}, s).Exchange(ctx, txt("example.com"))
	wantError(t, err, "", true)
	if !errors.Is(err, context.Canceled) || s.asked.Load() != 1 {
		t.Errorf("error %v after %d attempts", err, s.asked.Load())
	}
}

// A SERVFAIL is not the last word of a question that was cancelled before the next attempt.
func TestExchangeCancelledBetweenAttempts(t *testing.T) {
	for title, cancelAt := range map[string]int64{"in the last attempt": 3, "in the second": 2} {
		ctx, cancel := context.WithCancel(t.Context())
		var n atomic.Int64
		s := serve(t, func(q *dns.Msg, send func([]byte)) {
			if n.Add(1) == cancelAt {
				cancel()
				return
			}
			rcode(dns.RcodeServerFailure)(q, send)
		}, nil)
		_, err := open(t, Config{Retries: 2}, s).Exchange(ctx, txt("example.com"))
		t.Log(title)
		wantError(t, err, "", true)
		cancel()
	}
}

func TestCloseEndsWhatIsInFlight(t *testing.T) {
	asked := make(chan struct{}, 2)
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		if q.Question[0].Name == "tcp.example." {
			cut(q, send)
			return
		}
		asked <- struct{}{}
	}, func(c net.Conn) {
		_, _ = tcpQuestion(c)
		asked <- struct{}{}
		_, _ = tcpQuestion(c) // until the other side closes
	})
	r := open(t, Config{Retries: 2}, s)
	errs := make(chan error)
	for _, name := range []string{"udp.example", "tcp.example"} {
		go func() {
			_, err := r.Exchange(context.Background(), txt(name))
			errs <- err
		}()
	}
	<-asked
	<-asked
	began := time.Now()
	r.Close()
	for range 2 {
		wantError(t, <-errs, "", true)
	}
	if time.Since(began) > patience/2 {
		t.Error("the time-out was waited for")
	}
	_, err := r.Exchange(t.Context(), txt("later.example"))
	wantError(t, err, "", true)
}

// An upstream that answers others and then falls silent is silent: a reply before an attempt began is no sign of
// life.
func TestExchangeSilenceAfterAnAnswer(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int64
	began := make(chan struct{})
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		switch q.Question[0].Name {
		case "d.example.":
			if attempts.Add(1) == 1 {
				close(began)
			}
		case "other.example.":
			good(q, send)
		}
	}, nil)
	r := open(t, Config{Timeout: fairness, Retries: 1}, s)
	var other sync.WaitGroup
	inTime := false // within the first attempt
	other.Go(func() {
		<-began
		m, err := r.Exchange(t.Context(), txt("other.example"))
		inTime = err == nil && m != nil && attempts.Load() == 1
	})
	_, err := r.Exchange(t.Context(), txt("d.example"))
	if other.Wait(); !inTime {
		t.Skip("the machine is too busy: the other answer was not there within the first attempt")
	}
	wantError(t, err, "", true)
	if !errors.Is(err, ErrSilent) {
		t.Errorf("%v, want ErrSilent", err)
	}
}

// A question that waits for a free TCP connection until its deadline failed by a fault of this machine: the domain is
// asked again.
func TestExchangeWaitsForTCP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		u := &inMemory{meet: func(q *dns.Msg) (reply []byte, after time.Duration) {
			cut(q, func(packet []byte) { reply = packet })
			return reply, time.Millisecond
		}}
		r := memoryResolver(t, Config{}, u)
		defer r.Close()
		for range cap(r.tcpSlots) {
			r.tcpSlots <- struct{}{}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Exchange(ctx, txt("_mta-sts.d0.example"))
		var failed *Error
		if !errors.As(err, &failed) || !failed.Local() || failed.RecordReason() != "" || !errors.Is(err,
			context.DeadlineExceeded) {
			t.Errorf("error %v, want a fault of ours", err)
		}
	})
}
