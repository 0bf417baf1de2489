package fault_test

import (
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

// projectErrors has the errors of each type of the project, and what follows from them.
func projectErrors() map[string][]judged {
	tcp := func(reason codes.PolicyReason) judgement {
		return judgement{stage: codes.StageTCP, policy: reason, temporary: true}
	}
	ours := func(stage codes.Stage) judgement {
		return judgement{ours: true, stage: stage, policy: codes.ReasonOther, temporary: true}
	}
	inDNS := func(reason codes.PolicyReason, temporary bool) judgement {
		return judgement{stage: codes.StageDNS, policy: reason, temporary: temporary}
	}
	inTLS := func(reason codes.TLSError, temporary bool) judgement {
		return judgement{stage: codes.StageTLS, policy: codes.PolicyReason(reason), tls: reason, temporary: temporary}
	}
	outOfReach := judgement{ours: true, out: true, stage: codes.StageTCP, policy: codes.ReasonUnreachable, temporary: true}
	putOff := judgement{ours: true, putOff: true, stage: codes.StageTCP, policy: codes.ReasonOther, temporary: true}
	slow, quick := egress.Manners{HostRate: 1e-3, Queue: -1}, egress.Manners{}
	untilThen, timedOut, slowName := putOff, tcp(codes.ReasonTimeout), inDNS(codes.ReasonTimeout, true)
	untilThen.until, timedOut.timedOut, slowName.timedOut = true, true, true

	return map[string][]judged{
		"egress.Error": {
			{"refused", dial(syscall.ECONNREFUSED), tcp(codes.ReasonRefused)},
			{"reset at connect", dial(syscall.ECONNRESET), tcp(codes.ReasonReset)},
			{"no answer", dial(os.ErrDeadlineExceeded), timedOut},
			{"out of reach", dial(syscall.EHOSTUNREACH), outOfReach},
			{"out of reach, the last word", dialLast(syscall.EACCES), tcp(codes.ReasonUnreachable)},
			{"no descriptors", dial(syscall.EMFILE), ours(codes.StageTCP)},
			{"no port", dial(syscall.EADDRNOTAVAIL), ours(codes.StageTCP)},
			{"cancelled", dialCancelled, ours(codes.StageTCP)},
			{"no name", resolve(&net.DNSError{IsNotFound: true}), inDNS(codes.ReasonNXDomain, false)},
			{"a broken zone", resolve(&net.DNSError{IsTemporary: true}), inDNS(codes.ReasonServfail, true)},
			{"a silent zone", resolve(&net.DNSError{IsTimeout: true}), slowName},
			{"no resolver", resolve(said{local: true, error: io.EOF}), ours(codes.StageDNS)},
			{"special-purpose", resolve(nil, "127.0.0.1"), inDNS(codes.ReasonForbiddenAddress, false)},
			{"no IPv6", resolve(nil, "2a00::1"), judgement{stage: codes.StageTCP, policy: codes.ReasonNoIPv6}},
			{"its share of connections", fetch(slow, "refused.example.com", "refused.example.com"), putOff},
			{"certificate", fetch(quick, "expired.example.com"), inTLS(codes.TLSExpired, false)},
			{"handshake", fetch(quick, "reset.example.com"), inTLS(codes.TLSReset, true)},
			{"no response", fetch(quick, "hangsup.example.com"),
				judgement{stage: codes.StageHTTP, policy: codes.ReasonReset, temporary: true}},
		},
		"limiter.DeferredError": {
			{"Retry-After", fetch(quick, "later.example.com", "later.example.com"), untilThen},
		},
		"egress.unclosedError": { // whole or not, the body is read: a finding, and no fault
			{"no close_notify", fetch(quick, "unclosed.example.com"), judgement{}},
		},
		"egress.proxyError": {
			{"no proxy", proxied(), ours(codes.StageTCP)},
			{"no SOCKS5", proxied("HTTP/1.0 400 Bad Request\r\n\r\n"), ours(codes.StageTCP)},
		},
		"egress.socksError": {
			{"refused", proxied("\x05\x00", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"), tcp(codes.ReasonRefused)},
			{"out of reach", proxied("\x05\x00", "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"), outOfReach},
		},
		"mtasts.hostError": {
			{"no name", host("none.example.com"), inDNS(codes.ReasonNXDomain, false)},
			{"a broken zone", host("broken.example.com"), inDNS(codes.ReasonServfail, true)},
			{"no resolver", func(t *testing.T) error {
				_, err := mtasts.LookupHost(t.Context(), failing{said{local: true, error: io.EOF}}, "a.example.com")
				return err
			}, ours(codes.StageDNS)},
		},
		"survey.optedOutError": {
			{"the host", func(t *testing.T) error {
				all := func(string) bool { return true }
				_, err := survey.Hosts(world(t), all)(t.Context(), "refused.example.com")
				return err
			}, inDNS(codes.ReasonOptedOut, false)},
		},
		"resolver.Error": {
			{"silence", ask(expires), judgement{timedOut: true, record: codes.RecordTimeout, temporary: true}},
			{"cancelled", ask(cancelled), judgement{ours: true, temporary: true}},
			{"closed", ask(closed), judgement{ours: true, temporary: true}},
		},
		"simnet.exchangeError": {
			{"silence", answered("silent.example.com"), judgement{timedOut: true, record: codes.RecordTimeout, temporary: true}},
			{"malformed", answered("malformed.example.com"), judgement{record: codes.RecordMalformed, temporary: true}},
		},
		// Of lists and files, not of domains.
		"domains.Reject":  {{"a bad name", func(*testing.T) error { return &domains.Reject{} }, judgement{}}},
		"output.RowError": {{"a bad row", func(*testing.T) error { return &output.RowError{} }, judgement{}}},
	}
}
